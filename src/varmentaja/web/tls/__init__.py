# SPDX-License-Identifier: EUPL-1.2
"""The TLS host's side of sign-in: no pages, only the way from a handshake to the portal."""
