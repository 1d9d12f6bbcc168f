# SPDX-License-Identifier: EUPL-1.2
"""The outside systems as Protocols: their data and errors, one file per system."""
