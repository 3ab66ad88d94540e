"""Forgeries as data: what is done to a good message → why the verifier must refuse it."""

from __future__ import annotations

import base64
import copy
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from forgery import EXCLUSIVE, NS, Change, Forgery, Message, parse
from lxml import etree

_DSIG = NS["ds"]
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_X509V3 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0"
_ID = f"{{{NS['wsu']}}}Id"

_SIGNED_INFO = "//ds:SignedInfo"
_REFERENCE = "//ds:Reference"
_TRANSFORM = "//ds:Transform"
_DIGEST_VALUE = "//ds:DigestValue"
_SIGNATURE_VALUE = "//ds:SignatureValue"
_KEY_IDENTIFIER = "//wsse:KeyIdentifier"
_TOKEN = "//wsse:BinarySecurityToken"
_TIMESTAMP = "<wsu:Timestamp><wsu:Created>2024-05-01T00:00:00Z</wsu:Created></wsu:Timestamp>"
_EVIL = (
    '<m:RegisterContract xmlns:m="urn:esutd-bus:contracts:v1"><m:number>666</m:number></m:RegisterContract>'
)


def _remove(path: str) -> Change:
    def change(message: Message) -> None:
        element = message.at(path)
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)

    return change


def _append(path: str, xml: str) -> Change:
    return lambda message: message.at(path).append(parse(xml))


def _set(path: str, attribute: str, value: str | None) -> Change:
    def change(message: Message) -> None:
        element = message.at(path)
        if value is None:
            del element.attrib[attribute]
        else:
            element.set(attribute, value)

    return change


def _text(path: str, edit: Any) -> Change:
    def change(message: Message) -> None:
        element = message.at(path)
        element.text = edit(element.text)

    return change


def _split(path: str, node: Any) -> Change:
    """Put a comment or instruction in the middle of an element's text."""

    def change(message: Message) -> None:
        element = message.at(path)
        text = element.text or ""
        node_here = copy.copy(node)
        element.text, node_here.tail = text[:4], text[4:]
        element.insert(0, node_here)

    return change


def _move(path: str, into: str) -> Change:
    return lambda message: message.at(into).append(message.at(path))


def _wrap_body(*, where: str, identifier: str | None, attribute: str = _ID, keep: bool = True) -> Change:
    """Signature wrapping: the signed Body goes elsewhere, an evil one takes its place."""

    def change(message: Message) -> None:
        signed = message.body
        evil = etree.SubElement(message.root, f"{{{NS['soap']}}}Body")
        evil.append(parse(_EVIL))
        if identifier is not None:
            evil.set(attribute, identifier.format(signed=signed.get(_ID)))
        if keep:
            message.at(where).append(signed)
        else:
            message.root.remove(signed)

    return change


def _wrapper(where: str = "//soap:Header") -> Change:
    return _append(where, '<w:Wrapper xmlns:w="urn:w"/>')


def _both(*changes: Change) -> Change:
    def change(message: Message) -> None:
        for one in changes:
            one(message)

    return change


def _second_security(message: Message) -> None:
    message.at("//soap:Header").append(parse("<wsse:Security/>"))


def _second_signature(message: Message) -> None:
    message.security.append(copy.deepcopy(message.signature))


def _decoy_in_header(message: Message) -> None:
    message.at("//soap:Header").insert(0, copy.deepcopy(message.signature))


def _second_reference(message: Message) -> None:
    message.at(_SIGNED_INFO).append(copy.deepcopy(message.at(_REFERENCE)))


def _swap_certificate(message: Message) -> None:
    octets = message.other.certificate.public_bytes(Encoding.DER)
    message.at(_KEY_IDENTIFIER).text = base64.b64encode(octets).decode()


def _change_body(message: Message) -> None:
    message.body[0][0].text = "666"


def _change_body_and_digest(message: Message) -> None:
    _change_body(message)
    message.digest_body()


def _trailing_bits(text: str) -> str:
    """The same octets, spelt with set bits after the last one (a SHA-256 digest ends `x=`)."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return f"{text[:-2]}{alphabet[alphabet.index(text[-2]) | 1]}="


def _certificate(xml: str) -> Change:
    """Replace what KeyInfo holds; `{}` in the text is the employer's certificate."""

    def change(message: Message) -> None:
        octets = base64.b64encode(message.employer.certificate.public_bytes(Encoding.DER)).decode()
        key_info = message.at("//ds:KeyInfo")
        key_info[:] = [parse(xml.format(octets))]

    return change


def _at_transforms(*algorithms: str) -> Change:
    def change(message: Message) -> None:
        message.at("//ds:Transforms")[:] = [
            parse(f'<ds:Transform Algorithm="{algorithm}"/>') for algorithm in algorithms
        ]

    return change


def _identifier(attribute: str) -> Change:
    return lambda message: message.body[0].set(attribute, message.body.get(_ID) or "")


PLACES = (
    Forgery("no security header", "absent", _remove("//wsse:Security"), sealed=False),
    Forgery("no header at all", "absent", _remove("//soap:Header"), sealed=False),
    Forgery("empty security header", "absent", _remove("//ds:Signature"), sealed=False),
    Forgery(
        "security header for another actor",
        "misplaced",
        _set("//wsse:Security", f"{{{NS['soap']}}}actor", "urn:another"),
    ),
    Forgery(
        "security header inside another block",
        "misplaced",
        _both(_wrapper(), _move("//wsse:Security", "//soap:Header/*[2]")),
    ),
    Forgery("signature in the payload", "misplaced", _move("//ds:Signature", "//soap:Body/*"), sealed=False),
    Forgery("two security headers", "several-security-headers", _second_security),
    Forgery("two signatures", "several-signatures", _second_signature, sealed=False),
    Forgery("second signature straight in the header", "several-signatures", _decoy_in_header, sealed=False),
    Forgery("unknown token beside the signature", "structure", _append("//wsse:Security", "<wsse:UsernameToken/>")),
    Forgery(
        "two timestamps", "structure", _both(*[_append("//wsse:Security", _TIMESTAMP)] * 2)
    ),
)  # fmt: skip

WRAPPINGS = (
    Forgery(
        "Body moved into the header, evil one with an identifier of its own",
        "reference-target",
        _wrap_body(where="//soap:Header", identifier="evil"),
    ),
    Forgery(
        "Body moved into the header, evil one without identifier",
        "reference-target",
        _wrap_body(where="//soap:Header", identifier=None),
    ),
    Forgery(
        "Body moved into the header, evil one with its identifier",
        "duplicate-id",
        _wrap_body(where="//soap:Header", identifier="{signed}"),
    ),
    Forgery(
        "Body moved into the header, evil one with its identifier in another attribute",
        "duplicate-id",
        _wrap_body(where="//soap:Header", identifier="{signed}", attribute="Id"),
    ),
    Forgery(
        "Body moved into a wrapper",
        "reference-target",
        _both(_wrapper(), _wrap_body(where="//soap:Header/*[2]", identifier="evil")),
    ),
    Forgery(
        "Body moved beside the signature",
        "structure",
        _wrap_body(where="//wsse:Security", identifier="evil"),
        sealed=False,
    ),
    Forgery(
        "Body moved into the signature",
        "structure",
        _both(_append("//ds:Signature", "<ds:Object/>"), _wrap_body(where="//ds:Object", identifier="evil")),
        sealed=False,
    ),
    Forgery(
        "Body moved into the evil one's payload",
        "reference-target",
        _wrap_body(where="/soap:Envelope/soap:Body[2]/*", identifier="evil"),
    ),
    Forgery(
        "identifier in an attribute of another kind",
        "reference-target",
        _wrap_body(where="//soap:Header", identifier="{signed}", attribute="Id", keep=False),
    ),
    Forgery("Body exchanged under its identifier", "digest-mismatch",
            _wrap_body(where="//soap:Header", identifier="{signed}", keep=False)),
    *(
        Forgery(f"identifier twice, by {attribute.rpartition('}')[2]}", "duplicate-id", _identifier(attribute))
        for attribute in (
            "Id",
            "ID",
            "id",
            "AssertionID",
            "{http://www.w3.org/XML/1998/namespace}id",
            f"{{{NS['wsu']}}}Id",
        )
    ),
)  # fmt: skip

REFERENCES = (
    Forgery("empty reference", "reference-target", _set(_REFERENCE, "URI", "")),
    Forgery("reference without URI", "reference-target", _set(_REFERENCE, "URI", None)),
    Forgery("reference to a file", "reference-target", _set(_REFERENCE, "URI", "file:///etc/passwd")),
    Forgery("reference by XPointer", "reference-target", _set(_REFERENCE, "URI", "#xpointer(/)")),
    Forgery("reference to nothing", "reference-target", _set(_REFERENCE, "URI", "#nothing")),
    Forgery(
        "reference to the Timestamp alone",
        "reference-target",
        _both(
            _append("//wsse:Security", _TIMESTAMP.replace("Timestamp>", 'Timestamp wsu:Id="ts">', 1)),
            _set(_REFERENCE, "URI", "#ts"),
        ),
    ),
    Forgery("two references", "several-references", _second_reference),
    Forgery("reference with a Type", "structure", _set(_REFERENCE, "Type", f"{_DSIG}Manifest")),
)

ALGORITHMS = (
    *(
        Forgery(f"signature by {uri.rpartition('#')[2]}", reason, _set("//ds:SignatureMethod", "Algorithm", uri))
        for uri, reason in (
            (f"{_DSIG}rsa-sha1", "weak-digest"),
            (f"{_MORE}rsa-sha1", "weak-digest"),
            (f"{_MORE}rsa-md5", "weak-digest"),
            (f"{_DSIG}hmac-sha1", "symmetric-algorithm"),
            (f"{_MORE}hmac-sha256", "symmetric-algorithm"),
            ("http://www.w3.org/2007/05/xmldsig-more#rsa-pss", "algorithm"),
            ("", "algorithm"),
            (f"{_MORE}ecdsa-sha256", "algorithm"),
        )
    ),
    Forgery(
        "shortened HMAC",
        "structure",
        _append("//ds:SignatureMethod", "<ds:HMACOutputLength>0</ds:HMACOutputLength>"),
    ),
    Forgery("digest by SHA-1", "weak-digest", _set("//ds:DigestMethod", "Algorithm", f"{_DSIG}sha1")),
    Forgery("digest by MD5", "weak-digest", _set("//ds:DigestMethod", "Algorithm", f"{_MORE}md5")),
    Forgery("digest by none", "algorithm", _set("//ds:DigestMethod", "Algorithm", "urn:none")),
    *(
        Forgery(f"SignedInfo by {name}", "canonicalization", _set("//ds:CanonicalizationMethod", "Algorithm", uri))
        for name, uri in (
            ("inclusive form", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
            ("exclusive form with comments", f"{EXCLUSIVE}WithComments"),
        )
    ),
)  # fmt: skip

TRANSFORMS = (
    *(
        Forgery(f"transform {name}", "transform", _at_transforms(*algorithms))
        for name, algorithms in (
            ("none", ()),
            ("twice", (EXCLUSIVE, EXCLUSIVE)),
            ("with comments", (f"{EXCLUSIVE}WithComments",)),
            ("enveloped", (f"{_DSIG}enveloped-signature", EXCLUSIVE)),
            ("base64", (f"{_DSIG}base64",)),
            ("XPath", ("http://www.w3.org/TR/1999/REC-xpath-19991116",)),
            ("XPath filter", ("http://www.w3.org/2002/06/xmldsig-filter2", EXCLUSIVE)),
            ("XSLT", ("http://www.w3.org/TR/1999/REC-xslt-19991116", EXCLUSIVE)),
        )
    ),
    Forgery("no Transforms", "transform", _remove("//ds:Transforms")),
    Forgery(
        "XPath with its expression",
        "transform",
        lambda message: message.at("//ds:Transforms").insert(
            0,
            parse(
                '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116">'
                "<ds:XPath>self::text()</ds:XPath></ds:Transform>"
            ),
        ),
    ),
    Forgery("unknown parameter of the transform", "structure", _append(_TRANSFORM, "<ec:Other/>")),
    Forgery("unknown attribute of the transform", "structure", _set(_TRANSFORM, "Other", "1")),
)

STRUCTURES = (
    Forgery("ds:Object", "structure", _append("//ds:Signature", "<ds:Object>x</ds:Object>"), sealed=False),
    Forgery("no KeyInfo", "structure", _remove("//ds:KeyInfo"), sealed=False),
    Forgery("no SignatureValue", "structure", _remove(_SIGNATURE_VALUE), sealed=False),
    Forgery("two SignedInfo", "structure",
            lambda message: message.signature.insert(0, copy.deepcopy(message.at(_SIGNED_INFO))), sealed=False),
    Forgery("decoy digest", "structure", _append(_REFERENCE, "<ds:DigestValue>AAAA</ds:DigestValue>")),
    Forgery("comment splits DigestValue", "structure", _split(_DIGEST_VALUE, etree.Comment("x"))),
    Forgery("instruction splits DigestValue", "structure", _split(_DIGEST_VALUE, etree.ProcessingInstruction("x"))),
    Forgery("comment splits SignatureValue", "structure", _split(_SIGNATURE_VALUE, etree.Comment("x")), sealed=False),
    Forgery("comment in SignedInfo", "structure",
            lambda message: message.at(_SIGNED_INFO).append(etree.Comment("x"))),
    Forgery("comment in Signature", "structure", lambda message: message.signature.append(etree.Comment("x"))),
    Forgery("text in SignedInfo", "structure", _text(_SIGNED_INFO, lambda _: "x")),
    Forgery("text behind the Reference", "structure",
            lambda message: setattr(message.at(_REFERENCE), "tail", "x")),
    Forgery("unknown attribute of SignedInfo", "structure", _set(_SIGNED_INFO, "Other", "1")),
    Forgery("DigestValue that is no base64", "structure", _text(_DIGEST_VALUE, lambda text: f"!{text}")),
    Forgery("DigestValue in letters that look alike", "structure", _text(_DIGEST_VALUE, lambda text: f"А{text[1:]}")),
    Forgery("DigestValue without its padding", "structure", _text(_DIGEST_VALUE, lambda text: text.rstrip("="))),
    Forgery("DigestValue with set bits behind its end", "structure", _text(_DIGEST_VALUE, _trailing_bits)),
    Forgery("DigestValue empty", "structure", _text(_DIGEST_VALUE, lambda _: "")),
)  # fmt: skip

CANONICAL_FORMS = (
    Forgery("Body with a namespace name that is relative", "canonicalization",
            lambda message: message.body[0].append(etree.fromstring('<x xmlns="relative"/>')), sealed=False),
)  # fmt: skip

VALUES = (
    Forgery("Body changed", "digest-mismatch", _change_body, sealed=False),
    Forgery("Body changed and the key's owner signs another digest", "digest-mismatch", _change_body),
    Forgery("Body and digest changed", "signature-mismatch", _change_body_and_digest, sealed=False),
    Forgery("signature cut", "signature-mismatch", _text(_SIGNATURE_VALUE, lambda text: text[:340]), sealed=False),
    Forgery("certificate of another in KeyInfo", "signature-mismatch", _swap_certificate),
)  # fmt: skip

KEY_INFOS = (
    Forgery("empty KeyInfo", "key-info", lambda message: message.at("//ds:KeyInfo").clear(), sealed=False),
    Forgery("bare public key", "key-info", _certificate("<ds:KeyValue><ds:RSAKeyValue/></ds:KeyValue>")),
    Forgery("key by name", "key-info", _certificate("<ds:KeyName>employer</ds:KeyName>")),
    Forgery("key to be fetched", "key-info", _certificate('<ds:RetrievalMethod URI="http://localhost/"/>')),
    Forgery("certificate by its subject", "key-info",
            _certificate("<ds:X509Data><ds:X509SubjectName>C=KZ</ds:X509SubjectName></ds:X509Data>")),
    Forgery("two certificates", "key-info",
            _certificate("<ds:X509Data><ds:X509Certificate>{0}</ds:X509Certificate>"
                         "<ds:X509Certificate>{0}</ds:X509Certificate></ds:X509Data>")),
    Forgery("comment in KeyInfo", "key-info",
            lambda message: message.at("//ds:KeyInfo").append(etree.Comment("x"))),
    Forgery("only a comment in KeyInfo", "key-info",
            lambda message: message.at("//ds:KeyInfo").__setitem__(slice(None), [etree.Comment("x")])),
    Forgery("comment splits the certificate", "structure", _split(_KEY_IDENTIFIER, etree.Comment("x"))),
    Forgery("identifier that is no certificate", "key-info",
            _set(_KEY_IDENTIFIER, "ValueType", f"{_X509V3}#X509SubjectKeyIdentifier")),
    Forgery("certificate in hexadecimal", "key-info", _set(_KEY_IDENTIFIER, "EncodingType", "urn:hex")),
    Forgery("certificate in an unknown element", "key-info", _certificate("<ds:X509Data><ds:Other/></ds:X509Data>")),
    Forgery("token that nothing refers to", "key-info",
            _append("//wsse:Security", "<wsse:BinarySecurityToken>AAAA</wsse:BinarySecurityToken>")),
    Forgery("reference to no token", "key-info", _remove(_TOKEN), key_info="BinarySecurityToken"),
    Forgery("reference to something else", "key-info", _set("//wsse:Reference", "URI", "#other"),
            key_info="BinarySecurityToken"),
    Forgery("token without identifier", "key-info", _set(_TOKEN, _ID, None), key_info="BinarySecurityToken"),
    Forgery("token of another kind", "key-info", _set(_TOKEN, "ValueType", f"{_X509V3}#X509PKIPathv1"),
            key_info="BinarySecurityToken"),
    Forgery("reference to a token of another kind", "key-info",
            _set("//wsse:Reference", "ValueType", f"{_X509V3}#X509PKIPathv1"), key_info="BinarySecurityToken"),
    Forgery("certificate that is no base64", "certificate-malformed", _text(_KEY_IDENTIFIER, lambda _: "???")),
    Forgery("octets that are no certificate", "certificate-malformed", _text(_KEY_IDENTIFIER, lambda _: "AAAA")),
    Forgery("certificate with something behind it", "certificate-malformed",
            _text(_KEY_IDENTIFIER, lambda text: base64.b64encode(base64.b64decode(text) + b"x").decode())),
)  # fmt: skip

TIMESTAMPS = tuple(
    Forgery(f"timestamp {name}", "timestamp", _append("//wsse:Security", f"<wsu:Timestamp>{xml}</wsu:Timestamp>"))
    for name, xml in (
        ("from the future", "<wsu:Created>2999-01-01T00:00:00Z</wsu:Created>"),
        ("expired", "<wsu:Expires>1999-01-01T00:00:00Z</wsu:Expires>"),
        ("without zone", "<wsu:Created>2024-01-01T00:00:00</wsu:Created>"),
        ("that is no time", "<wsu:Created>2024-02-30T00:00:00Z</wsu:Created>"),
        ("in another notation", "<wsu:Created>20240101T000000Z</wsu:Created>"),
        ("empty", ""),
        ("out of order", ("<wsu:Expires>2999-01-01T00:00:00Z</wsu:Expires>"
                         "<wsu:Created>2024-01-01T00:00:00Z</wsu:Created>")),
        ("that ends before it begins", ("<wsu:Created>2024-01-02T00:00:00Z</wsu:Created>"
                                       "<wsu:Expires>2024-01-01T00:00:00Z</wsu:Expires>")),
        ("with something else", "<wsu:Created>2024-01-01T00:00:00Z</wsu:Created><wsu:Other/>"),
    )
)  # fmt: skip

ALL = (
    *PLACES,
    *WRAPPINGS,
    *REFERENCES,
    *ALGORITHMS,
    *TRANSFORMS,
    *STRUCTURES,
    *CANONICAL_FORMS,
    *VALUES,
    *KEY_INFOS,
    *TIMESTAMPS,
)
