# SPDX-License-Identifier: EUPL-1.2
"""Applications for cards: from draft to decision."""
