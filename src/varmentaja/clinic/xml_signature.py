# SPDX-License-Identifier: EUPL-1.2
"""XML-DSig in the one form that signed CDA R2 documents of Finnish health care have (no XAdES elements).

What is signed is the ``structuredBody`` (Reference URI="" through exclusive canonicalisation and an XPath 1.0
filter) and the time of signing (Reference to the ``signatureTimestamp`` by its ID). Nothing else of XML-DSig
is understood on purpose: a document that asks for other transforms, algorithms or references is refused,
which leaves no room for tricks with them.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from varmentaja.domain.errors import DomainError, invalid
from varmentaja.pki.foreign import load_foreign

HL7, HL7FI, DS = "urn:hl7-org:v3", "urn:hl7finland", "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
BODY_FILTER = "ancestor-or-self::hl7:structuredBody"
NAMESPACES = {"hl7": HL7, "hl7fi": HL7FI, "ds": DS}

_BODIES = "/hl7:ClinicalDocument/hl7:component/hl7:structuredBody"
_SIGNATURE = "/hl7:ClinicalDocument/hl7fi:localHeader/hl7fi:signatureCollection/hl7fi:signature"


@dataclass(frozen=True, slots=True)
class Method:
    """One pair of signature and digest algorithms, fitting a kind of key."""

    signature: str
    digest: str
    hash: str
    """Name for hashlib."""
    coordinate: int | None
    """Octets of r and of s (RFC 4050 replaced by XML-DSig 1.1: plain concatenation); None for RSA."""

    @property
    def scs_hash(self) -> str:
        """As SCS names the hash."""
        return self.hash.upper()

    @property
    def scs_algorithm(self) -> str:
        """As SCS names the signature algorithm."""
        return f"{self.scs_hash}with{'RSA' if self.coordinate is None else 'ECDSA'}"


ECDSA_P384 = Method(
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "sha384",
    48,
)
RSA = Method(
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "sha256",
    None,
)


def method_for(certificate: x509.Certificate) -> Method:
    """The method for a key of a card: P-384, or RSA."""
    return ECDSA_P384 if isinstance(certificate.public_key(), ec.EllipticCurvePublicKey) else RSA


def parse(document: bytes) -> etree._Element:
    """Read XML of strangers: no document type, no entities, no network, no hugeness. Raises invalid."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=False
    )
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise _not_ours() from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise _not_ours()
    return root


def select(element: etree._Element, path: str) -> list[etree._Element]:
    """The elements at an XPath, by the prefixes hl7, hl7fi and ds."""
    return cast("list[etree._Element]", element.xpath(path, namespaces=NAMESPACES))


def add_signature(holder: etree._Element, signature_id: str, timestamp_id: str, method: Method) -> bytes:
    """Append a ds:Signature that lacks its value and certificate; the octets that the card is to sign.

    ``holder`` is the hl7fi:signature element, in its place in the finished document.
    """
    signature = etree.SubElement(holder, f"{{{DS}}}Signature", nsmap={"ds": DS}, Id=signature_id)
    signed_info = etree.SubElement(signature, f"{{{DS}}}SignedInfo")
    etree.SubElement(signed_info, f"{{{DS}}}CanonicalizationMethod", Algorithm=EXCLUSIVE)
    etree.SubElement(signed_info, f"{{{DS}}}SignatureMethod", Algorithm=method.signature)
    root = holder.getroottree().getroot()
    body = _reference(signed_info, "", method, _body_octets(root))
    xpath = etree.SubElement(body, f"{{{DS}}}Transform", Algorithm=XPATH)
    etree.SubElement(xpath, f"{{{DS}}}XPath", nsmap={"hl7": HL7}).text = BODY_FILTER
    _reference(signed_info, f"#{timestamp_id}", method, _exclusive(_timestamp(root, timestamp_id)))
    return _exclusive(signed_info)


def finish_signature(holder: etree._Element, value: bytes, certificate: x509.Certificate) -> None:
    """Add the signature's value (as SCS gives it: DER for EC) and the signer's certificate."""
    signature = holder.find(f"{{{DS}}}Signature")
    assert signature is not None, "add_signature comes first"
    coordinate = method_for(certificate).coordinate
    if coordinate is not None:
        r, s = decode_dss_signature(value)
        value = r.to_bytes(coordinate, "big") + s.to_bytes(coordinate, "big")
    etree.SubElement(signature, f"{{{DS}}}SignatureValue").text = base64.b64encode(value).decode()
    data = etree.SubElement(etree.SubElement(signature, f"{{{DS}}}KeyInfo"), f"{{{DS}}}X509Data")
    der = certificate.public_bytes(Encoding.DER)
    etree.SubElement(data, f"{{{DS}}}X509Certificate").text = base64.b64encode(der).decode()


@dataclass(frozen=True, slots=True)
class ReadSignature:
    """A signature as it stands in a document whose digests agree; the signature itself is not checked yet."""

    certificate: x509.Certificate
    algorithm: str
    """As SCS names it."""
    value: bytes
    """As SCS gives it: DER for EC."""
    signed_info: bytes
    timestamp: str
    """Text of the signed time."""


def read_signature(document: bytes) -> ReadSignature:
    """Find the signature and recompute what it covers; raises invalid when anything differs from the form."""
    root = parse(document)
    holder = _only(root, _SIGNATURE)
    signature = _only(holder, "ds:Signature")
    signed_info = _only(signature, "ds:SignedInfo")
    try:
        der = base64.b64decode(_only(signature, "ds:KeyInfo/ds:X509Data/ds:X509Certificate").text or "")
        certificate = load_foreign(der)
        method = method_for(certificate)
        value = base64.b64decode(_only(signature, "ds:SignatureValue").text or "")
    except ValueError:
        raise _not_ours() from None
    timestamp = _only(holder, "hl7fi:signatureTimestamp")
    _compare(signed_info, _expected(root, timestamp.get("ID", ""), method))
    return ReadSignature(
        certificate,
        method.scs_algorithm,
        _as_der(value, method),
        _exclusive(signed_info),
        timestamp.text or "",
    )


def _expected(root: etree._Element, timestamp_id: str, method: Method) -> bytes:
    """The SignedInfo that a document like this must have: made anew beside it, without touching it."""
    copy = etree.fromstring(etree.tostring(root))
    holder = _only(copy, _SIGNATURE)
    holder.remove(_only(holder, "ds:Signature"))
    return add_signature(holder, "expected", timestamp_id, method)


def _compare(signed_info: etree._Element, expected: bytes) -> None:
    """White space between the elements is the writer's choice; everything else must be the same."""
    copy = etree.fromstring(_exclusive(signed_info), etree.XMLParser(remove_blank_text=True))
    for element in copy.iter(f"{{{DS}}}DigestValue", f"{{{DS}}}XPath"):
        element.text = "".join((element.text or "").split())
    if etree.tostring(copy, method="c14n", exclusive=True) != expected:
        raise invalid("The document was changed after it was signed, or it is signed in another way.")


def _reference(signed_info: etree._Element, uri: str, method: Method, octets: bytes) -> etree._Element:
    """Add one Reference with exclusive canonicalisation; its Transforms, for more of them."""
    reference = etree.SubElement(signed_info, f"{{{DS}}}Reference", URI=uri)
    transforms = etree.SubElement(reference, f"{{{DS}}}Transforms")
    etree.SubElement(transforms, f"{{{DS}}}Transform", Algorithm=EXCLUSIVE)
    etree.SubElement(reference, f"{{{DS}}}DigestMethod", Algorithm=method.digest)
    digest = hashlib.new(method.hash, octets).digest()
    etree.SubElement(reference, f"{{{DS}}}DigestValue").text = base64.b64encode(digest).decode()
    return transforms


def _body_octets(root: etree._Element) -> bytes:
    """The first reference's octets: canonicalised, parsed again, filtered, and canonicalised inclusively,
    as XML-DSig says of a node-set that reaches the digest."""
    whole = etree.fromstring(_exclusive(root))
    bodies = select(whole, "//hl7:structuredBody")
    if len(bodies) != 1 or bodies != select(whole, _BODIES):
        raise _not_ours()
    return etree.tostring(_alone(bodies[0]), method="c14n", exclusive=False, with_comments=False)


def _timestamp(root: etree._Element, timestamp_id: str) -> etree._Element:
    """The one element that has this ID, which must be the signature's own time."""
    found = [each for each in root.iter("*") if timestamp_id in map(each.get, ("ID", "Id", "id"))]
    if not timestamp_id or len(found) != 1 or found != select(root, f"{_SIGNATURE}/hl7fi:signatureTimestamp"):
        raise _not_ours()
    return found[0]


def _exclusive(element: etree._Element) -> bytes:
    """Exclusive canonicalisation without comments."""
    return etree.tostring(_alone(element), method="c14n", exclusive=True, with_comments=False)


def _alone(element: etree._Element) -> etree._ElementTree:
    """A document of this element, with the namespaces that were in scope: lxml canonicalises whole documents
    rightly, but loses the default namespace of parts."""
    return etree.fromstring(etree.tostring(element, with_tail=False)).getroottree()


def _only(element: etree._Element, path: str) -> etree._Element:
    found = select(element, path)
    if len(found) != 1:
        raise _not_ours()
    return found[0]


def _as_der(value: bytes, method: Method) -> bytes:
    if method.coordinate is None:
        return value
    if len(value) != 2 * method.coordinate:
        raise _not_ours()
    half = method.coordinate
    return encode_dss_signature(int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big"))


def _not_ours() -> DomainError:
    return invalid("This is not a CDA R2 document signed in the form that this page knows.")
