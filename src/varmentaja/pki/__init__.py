# SPDX-License-Identifier: EUPL-1.2
"""X.509: names, profiles, issuance, lint, CRL, OCSP, key stores, ceremony."""
