# SPDX-License-Identifier: EUPL-1.2
"""The registrar's desk: applications from identity code to decision."""
