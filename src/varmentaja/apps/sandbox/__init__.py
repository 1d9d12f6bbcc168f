# SPDX-License-Identifier: EUPL-1.2
"""What only the test service has: business time that can be moved on."""
