# SPDX-License-Identifier: EUPL-1.2
"""Documents signed with PIN 2."""
