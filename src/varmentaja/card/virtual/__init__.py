# SPDX-License-Identifier: EUPL-1.2
"""A card operating system as a library, with the manners of a MyEID or an S4-2 card.

``VirtualCard.transmit(apdu)`` answers. Its keys lie in a file, so it is a test card and says so in its ATR.
"""
