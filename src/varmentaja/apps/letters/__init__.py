# SPDX-License-Identifier: EUPL-1.2
"""Letters that follow a card by another road."""
