# SPDX-License-Identifier: EUPL-1.2
"""User principal names (``aino@ward.example``): by them computers find the account that a card opens.

They stand in subjectAltName as otherName 1.3.6.1.4.1.311.20.2.3, a UTF8String (Microsoft's [MS-WCCE] and
FINEID S2), and only where the certificate's profile says so.
"""

from __future__ import annotations

import re
import unicodedata

from varmentaja.domain.errors import invalid
from varmentaja.pki import der

OID = "1.3.6.1.4.1.311.20.2.3"
LONGEST_USER = 64
"""Our choice: longer than any account's name, short enough for a log-in screen."""

# No spaces, double quotes, directory syntax or second @ before the @; dots stand between characters.
_USER = re.compile(r"[\w!#$%&'^{}~-]+(\.[\w!#$%&'^{}~-]+)*\Z")
# RFC 1123 §2.1: labels of 1 to 63 letters, digits and inner hyphens; at least two of them.
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})+\Z")
_LONGEST_DOMAIN = 253


def check_principal_name(text: str) -> str:
    """The name in NFC, or `invalid` (``field`` user_principal_name) where it is not user@domain."""
    name = unicodedata.normalize("NFC", text)
    user, _, domain = name.partition("@")
    fits = len(user) <= LONGEST_USER and len(domain) <= _LONGEST_DOMAIN
    if not fits or not _USER.match(user) or not _DOMAIN.match(domain):
        raise invalid(
            "“%(written)s” is not a user principal name, such as aino@ward.example.",
            field="user_principal_name",
            written=text,
        )
    return name


def alternative_name(name: str) -> bytes:
    """The subjectAltName extension with this name alone (RFC 5280 §4.2.1.6)."""
    other_name = der.explicit(0, der.oid(OID), der.explicit(0, der.utf8_string(name)))
    return der.extension("2.5.29.17", der.sequence(other_name))
