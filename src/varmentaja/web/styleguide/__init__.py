# SPDX-License-Identifier: EUPL-1.2
"""Every component in every state, on one page: for builders, for axe and for screenshots."""
