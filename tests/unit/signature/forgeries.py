"""Forgeries as data: what is done to a good message → why the verifier must refuse it."""

from __future__ import annotations

import base64
import copy

from changes import (
    DIGEST_VALUE,
    REFERENCE,
    SIGNATURE_VALUE,
    SIGNED_INFO,
    TRANSFORM,
    WSU_ID,
    append,
    both,
    edit_text,
    key_info_holds,
    move,
    put,
    remove,
    split,
    trailing_bits,
    transforms_are,
    wrap_body,
    wrapper,
)
from forgery import EXCLUSIVE, NS, Change, Forgery, Message, parse
from lxml import etree

_DSIG = NS["ds"]
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_X509V3 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0"

_KEY_IDENTIFIER = "//wsse:KeyIdentifier"
_TOKEN = "//wsse:BinarySecurityToken"
_TIMESTAMP = "<wsu:Timestamp><wsu:Created>2024-05-01T00:00:00Z</wsu:Created></wsu:Timestamp>"


def _second_security(message: Message) -> None:
    message.at("//soap:Header").append(parse("<wsse:Security/>"))


def _second_signature(message: Message) -> None:
    message.security.append(copy.deepcopy(message.signature))


def _decoy_in_header(message: Message) -> None:
    message.at("//soap:Header").insert(0, copy.deepcopy(message.signature))


def _second_reference(message: Message) -> None:
    message.at(SIGNED_INFO).append(copy.deepcopy(message.at(REFERENCE)))


def _swap_certificate(message: Message) -> None:
    message.at(_KEY_IDENTIFIER).text = message.other_certificate


def _change_body(message: Message) -> None:
    message.body[0][0].text = "666"


def _change_body_and_digest(message: Message) -> None:
    _change_body(message)
    message.digest_body()


def _identifier(attribute: str) -> Change:
    return lambda message: message.body[0].set(attribute, message.body.get(WSU_ID) or "")


PLACES = (
    Forgery("no security header", "absent", remove("//wsse:Security"), sealed=False),
    Forgery("no header at all", "absent", remove("//soap:Header"), sealed=False),
    Forgery("empty security header", "absent", remove("//ds:Signature"), sealed=False),
    Forgery(
        "security header for another actor",
        "misplaced",
        put("//wsse:Security", f"{{{NS['soap']}}}actor", "urn:another"),
    ),
    Forgery(
        "security header inside another block",
        "misplaced",
        both(wrapper(), move("//wsse:Security", "//soap:Header/*[2]")),
    ),
    Forgery("signature in the payload", "misplaced", move("//ds:Signature", "//soap:Body/*"), sealed=False),
    Forgery("two security headers", "several-security-headers", _second_security),
    Forgery("two signatures", "several-signatures", _second_signature, sealed=False),
    Forgery("second signature straight in the header", "several-signatures", _decoy_in_header, sealed=False),
    Forgery("unknown token beside the signature", "structure", append("//wsse:Security", "<wsse:UsernameToken/>")),
    Forgery(
        "two timestamps", "structure", both(*[append("//wsse:Security", _TIMESTAMP)] * 2)
    ),
)  # fmt: skip

WRAPPINGS = (
    Forgery(
        "Body moved into the header, evil one with an identifier of its own",
        "reference-target",
        wrap_body(where="//soap:Header", identifier="evil"),
    ),
    Forgery(
        "Body moved into the header, evil one without identifier",
        "reference-target",
        wrap_body(where="//soap:Header", identifier=None),
    ),
    Forgery(
        "Body moved into the header, evil one with its identifier",
        "duplicate-id",
        wrap_body(where="//soap:Header", identifier="{signed}"),
    ),
    Forgery(
        "Body moved into the header, evil one with its identifier in another attribute",
        "duplicate-id",
        wrap_body(where="//soap:Header", identifier="{signed}", attribute="Id"),
    ),
    Forgery(
        "Body moved into a wrapper",
        "reference-target",
        both(wrapper(), wrap_body(where="//soap:Header/*[2]", identifier="evil")),
    ),
    Forgery(
        "Body moved beside the signature",
        "structure",
        wrap_body(where="//wsse:Security", identifier="evil"),
        sealed=False,
    ),
    Forgery(
        "Body moved into the signature",
        "structure",
        both(append("//ds:Signature", "<ds:Object/>"), wrap_body(where="//ds:Object", identifier="evil")),
        sealed=False,
    ),
    Forgery(
        "Body moved into the evil one's payload",
        "reference-target",
        wrap_body(where="/soap:Envelope/soap:Body[2]/*", identifier="evil"),
    ),
    Forgery(
        "identifier in an attribute of another kind",
        "reference-target",
        wrap_body(where="//soap:Header", identifier="{signed}", attribute="Id", keep=False),
    ),
    Forgery("Body exchanged under its identifier", "digest-mismatch",
            wrap_body(where="//soap:Header", identifier="{signed}", keep=False)),
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
    Forgery("empty reference", "reference-target", put(REFERENCE, "URI", "")),
    Forgery("reference without URI", "reference-target", put(REFERENCE, "URI", None)),
    Forgery("reference to a file", "reference-target", put(REFERENCE, "URI", "file:///etc/passwd")),
    Forgery("reference by XPointer", "reference-target", put(REFERENCE, "URI", "#xpointer(/)")),
    Forgery("reference to nothing", "reference-target", put(REFERENCE, "URI", "#nothing")),
    Forgery(
        "reference to the Timestamp alone",
        "reference-target",
        both(
            append("//wsse:Security", _TIMESTAMP.replace("Timestamp>", 'Timestamp wsu:Id="ts">', 1)),
            put(REFERENCE, "URI", "#ts"),
        ),
    ),
    Forgery("two references", "several-references", _second_reference),
    Forgery("reference with a Type", "structure", put(REFERENCE, "Type", f"{_DSIG}Manifest")),
)

ALGORITHMS = (
    *(
        Forgery(f"signature by {uri.rpartition('#')[2]}", reason, put("//ds:SignatureMethod", "Algorithm", uri))
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
        append("//ds:SignatureMethod", "<ds:HMACOutputLength>0</ds:HMACOutputLength>"),
    ),
    Forgery("digest by SHA-1", "weak-digest", put("//ds:DigestMethod", "Algorithm", f"{_DSIG}sha1")),
    Forgery("digest by MD5", "weak-digest", put("//ds:DigestMethod", "Algorithm", f"{_MORE}md5")),
    Forgery("digest by none", "algorithm", put("//ds:DigestMethod", "Algorithm", "urn:none")),
    *(
        Forgery(f"SignedInfo by {name}", "canonicalization", put("//ds:CanonicalizationMethod", "Algorithm", uri))
        for name, uri in (
            ("inclusive form", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
            ("exclusive form with comments", f"{EXCLUSIVE}WithComments"),
        )
    ),
)  # fmt: skip

TRANSFORMS = (
    *(
        Forgery(f"transform {name}", "transform", transforms_are(*algorithms))
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
    Forgery("no Transforms", "transform", remove("//ds:Transforms")),
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
    Forgery("unknown parameter of the transform", "structure", append(TRANSFORM, "<ec:Other/>")),
    Forgery("unknown attribute of the transform", "structure", put(TRANSFORM, "Other", "1")),
)

STRUCTURES = (
    Forgery("ds:Object", "structure", append("//ds:Signature", "<ds:Object>x</ds:Object>"), sealed=False),
    Forgery("no KeyInfo", "structure", remove("//ds:KeyInfo"), sealed=False),
    Forgery("no SignatureValue", "structure", remove(SIGNATURE_VALUE), sealed=False),
    Forgery("two SignedInfo", "structure",
            lambda message: message.signature.insert(0, copy.deepcopy(message.at(SIGNED_INFO))), sealed=False),
    Forgery("decoy digest", "structure", append(REFERENCE, "<ds:DigestValue>AAAA</ds:DigestValue>")),
    Forgery("comment splits DigestValue", "structure", split(DIGEST_VALUE, etree.Comment("x"))),
    Forgery("instruction splits DigestValue", "structure", split(DIGEST_VALUE, etree.ProcessingInstruction("x"))),
    Forgery("comment splits SignatureValue", "structure", split(SIGNATURE_VALUE, etree.Comment("x")), sealed=False),
    Forgery("comment in SignedInfo", "structure",
            lambda message: message.at(SIGNED_INFO).append(etree.Comment("x"))),
    Forgery("comment in Signature", "structure", lambda message: message.signature.append(etree.Comment("x"))),
    Forgery("text in SignedInfo", "structure", edit_text(SIGNED_INFO, lambda _: "x")),
    Forgery("text behind the Reference", "structure",
            lambda message: setattr(message.at(REFERENCE), "tail", "x")),
    Forgery("unknown attribute of SignedInfo", "structure", put(SIGNED_INFO, "Other", "1")),
    Forgery("DigestValue that is no base64", "structure", edit_text(DIGEST_VALUE, lambda text: f"!{text}")),
    Forgery("DigestValue in letters that look alike", "structure",
            edit_text(DIGEST_VALUE, lambda text: f"А{text[1:]}")),
    Forgery("DigestValue without its padding", "structure", edit_text(DIGEST_VALUE, lambda text: text.rstrip("="))),
    Forgery("DigestValue with set bits behind its end", "structure", edit_text(DIGEST_VALUE, trailing_bits)),
    Forgery("DigestValue empty", "structure", edit_text(DIGEST_VALUE, lambda _: "")),
)  # fmt: skip

CANONICAL_FORMS = (
    Forgery("Body with a namespace name that is relative", "canonicalization",
            lambda message: message.body[0].append(etree.fromstring('<x xmlns="relative"/>')), sealed=False),
)  # fmt: skip

VALUES = (
    Forgery("Body changed", "digest-mismatch", _change_body, sealed=False),
    Forgery("Body changed and the key's owner signs another digest", "digest-mismatch", _change_body),
    Forgery("Body and digest changed", "signature-mismatch", _change_body_and_digest, sealed=False),
    Forgery("signature cut", "signature-mismatch", edit_text(SIGNATURE_VALUE, lambda text: text[:340]), sealed=False),
    Forgery("certificate of another in KeyInfo", "signature-mismatch", _swap_certificate),
)  # fmt: skip

KEY_INFOS = (
    Forgery("empty KeyInfo", "key-info", lambda message: message.at("//ds:KeyInfo").clear(), sealed=False),
    Forgery("bare public key", "key-info", key_info_holds("<ds:KeyValue><ds:RSAKeyValue/></ds:KeyValue>")),
    Forgery("key by name", "key-info", key_info_holds("<ds:KeyName>employer</ds:KeyName>")),
    Forgery("key to be fetched", "key-info", key_info_holds('<ds:RetrievalMethod URI="http://localhost/"/>')),
    Forgery("certificate by its subject", "key-info",
            key_info_holds("<ds:X509Data><ds:X509SubjectName>C=KZ</ds:X509SubjectName></ds:X509Data>")),
    Forgery("two certificates", "key-info",
            key_info_holds("<ds:X509Data><ds:X509Certificate>{0}</ds:X509Certificate>"
                         "<ds:X509Certificate>{0}</ds:X509Certificate></ds:X509Data>")),
    Forgery("comment in KeyInfo", "key-info",
            lambda message: message.at("//ds:KeyInfo").append(etree.Comment("x"))),
    Forgery("only a comment in KeyInfo", "key-info",
            lambda message: message.at("//ds:KeyInfo").__setitem__(slice(None), [etree.Comment("x")])),
    Forgery("comment splits the certificate", "structure", split(_KEY_IDENTIFIER, etree.Comment("x"))),
    Forgery("identifier that is no certificate", "key-info",
            put(_KEY_IDENTIFIER, "ValueType", f"{_X509V3}#X509SubjectKeyIdentifier")),
    Forgery("certificate in hexadecimal", "key-info", put(_KEY_IDENTIFIER, "EncodingType", "urn:hex")),
    Forgery("certificate in an unknown element", "key-info", key_info_holds("<ds:X509Data><ds:Other/></ds:X509Data>")),
    Forgery("token that nothing refers to", "key-info",
            append("//wsse:Security", "<wsse:BinarySecurityToken>AAAA</wsse:BinarySecurityToken>")),
    Forgery("reference to no token", "key-info", remove(_TOKEN), key_info="BinarySecurityToken"),
    Forgery("reference to something else", "key-info", put("//wsse:Reference", "URI", "#other"),
            key_info="BinarySecurityToken"),
    Forgery("token without identifier", "key-info", put(_TOKEN, WSU_ID, None), key_info="BinarySecurityToken"),
    Forgery("token of another kind", "key-info", put(_TOKEN, "ValueType", f"{_X509V3}#X509PKIPathv1"),
            key_info="BinarySecurityToken"),
    Forgery("reference to a token of another kind", "key-info",
            put("//wsse:Reference", "ValueType", f"{_X509V3}#X509PKIPathv1"), key_info="BinarySecurityToken"),
    Forgery("certificate that is no base64", "certificate-malformed", edit_text(_KEY_IDENTIFIER, lambda _: "???")),
    Forgery("octets that are no certificate", "certificate-malformed", edit_text(_KEY_IDENTIFIER, lambda _: "AAAA")),
    Forgery("certificate with something behind it", "certificate-malformed",
            edit_text(_KEY_IDENTIFIER, lambda text: base64.b64encode(base64.b64decode(text) + b"x").decode())),
)  # fmt: skip

NAMED_CERTIFICATES = (
    Forgery("certificate of another number", "certificate-unknown",
            edit_text("//ds:X509SerialNumber", lambda text: f"{text}0"), key_info="X509IssuerSerial"),
    Forgery("certificate of another issuer", "certificate-unknown",
            edit_text("//ds:X509IssuerName", lambda text: f"{text},O=X"), key_info="X509IssuerSerial"),
    Forgery("certificate of an issuer whose name is none", "certificate-unknown",
            edit_text("//ds:X509IssuerName", lambda _: "the test authority"), key_info="X509IssuerSerial"),
    Forgery("certificate whose number is none", "key-info",
            edit_text("//ds:X509SerialNumber", lambda _: "0x1f"), key_info="X509IssuerSerial"),
    Forgery("certificate without a number", "structure", remove("//ds:X509SerialNumber"),
            key_info="X509IssuerSerial"),
    Forgery("comment splits the issuer's name", "structure",
            split("//ds:X509IssuerName", etree.Comment("x")), key_info="X509IssuerSerial"),
    Forgery("certificate by name and whole", "key-info",
            append("//ds:X509Data", "<ds:X509Certificate>AAAA</ds:X509Certificate>"), key_info="X509IssuerSerial"),
    Forgery("certificate by name outside of a token reference", "key-info",
            lambda message: message.at("//ds:KeyInfo").__setitem__(slice(None), [message.at("//ds:X509Data")]),
            key_info="X509IssuerSerial"),
)  # fmt: skip

TIMESTAMPS = tuple(
    Forgery(f"timestamp {name}", "timestamp", append("//wsse:Security", f"<wsu:Timestamp>{xml}</wsu:Timestamp>"))
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
    *NAMED_CERTIFICATES,
    *TIMESTAMPS,
)
