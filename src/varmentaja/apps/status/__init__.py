# SPDX-License-Identifier: EUPL-1.2
"""What relying parties are told: OCSP answers, CRLs, publication sets."""
