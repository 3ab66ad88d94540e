"""Signing by the profile `wsse`: a security header over the Body, added to an envelope's own bytes.

SignedInfo is written in canonical form from the start and put into the document as it was signed, so
signing canonicalises the Body alone, once.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal
from uuid import uuid4

from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from esutd_bus.signature import canonical, names
from esutd_bus.signature.algorithms import digest_function
from esutd_bus.signature.layout import NotSignableError, read_layout
from esutd_bus.signature.reason import Refusal

if TYPE_CHECKING:
    from cryptography import x509

    from esutd_bus.signature.keys import SigningKey

KeyInfoForm = Literal["KeyIdentifier", "BinarySecurityToken", "X509Data"]

_SIGNED_INFO: Final = (
    f'<ds:SignedInfo xmlns:ds="{names.DS}">'
    f'<ds:CanonicalizationMethod Algorithm="{names.EXCLUSIVE_C14N}"></ds:CanonicalizationMethod>'
    '<ds:SignatureMethod Algorithm="{algorithm}"></ds:SignatureMethod>'
    '<ds:Reference URI="#{identifier}">'
    f'<ds:Transforms><ds:Transform Algorithm="{names.EXCLUSIVE_C14N}"></ds:Transform></ds:Transforms>'
    '<ds:DigestMethod Algorithm="{digest_method}"></ds:DigestMethod>'
    "<ds:DigestValue>{digest}</ds:DigestValue>"
    "</ds:Reference></ds:SignedInfo>"
)
"""In exclusive canonical form as it stands: attributes in order, no empty tags, the one namespace it uses."""

_X509_TOKEN: Final = f'EncodingType="{names.BASE64}" ValueType="{names.X509V3}"'
_REFERENCE: Final = "<wsse:SecurityTokenReference>{}</wsse:SecurityTokenReference>"


def sign_wsse(
    envelope: bytes,
    key: SigningKey,
    *,
    key_info: KeyInfoForm = "KeyIdentifier",
    must_understand: bool = False,
    timestamp: tuple[datetime, datetime] | None = None,
) -> bytes:
    """The envelope with its Body signed; beside the additions every octet is as it was.

    SignatureMethod and DigestMethod are those of the key's algorithm.

    The Body gets a `wsu:Id` where it has none, the Header (made where there is none) a `wsse:Security` with
    the signature, the whole certificate in the form `key_info`, and a `wsu:Timestamp` of (created, expires)
    where one is given. Requests may ask to be understood; answers carry `mustUnderstand="0"`.

    Raises `NotSignableError` for bytes that are no SOAP 1.1 envelope, or have a security header already.
    """
    layout = read_layout(envelope)
    if layout.secured:
        raise NotSignableError("the Header already holds a wsse:Security")
    edits = []
    identifier = layout.body_identifier
    if identifier is None:
        identifier, prefix = f"id-{uuid4()}", layout.unused_prefix("wsu")
        edits.append(layout.body_attribute(f'xmlns:{prefix}="{names.WSU}" {prefix}:Id="{identifier}"'))
    algorithm = key.algorithm
    digest = digest_function(algorithm.digest_method)
    signed_info = _SIGNED_INFO.format(
        algorithm=algorithm.identifier,
        identifier=_attribute(identifier),
        digest_method=algorithm.digest_method,
        digest=_base64(digest(_canonical_body(layout.edited(*edits)))),
    )
    signature_value = _base64(key.sign(signed_info.encode(), algorithm))
    token, certificate = _certificate(key.certificate, key_info)
    security = (
        f'<wsse:Security xmlns:wsse="{names.WSSE}" xmlns:wsu="{names.WSU}" xmlns:ds="{names.DS}"'
        f' xmlns:soap="{names.SOAP}" soap:mustUnderstand="{int(must_understand)}">'
        f"{_timestamp(timestamp)}{token}"
        f"<ds:Signature>{signed_info}<ds:SignatureValue>{signature_value}</ds:SignatureValue>"
        f"<ds:KeyInfo>{certificate}</ds:KeyInfo></ds:Signature></wsse:Security>"
    )
    return layout.edited(*edits, layout.header_block(security))


def _canonical_body(envelope: bytes) -> bytes:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        body = etree.fromstring(envelope, parser).find(names.BODY)
    except etree.XMLSyntaxError as error:
        raise NotSignableError(f"not well-formed XML, or beyond the parser's limits: {error}") from error
    if body is None:
        raise NotSignableError("a SOAP 1.1 Envelope with one Body is expected")
    try:
        return canonical.exclusive(body)
    except Refusal as refusal:
        raise NotSignableError(refusal.detail) from refusal


def _certificate(certificate: x509.Certificate, form: KeyInfoForm) -> tuple[str, str]:
    """(token beside the signature, content of KeyInfo)."""
    octets = _base64(certificate.public_bytes(Encoding.DER))
    match form:
        case "KeyIdentifier":
            return "", _REFERENCE.format(f"<wsse:KeyIdentifier {_X509_TOKEN}>{octets}</wsse:KeyIdentifier>")
        case "BinarySecurityToken":
            identifier = f"X509-{uuid4()}"
            token = (
                f'<wsse:BinarySecurityToken wsu:Id="{identifier}" {_X509_TOKEN}>{octets}'
                "</wsse:BinarySecurityToken>"
            )
            pointer = f'<wsse:Reference URI="#{identifier}" ValueType="{names.X509V3}"></wsse:Reference>'
            return token, _REFERENCE.format(pointer)
        case "X509Data":
            return "", f"<ds:X509Data><ds:X509Certificate>{octets}</ds:X509Certificate></ds:X509Data>"


def _timestamp(timestamp: tuple[datetime, datetime] | None) -> str:
    if timestamp is None:
        return ""
    created, expires = (moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for moment in timestamp)
    return (
        f"<wsu:Timestamp><wsu:Created>{created}</wsu:Created>"
        f"<wsu:Expires>{expires}</wsu:Expires></wsu:Timestamp>"
    )


def _attribute(value: str) -> str:
    """A value as canonical form writes it in an attribute (Canonical XML 1.0, 2.3)."""
    for character, written in _ATTRIBUTE_ESCAPES.items():
        value = value.replace(character, written)
    return value


_ATTRIBUTE_ESCAPES: Final[dict[str, Any]] = {
    "&": "&amp;",
    "<": "&lt;",
    '"': "&quot;",
    "\t": "&#x9;",
    "\n": "&#xA;",
    "\r": "&#xD;",
}


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
