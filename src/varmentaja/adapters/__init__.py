# SPDX-License-Identifier: EUPL-1.2
"""One folder per outside system: the real client and its simulator, side by side."""
