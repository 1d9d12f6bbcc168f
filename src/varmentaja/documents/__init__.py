# SPDX-License-Identifier: EUPL-1.2
"""Letters, receipts and card faces, drawn with Typst."""
