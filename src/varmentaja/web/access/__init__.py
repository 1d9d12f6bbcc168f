# SPDX-License-Identifier: EUPL-1.2
"""Sign-in with a card, and sign-out."""
