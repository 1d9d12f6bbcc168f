# SPDX-License-Identifier: EUPL-1.2
"""Adapters of ports/card_factory.py."""
