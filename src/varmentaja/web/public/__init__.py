# SPDX-License-Identifier: EUPL-1.2
"""Pages that anyone may read."""
