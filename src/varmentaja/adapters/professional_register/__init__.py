# SPDX-License-Identifier: EUPL-1.2
"""Adapters of ports/professional_register.py."""
