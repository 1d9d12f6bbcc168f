# SPDX-License-Identifier: EUPL-1.2
"""Cards and the orders that make them."""
