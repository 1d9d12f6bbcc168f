# SPDX-License-Identifier: EUPL-1.2
"""Evidence: who did what, when and with what outcome, in a chain that shows any change (decision 8)."""
