# SPDX-License-Identifier: EUPL-1.2
"""Questions about certificates of a nation, and what must be answered."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from bench import nation, sizes
from varmentaja.apps.certificates.models import Certificate
from varmentaja.pki.hierarchy import Hierarchy
from varmentaja.pki.ocsp import CertIdHash, issuer_hashes

_AT_ONCE = 5_000
_HASHES: dict[CertIdHash, hashes.HashAlgorithm] = {
    CertIdHash.SHA1: hashes.SHA1(),  # noqa: S303  RFC 9919
    CertIdHash.SHA256: hashes.SHA256(),
}


@dataclass(frozen=True)
class Question:
    """What is asked about one certificate, and what must be answered."""

    authority: str
    serial: str
    request: bytes
    """DER; names the issuer by SHA-1, as openssl does."""
    revoked: bool

    @property
    def get(self) -> str:
        """Path of a GET."""
        return f"/ocsp/{self.authority}/{quote(base64.b64encode(self.request).decode(), safe='')}"

    @property
    def post(self) -> str:
        """Path of a POST."""
        return f"/ocsp/{self.authority}"


class Asker:
    """Draws certificates of the nation at random."""

    def __init__(self, hierarchy: Hierarchy, size: int) -> None:
        self.hierarchy = hierarchy
        self._holders = size // sizes.EACH
        self._chance = random.Random(4)  # noqa: S311  the same certificates in every run
        self._issuers = {
            (name, kind): issuer_hashes(hierarchy.authority(name), kind)
            for name in set(sizes.AUTHORITIES)
            for kind in CertIdHash
        }

    def draw(self) -> Question:
        """Any certificate."""
        return self.draw_many(1)[0]

    def draw_many(self, count: int) -> list[Question]:
        """So many different ones; fewer when there are not so many."""
        places = self._holders * sizes.EACH
        chosen = self._chance.sample(range(places), min(count, places))
        return [
            question
            for start in range(0, len(chosen), _AT_ONCE)
            for question in self._about(chosen[start : start + _AT_ONCE])
        ]

    def draw_good(self) -> Question:
        """One that is not revoked yet."""
        while (question := self.draw()).revoked:
            pass
        return question

    def request(
        self,
        authority: str,
        serial: str,
        *,
        nonce: bytes | None = None,
        kind: CertIdHash = CertIdHash.SHA1,
    ) -> bytes:
        """DER of a request, which names the issuer by the hash ``kind``."""
        return request_about(self._issuers[authority, kind], serial, nonce=nonce, kind=kind)

    def _about(self, places: list[int]) -> Iterator[Question]:
        serials = [nation.serial_of(*divmod(place, sizes.EACH)) for place in places]
        rows = Certificate.objects.filter(serial__in=serials, revoked_at__isnull=False)
        revoked = set(rows.values_list("serial", flat=True))
        for place, serial in zip(places, serials, strict=True):
            authority = sizes.AUTHORITIES[place % sizes.EACH]
            yield Question(authority, serial, self.request(authority, serial), serial in revoked)


def request_about(
    issuer: tuple[bytes, bytes], serial: str, *, nonce: bytes | None, kind: CertIdHash = CertIdHash.SHA1
) -> bytes:
    """DER of a request; the issuer by the hashes of its name and of its key."""
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(*issuer, int(serial, 16), _HASHES[kind])
    if nonce:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)
