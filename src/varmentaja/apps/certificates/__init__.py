# SPDX-License-Identifier: EUPL-1.2
"""Certificates: reserved, issued, revoked."""
