# SPDX-License-Identifier: EUPL-1.2
"""CRLs: contents, numbers, and growth that stays linear."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.support.pki import LINES, Demo

from varmentaja.pki.crl import Reason, encode_entry, next_crl_number, sign_crl, write_crl

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def _crl(
    demo: Demo, authority_id: str, entries: list[bytes], number: int = 7
) -> x509.CertificateRevocationList:
    der = sign_crl(
        demo.hierarchy.authority(authority_id),
        0,
        entries,
        demo.store,
        number=number,
        this_update=NOW,
        next_update=NOW + timedelta(days=2),
    )
    return x509.load_der_x509_crl(der)


@pytest.mark.parametrize("line", LINES)
def test_the_list_says_what_it_is(demo: Demo, line: str) -> None:
    authority = demo.hierarchy.authority(f"professionals-{line}")
    crl = _crl(demo, authority.id, [])
    assert crl.is_signature_valid(authority.certificate.public_key())  # type: ignore[arg-type]  # EC or RSA
    assert crl.issuer == authority.certificate.subject and len(crl) == 0
    assert (crl.last_update_utc, crl.next_update_utc) == (NOW, NOW + timedelta(days=2))
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 7
    point = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint)
    assert point.critical and [name.value for name in point.value.full_name or ()] == [
        authority.issuer.crl_url(0)
    ]
    own = authority.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    named = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert named == own


@pytest.mark.parametrize("line", LINES)
def test_a_delta_names_its_base_and_has_the_scope_of_its_full_list(demo: Demo, line: str) -> None:
    authority = demo.hierarchy.authority(f"professionals-{line}")
    full = _crl(demo, authority.id, [])
    until = NOW + timedelta(days=2)
    der = sign_crl(authority, 0, [], demo.store, number=9, base_number=7, this_update=NOW, next_update=until)
    delta = x509.load_der_x509_crl(der)
    indicator = delta.extensions.get_extension_for_class(x509.DeltaCRLIndicator)
    assert indicator.critical and indicator.value.crl_number == 7
    assert delta.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 9
    for kind in (x509.IssuingDistributionPoint, x509.AuthorityKeyIdentifier):
        assert delta.extensions.get_extension_for_class(kind) == full.extensions.get_extension_for_class(kind)
    assert not any(extension.oid == x509.FreshestCRL.oid for extension in delta.extensions)
    (point,) = full.extensions.get_extension_for_class(x509.FreshestCRL).value
    assert [name.value for name in point.full_name or ()] == [authority.issuer.delta_crl_url(0)]


def test_a_roots_list_is_whole_and_names_no_distribution_point(demo: Demo) -> None:
    crl = _crl(demo, "root-ecc", [])
    assert {extension.oid.dotted_string for extension in crl.extensions} == {"2.5.29.35", "2.5.29.20"}


@pytest.mark.parametrize("reason", list(Reason))
def test_entries_read_back_with_their_reason(demo: Demo, reason: Reason) -> None:
    since = NOW - timedelta(days=3)
    crl = _crl(demo, "professionals-ecc", [encode_entry("7f" * 16, NOW, reason, invalid_since=since)])
    entry = crl.get_revoked_certificate_by_serial_number(int("7f" * 16, 16))
    assert entry is not None and entry.revocation_date_utc == NOW
    assert entry.extensions.get_extension_for_class(x509.InvalidityDate).value.invalidity_date_utc == since
    reasons = [extension for extension in entry.extensions if extension.oid.dotted_string == "2.5.29.21"]
    if reason is Reason.UNSPECIFIED:
        assert reasons == []
    else:
        library = reasons[0].value
        assert isinstance(library, x509.CRLReason)
        assert library.reason.name == reason.value


def test_ten_thousand_entries_are_all_there(demo: Demo) -> None:
    entries = [encode_entry(f"{(1 << 126) + n:x}", NOW, Reason.SUPERSEDED) for n in range(10_000)]
    crl = _crl(demo, "professionals-ecc", entries)
    assert len(crl) == 10_000
    assert crl.get_revoked_certificate_by_serial_number((1 << 126) + 9_999) is not None
    key = demo.hierarchy.authority("professionals-ecc").certificate.public_key()
    assert crl.is_signature_valid(key)  # type: ignore[arg-type]  # P-384


@pytest.mark.parametrize("base", [None, 5])
@pytest.mark.parametrize("count", [0, 1, 30_000])
def test_a_list_written_piece_by_piece_is_what_another_builder_makes(
    demo: Demo, count: int, base: int | None
) -> None:
    """RSA signatures don't vary, so all bytes can be compared; the longest list waits in a file."""
    authority = demo.hierarchy.authority("professionals-rsa")
    issuer, until = authority.issuer, NOW + timedelta(days=2)
    serials = [(1 << 126) + 977 * number for number in range(count)]
    entries = [encode_entry(f"{serial:x}", NOW, Reason.SUPERSEDED) for serial in serials]
    pieces = [b"".join(entries[place : place + 7_000]) for place in range(0, count, 7_000)]
    out = io.BytesIO()
    dates = {"this_update": NOW, "next_update": until}
    write_crl(out, authority, 0, pieces, demo.store, number=7, base_number=base, **dates)  # type: ignore[arg-type]  # dates

    def point(url: str) -> list[x509.GeneralName]:
        return [x509.UniformResourceIdentifier(url)]

    other: list[tuple[x509.ExtensionType, bool]] = [
        (x509.AuthorityKeyIdentifier(issuer.key_identifier, None, None), False),
        (x509.CRLNumber(7), False),
        (
            x509.IssuingDistributionPoint(point(issuer.crl_url(0)), None, False, False, None, False, False),
            True,
        ),
        (x509.DeltaCRLIndicator(base), True)
        if base
        else (
            x509.FreshestCRL([x509.DistributionPoint(point(issuer.delta_crl_url(0)), None, None, None)]),
            False,
        ),
    ]
    builder = x509.CertificateRevocationListBuilder(authority.certificate.subject, NOW, until)
    for extension, critical in other:
        builder = builder.add_extension(extension, critical)
    reason = x509.CRLReason(x509.ReasonFlags.superseded)
    builder._revoked_certificates = [  # adding them one by one takes quadratic time
        x509.RevokedCertificateBuilder(serial, NOW).add_extension(reason, False).build() for serial in serials
    ]
    made = x509.load_der_x509_crl(out.getvalue())
    unsigned = builder.sign(rsa.generate_private_key(65537, 3072), made.signature_hash_algorithm)  # type: ignore[arg-type]  # SHA-2
    assert made.tbs_certlist_bytes == unsigned.tbs_certlist_bytes
    assert made.is_signature_valid(authority.certificate.public_key())  # type: ignore[arg-type]  # RSA
    assert out.getvalue() == sign_crl(
        authority, 0, entries, demo.store, number=7, base_number=base, this_update=NOW, next_update=until
    )


def test_numbers_follow_the_clock_but_never_go_back() -> None:
    seconds = int(NOW.timestamp())
    assert next_crl_number(None, NOW) == seconds
    assert next_crl_number(5, NOW) == seconds
    assert next_crl_number(seconds, NOW) == seconds + 1
    assert next_crl_number(seconds + 100, NOW) == seconds + 101
