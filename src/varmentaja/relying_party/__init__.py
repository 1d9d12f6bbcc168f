# SPDX-License-Identifier: EUPL-1.2
"""The small library for whoever trusts our certificates."""
