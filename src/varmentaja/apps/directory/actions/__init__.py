# SPDX-License-Identifier: EUPL-1.2
"""Use cases of this context, one file each."""
