# SPDX-License-Identifier: EUPL-1.2
"""What a stranger can learn from a certificate alone: its issuer, its revocation lists, its responder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from varmentaja.tour.engine import StepFailed


@dataclass(frozen=True, slots=True)
class Papers:
    """A certificate and its issuer's, with their files (PEM) for OpenSSL."""

    certificate: x509.Certificate
    issuer: x509.Certificate
    leaf_file: Path
    issuer_file: Path
    key_file: Path
    """The certificate's public key."""

    @property
    def serial(self) -> str:
        """The serial number, in hexadecimal."""
        return f"{self.certificate.serial_number:X}"

    @property
    def ocsp_url(self) -> str:
        """Where the certificate says that its status is told."""
        return access_address(self.certificate, AuthorityInformationAccessOID.OCSP)

    def says_ocsp(self) -> ocsp.OCSPCertStatus:
        """Ask the responder; the status that stands in the answer."""
        builder = ocsp.OCSPRequestBuilder().add_certificate(self.certificate, self.issuer, hashes.SHA256())
        request = builder.build().public_bytes(Encoding.DER)
        headers = {"Content-Type": "application/ocsp-request"}
        answer = _checked(httpx.post(self.ocsp_url, content=request, headers=headers, trust_env=False))
        return ocsp.load_der_ocsp_response(answer).certificate_status

    def is_listed(self, *, delta: bool = False) -> bool:
        """Whether the revocation list that the certificate points to lists it, or the delta to that list."""
        address = delta_address if delta else crl_address
        crl = x509.load_der_x509_crl(fetch(address(self.certificate)))
        return crl.get_revoked_certificate_by_serial_number(self.certificate.serial_number) is not None

    def crl_files(self, folder: Path) -> list[Path]:
        """The revocation lists of the path, fetched from where the certificates say, as PEM files."""
        files = []
        for number, certificate in enumerate((self.certificate, self.issuer)):
            crl = x509.load_der_x509_crl(fetch(crl_address(certificate)))
            files.append(pem_file(crl, folder / f"{number}.crl.pem"))
        return files


def papers(der: bytes, folder: Path) -> Papers:
    """Fetch what a certificate (DER) points to and lay it down in ``folder``."""
    certificate = x509.load_der_x509_certificate(der)
    issuer = x509.load_der_x509_certificate(
        fetch(access_address(certificate, AuthorityInformationAccessOID.CA_ISSUERS))
    )
    name = f"{certificate.serial_number:X}"
    key = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return Papers(
        certificate,
        issuer,
        pem_file(certificate, folder / f"{name}.pem"),
        pem_file(issuer, folder / f"{name}.issuer.pem"),
        _write(folder / f"{name}.key.pem", key),
    )


def pem_file(content: x509.Certificate | x509.CertificateRevocationList, file: Path) -> Path:
    """Write it down for OpenSSL."""
    return _write(file, content.public_bytes(Encoding.PEM))


def fetch(url: str) -> bytes:
    """A file of the responder."""
    return _checked(httpx.get(url, trust_env=False))


def access_address(certificate: x509.Certificate, method: x509.ObjectIdentifier) -> str:
    """The address that stands in the authority information access extension."""
    access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    return next(str(each.access_location.value) for each in access if each.access_method == method)


def crl_address(certificate: x509.Certificate) -> str:
    """The address that stands in the CRL distribution points extension."""
    points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    return str((points[0].full_name or [])[0].value)


def delta_address(certificate: x509.Certificate) -> str:
    """The address of the delta list, that stands in the freshest CRL extension."""
    points = certificate.extensions.get_extension_for_class(x509.FreshestCRL).value
    return str((points[0].full_name or [])[0].value)


def _checked(answer: httpx.Response) -> bytes:
    if answer.status_code != httpx.codes.OK:
        raise StepFailed(f"{answer.url}: HTTP {answer.status_code}")
    return answer.content


def _write(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file
