# SPDX-License-Identifier: EUPL-1.2
"""What the simulators have in common: faults that can be switched on, and the cast of the demo."""
