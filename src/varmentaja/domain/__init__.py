# SPDX-License-Identifier: EUPL-1.2
"""RULES: identity codes, products, eligibility, applications, cards, revocation, PIN rules."""
