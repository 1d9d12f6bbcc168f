# SPDX-License-Identifier: EUPL-1.2
"""The card reader program's windows and its icon beside the clock. Qt is imported in this folder alone."""
