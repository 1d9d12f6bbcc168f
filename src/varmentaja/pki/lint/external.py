# SPDX-License-Identifier: EUPL-1.2
"""pkilint on our artefacts. Its validators are built once for each kind; they keep no state between runs."""

from __future__ import annotations

from functools import cache
from typing import Any

from pkilint import etsi, finding_filter, loader, pkix
from pkilint.etsi.etsi_constants import CertificateType
from pkilint.pkix import certificate, crl, extension, name, ocsp

from varmentaja.domain.errors import not_found
from varmentaja.pki.lint.dispatch import quick
from varmentaja.pki.lint.findings import Finding, Severity

_ETSI_TYPES = {"etsi-natural-person": CertificateType.NCP_NATURAL_PERSON_CERTIFICATE}


def lint_certificate(der: bytes, linter: str) -> tuple[Finding, ...]:
    """Findings of a certificate by ``pkix`` (RFC 5280) or ``etsi-natural-person`` (EN 319 412-2)."""
    filters = etsi.create_etsi_finding_filters(_ETSI_TYPES[linter]) if linter in _ETSI_TYPES else ()
    return _run(loader.RFC5280CertificateDocumentLoader(), _quick_validator(linter), der, filters)


def lint_crl(der: bytes) -> tuple[Finding, ...]:
    """Findings of a CRL by RFC 5280. Time grows with the entries: for tests and small lists."""
    return _run(loader.RFC5280CertificateListDocumentLoader(), _crl_validator(), der)


def lint_ocsp(der: bytes) -> tuple[Finding, ...]:
    """Findings of an OCSP response by RFC 6960."""
    return _run(loader.RFC6960OCSPResponseDocumentLoader(), _ocsp_validator(), der)


def _run(reader: Any, validator: Any, der: bytes, filters: Any = ()) -> tuple[Finding, ...]:
    try:
        results = validator.validate(reader.load_der_document(der).root)
    except ValueError as error:  # pkilint gives up on what it cannot decode
        return (Finding("pkilint.not_decodable", Severity.FATAL, "", str(error)),)
    results, _ = finding_filter.filter_results(filters, results)
    return _findings(results)


def _certificate_validator(linter: str) -> Any:
    if linter in _ETSI_TYPES:
        kind = _ETSI_TYPES[linter]
        return certificate.create_pkix_certificate_validator_container(
            etsi.create_decoding_validators(kind), etsi.create_validators(kind)
        )
    if linter != "pkix":
        raise not_found("There is no linter %(name)s.", name=linter)
    return certificate.create_pkix_certificate_validator_container(
        certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
        [
            certificate.create_issuer_validator_container([]),
            certificate.create_validity_validator_container(),
            certificate.create_subject_validator_container([]),
            certificate.create_extensions_validator_container([]),
            certificate.create_spki_validator_container([]),
        ],
    )


@cache
def _quick_validator(linter: str) -> Any:
    return quick(_certificate_validator(linter))


@cache
def _crl_validator() -> Any:
    return crl.create_pkix_crl_validator_container(
        [
            pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
            pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
        ],
        [
            crl.create_issuer_validator_container([]),
            crl.create_validity_validator_container([]),
            crl.create_extensions_validator_container([]),
        ],
    )


@cache
def _ocsp_validator() -> Any:
    return ocsp.create_pkix_ocsp_response_validator_container(
        [
            ocsp.create_response_decoder(),
            pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
            pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
        ],
        [],
    )


def _findings(results: Any) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            description.finding.code,
            Severity(description.finding.severity.name.lower()),
            str(result.node.path),
            description.message or "",
        )
        for result in results
        for description in result.finding_descriptions
    )
