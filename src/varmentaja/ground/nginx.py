# SPDX-License-Identifier: EUPL-1.2
"""The demo's nginx: a program of the system's, run without root on files of our own under the state folder.

It terminates TLS on its own port, asks for a client certificate and passes it on over a Unix socket.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from varmentaja.config import Settings
from varmentaja.domain.errors import invalid, unavailable
from varmentaja.files import write_new
from varmentaja.pki.hierarchy import Hierarchy, load_hierarchy

HOSTS = ("localhost", "*.card.localhost")
"""One to try it by, and those of one visit each."""
LIFETIME = timedelta(days=365)
RENEWAL = timedelta(days=30)
"""A certificate with less time left is made anew at the next start; the key stays."""


def run(now: Settings) -> None:
    """Become nginx (this process is replaced by it); unavailable where it is not installed."""
    if now.nginx is None:
        raise unavailable("nginx is not installed. On Debian: apt install nginx-light")
    config = write_configuration(now)
    # stderr as the first log: nginx would try its built-in path before it reads the configuration.
    os.execv(now.nginx, [now.nginx, "-p", str(config.parent), "-c", str(config), "-e", "stderr"])  # noqa: S606


def write_configuration(now: Settings) -> Path:
    """Write what nginx needs under ``<state>/run/nginx``: configuration, certificate, authorities."""
    folder = (now.run / "nginx").resolve()
    (folder / "temp").mkdir(parents=True, exist_ok=True)
    key, certificate = server_certificate(now.keys / "tls", now=datetime.now(UTC))
    authorities = folder / "authorities.pem"
    authorities.write_bytes(client_authorities(load_hierarchy(now.hierarchy_folder, production=False)))
    values = {
        "PORT": str(now.port + 3),
        "CERTIFICATE": str(certificate.resolve()),
        "KEY": str(key.resolve()),
        "AUTHORITIES": str(authorities),
        "PORTAL": now.portal_address,
        "SOCKET": str(now.tls_socket.resolve()),
    }
    config = folder / "nginx.conf"
    config.write_text(_filled(values), "utf-8")
    return config


def client_authorities(hierarchy: Hierarchy) -> bytes:
    """Certificates (PEM) of all authorities: browsers offer only what these have issued.

    Roots included: without them nginx could not finish the path of a good certificate.
    """
    return b"".join(each.certificate.public_bytes(Encoding.PEM) for each in hierarchy.authorities.values())


def server_certificate(folder: Path, *, now: datetime) -> tuple[Path, Path]:
    """Key and self-signed certificate for localhost, made when they are missing or the certificate is old.

    Not an authority's: whoever trusts it trusts nothing else with it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    key_file, certificate_file = folder / "server.key", folder / "server.crt"
    write_new(key_file, _new_key())
    if not _is_good(certificate_file, now):
        key = load_pem_private_key(key_file.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        draft = certificate_file.with_suffix(".new")
        draft.write_bytes(_self_signed(key, now).public_bytes(Encoding.PEM))
        draft.replace(certificate_file)
    return key_file, certificate_file


def _new_key() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _is_good(file: Path, now: datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    is_for_all = set(names.get_values_for_type(x509.DNSName)) == set(HOSTS)
    return is_for_all and certificate.not_valid_after_utc > now + RENEWAL


def _self_signed(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Varmentaja TEST localhost")])
    names = x509.SubjectAlternativeName([*map(x509.DNSName, HOSTS), x509.IPAddress(ip_address("127.0.0.1"))])
    serial = x509.random_serial_number()
    return (
        x509.CertificateBuilder(
            name, name, key.public_key(), serial, now - timedelta(hours=1), now + LIFETIME
        )
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )


def _filled(values: dict[str, str]) -> str:
    text = files("varmentaja.ground").joinpath("nginx.conf.template").read_text("utf-8")
    for name, value in values.items():
        if set(value) & set('"\\$;{}\n'):
            raise invalid("nginx cannot use the address %(value)s.", value=value)
        text = text.replace(f"@{name}@", value)
    return text
