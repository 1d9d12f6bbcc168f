# SPDX-License-Identifier: EUPL-1.2
"""Pages of a card's holder: the own card, its end, and documents signed with it."""
