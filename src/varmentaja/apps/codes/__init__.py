# SPDX-License-Identifier: EUPL-1.2
"""National code sets, as imported from the code server."""
