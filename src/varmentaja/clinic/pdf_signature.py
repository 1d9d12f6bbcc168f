# SPDX-License-Identifier: EUPL-1.2
"""A visible PAdES B-B signature whose value is made elsewhere: on a card, through SCS.

The signature covers attributes that name the signer's certificate (ESS signing-certificate-v2, as PAdES
wants), so the certificate must be known before the card is asked.
"""

from __future__ import annotations

import asyncio
import binascii
import io
import uuid
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, BoxConstraints, InnerScaling, Margins, SimpleBoxLayoutRule
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import ExternalSigner, PdfSignatureMetadata, PdfSigner
from pyhanko.sign.signers.pdf_byterange import PreparedByteRangeDigest
from pyhanko.sign.signers.pdf_signer import PdfTBSDocument
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from varmentaja.clinic.paper import SIGNATURE_SIZE
from varmentaja.clinic.xml_signature import Method, method_for

Result = TypeVar("Result")
FIELD = "Prescriber"
_LEFT, _BOTTOM = 57, 70
"""Where the signature stands on the sheet, in points from its lower left corner."""
_LONGEST_VALUE = 512
"""Octets to keep free for a signature's value: more than P-384 or RSA-3072 need."""


_WHOLE = SimpleBoxLayoutRule(
    AxisAlignment.ALIGN_MIN,
    AxisAlignment.ALIGN_MIN,
    Margins(0, 0, 0, 0),
    InnerScaling.STRETCH_TO_FIT,
)
"""The picture fills the signature's field."""


@dataclass(frozen=True, slots=True)
class PreparedPdf:
    """A PDF with an empty signature, and the octets that the card signs."""

    signed_attributes: bytes
    certificate: x509.Certificate
    _document: bytes
    _place: PreparedByteRangeDigest
    _authorities: tuple[x509.Certificate, ...]

    @property
    def method(self) -> Method:
        """Hash and algorithm that the card must use."""
        return method_for(self.certificate)

    def finish(self, value: bytes) -> bytes:
        """The signed document; ``value`` is the signature over ``signed_attributes`` (DER for EC)."""
        return _completed(self._finish(value))

    async def _finish(self, value: bytes) -> bytes:
        signer = _signer(self.certificate, self._authorities, value)
        attributes = cms.CMSAttributes.load(self.signed_attributes)
        signature = await signer.async_sign_prescribed_attributes(self.method.hash, signed_attrs=attributes)
        output = io.BytesIO(self._document)
        await PdfTBSDocument.async_finish_signing(output, self._place, signature)
        return output.getvalue()


def prepare(
    pdf: bytes,
    picture: bytes,
    *,
    certificate: x509.Certificate,
    authorities: Sequence[x509.Certificate],
    name: str,
) -> PreparedPdf:
    """Put an empty signature with ``picture`` (a one-page PDF) on the sheet.

    ``authorities`` are issuing authority and root, which travel along.
    """
    return _completed(_prepare(pdf, picture, certificate, tuple(authorities), name))


def _completed(work: Coroutine[None, None, Result]) -> Result:
    """pyHanko's asynchronous work, in a thread of its own: the caller's may have an event loop running."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _prepare(
    pdf: bytes,
    picture: bytes,
    certificate: x509.Certificate,
    authorities: tuple[x509.Certificate, ...],
    name: str,
) -> PreparedPdf:
    method = method_for(certificate)
    signer = _signer(certificate, authorities, _LONGEST_VALUE)
    width, height = SIGNATURE_SIZE
    pdf_signer = PdfSigner(
        PdfSignatureMetadata(
            field_name=FIELD, md_algorithm=method.hash, subfilter=SigSeedSubFilter.PADES, name=name
        ),
        signer=signer,
        stamp_style=StaticStampStyle(background=_Picture(picture), border_width=0, background_layout=_WHOLE),
        new_field_spec=SigFieldSpec(FIELD, box=(_LEFT, _BOTTOM, _LEFT + width, _BOTTOM + height)),
    )
    place, _, output = await pdf_signer.async_digest_doc_for_signing(
        IncrementalPdfFileWriter(io.BytesIO(pdf))
    )
    attributes = await signer.signed_attrs(place.document_digest, method.hash, use_pades=True)
    output.seek(0)
    return PreparedPdf(attributes.dump(), certificate, output.read(), place, authorities)


def _signer(
    certificate: x509.Certificate, authorities: Sequence[x509.Certificate], value: bytes | int
) -> ExternalSigner:
    store = SimpleCertificateStore()
    store.register_multiple(map(_asn1, authorities))
    return ExternalSigner(_asn1(certificate), store, signature_value=value)


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


class _Picture(PdfContent):
    """The first page of a PDF in memory as the appearance of a signature."""

    def __init__(self, pdf: bytes) -> None:
        super().__init__()
        self._pdf = pdf

    def render(self) -> bytes:
        """Import the page; the operator that draws it."""
        assert self.writer is not None, "pyHanko sets the writer first"
        page = self.writer.import_page_as_xobject(PdfFileReader(io.BytesIO(self._pdf)), page_ix=0)
        name = b"/Picture" + binascii.hexlify(uuid.uuid4().bytes)
        self.resources.xobject[name.decode("ascii")] = page
        left, bottom, right, top = page.get_object()["/BBox"]
        self.box = BoxConstraints(width=abs(right - left), height=abs(top - bottom))
        return name + b" Do"
