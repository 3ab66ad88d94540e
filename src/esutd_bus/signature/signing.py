"""Signing by each profile: a signature is added to a document's own bytes, and nothing else in them is changed.

By `wsse` and `header`, SignedInfo is written in canonical form from the start and put into the document as it was
signed, so signing canonicalises the Body alone, once. By `document` its form depends on where it stands.
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal
from uuid import uuid4

from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from esutd_bus.signature import canonical, names
from esutd_bus.signature.algorithms import digest_function
from esutd_bus.signature.layout import NotSignableError, read_envelope_layout, read_layout
from esutd_bus.signature.own_document import last_signatures, own_document, require_root_alone
from esutd_bus.signature.profile import DOCUMENT, HEADER, WSSE
from esutd_bus.signature.reason import Refusal
from esutd_bus.signature.structure import local_name
from esutd_bus.soap.lexical import escape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography import x509
    from lxml.etree import _Element as Element

    from esutd_bus.signature.algorithms import SignatureAlgorithm
    from esutd_bus.signature.keys import SigningKey
    from esutd_bus.signature.layout import Layout

KeyInfoForm = Literal["KeyIdentifier", "BinarySecurityToken", "X509Data", "X509IssuerSerial"]
"""How the certificate travels: whole, or (`X509IssuerSerial`) by its name."""

_SIGNED_INFO: Final = (
    f'<ds:SignedInfo xmlns:ds="{names.DS}">'
    '<ds:CanonicalizationMethod Algorithm="{canonicalization}"></ds:CanonicalizationMethod>'
    '<ds:SignatureMethod Algorithm="{signature_method}"></ds:SignatureMethod>'
    '<ds:Reference URI="{uri}">'
    "<ds:Transforms>{transforms}</ds:Transforms>"
    '<ds:DigestMethod Algorithm="{digest_method}"></ds:DigestMethod>'
    "<ds:DigestValue>{digest}</ds:DigestValue>"
    "</ds:Reference></ds:SignedInfo>"
)
"""In exclusive canonical form as it stands: attributes in order, no empty tags, the one namespace it uses."""

_TRANSFORM: Final = '<ds:Transform Algorithm="{}"></ds:Transform>'
_SIGNATURE: Final = (
    "<ds:Signature{declaration}>{signed_info}<ds:SignatureValue>{signature_value}</ds:SignatureValue>"
    "<ds:KeyInfo>{key_info}</ds:KeyInfo></ds:Signature>"
)
_DECLARATION: Final = f' xmlns:ds="{names.DS}"'

_X509_TOKEN: Final = f'EncodingType="{names.BASE64}" ValueType="{names.X509V3}"'
_REFERENCE: Final = "<wsse:SecurityTokenReference>{}</wsse:SecurityTokenReference>"


KEY_INFO_FORMS: Final[Mapping[str, tuple[KeyInfoForm, ...]]] = MappingProxyType(
    {
        WSSE.name: ("KeyIdentifier", "BinarySecurityToken", "X509Data", "X509IssuerSerial"),
        HEADER.name: ("X509Data", "X509IssuerSerial"),
        DOCUMENT.name: ("X509Data",),
    }
)
"""Profile → how the certificate may travel by it; the first is the usual one."""


def sign(document: bytes, key: SigningKey, profile: str, key_info: KeyInfoForm | None = None) -> bytes:
    """The document signed by the profile of that name. Raises `NotSignableError`."""
    forms = KEY_INFO_FORMS[profile]
    form = key_info or forms[0]
    if form not in forms:
        raise NotSignableError(f"by {profile} the certificate travels as {' or '.join(forms)}, not {form}")
    match profile:
        case WSSE.name:
            return sign_wsse(document, key, key_info=form)
        case HEADER.name:
            return sign_header(document, key, key_info=form)
        case _:
            return sign_document(document, key)


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
    the signature, the certificate in the form `key_info`, and a `wsu:Timestamp` of (created, expires)
    where one is given. Requests may ask to be understood; answers carry `mustUnderstand="0"`.

    Raises `NotSignableError` for bytes that are no SOAP 1.1 envelope, or whose Header bears a signature already.
    """
    layout = _unsigned_envelope(envelope)
    edits = []
    identifier = layout.body_attributes.get(names.WSU_ID)
    if identifier is None:
        identifier, prefix = f"id-{uuid4()}", layout.unused_prefix("wsu")
        edits.append(layout.body_attribute(f'xmlns:{prefix}="{names.WSU}" {prefix}:Id="{identifier}"'))
    signed_info, signature_value = _signed_body(layout.edited(*edits), identifier, key)
    token, certificate = _token(key.certificate, key_info)
    signature = _SIGNATURE.format(
        declaration="", signed_info=signed_info, signature_value=signature_value, key_info=certificate
    )
    security = (
        f'<wsse:Security xmlns:wsse="{names.WSSE}" xmlns:wsu="{names.WSU}" xmlns:ds="{names.DS}"'
        f' xmlns:soap="{names.SOAP}" soap:mustUnderstand="{int(must_understand)}">'
        f"{_timestamp(timestamp)}{token}{signature}</wsse:Security>"
    )
    return layout.edited(*edits, layout.header_block(security))


def sign_header(envelope: bytes, key: SigningKey, *, key_info: KeyInfoForm = "X509Data") -> bytes:
    """The envelope with its Body signed by a bare `ds:Signature` in the Header; otherwise as by `sign_wsse`.

    The Body gets a plain `Id` where it has none. `key_info` is `X509Data` or `X509IssuerSerial`.
    """
    layout = _unsigned_envelope(envelope)
    edits = []
    identifier = layout.body_attributes.get(names.ID)
    if identifier is None:
        identifier = f"id-{uuid4()}"
        edits.append(layout.body_attribute(f'{names.ID}="{identifier}"'))
    signed_info, signature_value = _signed_body(layout.edited(*edits), identifier, key)
    signature = _SIGNATURE.format(
        declaration=_DECLARATION,
        signed_info=signed_info,
        signature_value=signature_value,
        key_info=_x509_data(key.certificate, key_info),
    )
    return layout.edited(*edits, layout.header_block(signature))


def sign_document(document: bytes, key: SigningKey) -> bytes:
    """The document with an enveloped signature at its end; beside the addition every octet is as it was.

    Of a SOAP envelope it is the payload that is signed, as a document of its own. A document that is signed
    already gets a co-signature, which covers those before it.

    Raises `NotSignableError` for a payload that uses namespaces which the Envelope declares.
    """
    layout = read_layout(document)
    if layout.body is not None and layout.payloads != 1:
        raise NotSignableError(f"the Body holds {layout.payloads} elements, not one to be signed")
    algorithm = key.algorithm
    digest = digest_function(algorithm.digest_method)
    form = (
        names.C14N_WITH_COMMENTS
    )  # as НУЦ РК's tools have it; a reference to a whole document has no comments
    signed_info = _signed_info(
        algorithm,
        canonicalization=names.C14N,
        uri="",
        transforms=(names.ENVELOPED_SIGNATURE, form),
        digest=digest(_canonical(_document_in(document))),
    )
    parts = {
        "declaration": _DECLARATION,
        "signed_info": signed_info.replace(_DECLARATION, "", 1),
        "key_info": _x509_data(key.certificate, "X509Data"),
    }
    draft = layout.edited(layout.document_block(_SIGNATURE.format(**parts, signature_value="")))
    placed = last_signatures(_document_in(draft))[-1]
    signature_value = _base64(key.sign(_canonical(placed[0]), algorithm))
    return layout.edited(layout.document_block(_SIGNATURE.format(**parts, signature_value=signature_value)))


def _unsigned_envelope(envelope: bytes) -> Layout:
    layout = read_envelope_layout(envelope)
    taken = layout.header_blocks.intersection((names.SECURITY, names.SIGNATURE))
    if taken:
        raise NotSignableError(f"the Header already holds a {taken.pop().rpartition('}')[2]}")
    return layout


def _signed_body(envelope: bytes, identifier: str, key: SigningKey) -> tuple[str, str]:
    """(SignedInfo, SignatureValue) over the Body, by its identifier."""
    body = _parsed(envelope).find(names.BODY)
    if body is None:
        raise NotSignableError("a SOAP 1.1 Envelope with one Body is expected")
    algorithm = key.algorithm
    digest = digest_function(algorithm.digest_method)
    try:
        octets = canonical.exclusive(body)
    except Refusal as refusal:
        raise NotSignableError(refusal.detail) from refusal
    signed_info = _signed_info(
        algorithm,
        canonicalization=names.EXCLUSIVE_C14N,
        uri=f"#{_attribute(identifier)}",
        transforms=(names.EXCLUSIVE_C14N,),
        digest=digest(octets),
    )
    return signed_info, _base64(key.sign(signed_info.encode(), algorithm))


def _signed_info(
    algorithm: SignatureAlgorithm,
    *,
    canonicalization: str,
    uri: str,
    transforms: tuple[str, ...],
    digest: bytes,
) -> str:
    return _SIGNED_INFO.format(
        canonicalization=canonicalization,
        signature_method=algorithm.identifier,
        uri=uri,
        transforms="".join(_TRANSFORM.format(transform) for transform in transforms),
        digest_method=algorithm.digest_method,
        digest=_base64(digest),
    )


def _document_in(octets: bytes) -> Element:
    """The document that is signed: an envelope's payload as a document of its own, or what is no envelope."""
    root = _parsed(octets)
    try:
        if root.tag == names.ENVELOPE:
            body = root.find(names.BODY)
            payload = None if body is None else next(body.iterchildren(etree.Element), None)
            if payload is None:
                raise NotSignableError("a SOAP 1.1 Envelope with one element in its Body is expected")
            return own_document(payload)
        require_root_alone(root)
    except Refusal as refusal:
        raise NotSignableError(refusal.detail) from refusal
    return root


def _canonical(element: Element) -> bytes:
    try:
        return canonical.inclusive(element)
    except Refusal as refusal:
        raise NotSignableError(f"{local_name(element)}: {refusal.detail}") from refusal


def _parsed(document: bytes) -> Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise NotSignableError(f"not well-formed XML, or beyond the parser's limits: {error}") from error


def _token(certificate: x509.Certificate, form: KeyInfoForm) -> tuple[str, str]:
    """(token beside the signature, content of KeyInfo), as WS-Security has them."""
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
            return "", _x509_data(certificate, form)
        case "X509IssuerSerial":
            return "", _REFERENCE.format(_x509_data(certificate, form))


def _x509_data(certificate: x509.Certificate, form: KeyInfoForm) -> str:
    """The certificate, whole or by name, as XMLDSig itself has it (XMLDSig 4.5.4)."""
    match form:
        case "X509Data":
            octets = _base64(certificate.public_bytes(Encoding.DER))
            return f"<ds:X509Data><ds:X509Certificate>{octets}</ds:X509Certificate></ds:X509Data>"
        case "X509IssuerSerial":
            issuer = escape(certificate.issuer.rfc4514_string())
            return (
                f"<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>{issuer}</ds:X509IssuerName>"
                f"<ds:X509SerialNumber>{certificate.serial_number}</ds:X509SerialNumber>"
                "</ds:X509IssuerSerial></ds:X509Data>"
            )
        case _:
            raise NotSignableError(f"{form} is a form of WS-Security alone")


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
