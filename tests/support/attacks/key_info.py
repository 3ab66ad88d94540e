"""KeyInfo: what leads to the certificate, and the certificate's octets."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from forgery import NS, parse
from issuing import EMPLOYER, Issued, of_an_unknown_kind, usage

from support.attacks.attack import Attack, Bearer, Forge, Recipe, each

_WSU_ID = f"{{{NS['wsu']}}}Id"


def _shown(message: Bearer, der: bytes) -> None:
    message.certificate.text = base64.b64encode(der).decode()


def _octets(what: str, reason: str, edit: Callable[[bytes], bytes]) -> Recipe:
    """The employer's certificate with other octets."""
    return Recipe(
        f"certificate {what}",
        reason,
        lambda message: _shown(message, edit(base64.b64decode(message.certificate.text or ""))),
    )


def _other_bin(der: bytes) -> bytes:
    assert der.count(b"BIN990440000385") == 1
    return der.replace(b"BIN990440000385", b"BIN940340000421")


def _pem(der: bytes) -> bytes:
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def _of_kind(what: str, own_key: Callable[[], Any]) -> Recipe:
    """A certificate whose key is of a kind that is not accepted, shown with the employer's signature."""

    def change(message: Bearer) -> None:
        issuer = message.forge.attestors.any
        certificate = (
            x509.CertificateBuilder(issuer.certificate.subject, EMPLOYER, own_key().public_key(), 1)
            .not_valid_before(issuer.certificate.not_valid_before_utc)
            .not_valid_after(issuer.certificate.not_valid_after_utc)
            .add_extension(usage("content_commitment"), critical=True)
            .sign(issuer.key, hashes.SHA256())
        )
        _shown(message, certificate.public_bytes(Encoding.DER))

    return Recipe(f"certificate with {what}", "algorithm", change)


def _of_an_unknown_kind(message: Bearer) -> None:
    """A GOST key that is called something nobody knows."""
    identity = message.forge.ca.identity("gost-employer")
    _shown(message, of_an_unknown_kind(Issued(identity.certificate, identity.key._private_key)))


OCTETS = (
    _octets("with another BIN written into it", "untrusted", _other_bin),
    _octets("whose own signature is turned by a bit", "untrusted", lambda der: der[:-1] + bytes([der[-1] ^ 1])),
    _octets("with an octet behind it", "certificate-malformed", lambda der: der + b"\0"),
    _octets("cut", "certificate-malformed", lambda der: der[:-1]),
    _octets("twice", "certificate-malformed", lambda der: der * 2),
    _octets("in PEM within base64", "certificate-malformed", _pem),
    _octets("in BER of indefinite length", "certificate-malformed", lambda der: b"\x30\x80" + der[4:] + b"\0\0"),
    _of_kind("a DSA key", lambda: dsa.generate_private_key(2048)),
    _of_kind("an Ed25519 key", ed25519.Ed25519PrivateKey.generate),
    Recipe("certificate with a key of an unknown kind", "algorithm", _of_an_unknown_kind),
)  # fmt: skip


_DATA = "<ds:X509Data>{}</ds:X509Data>"
_ONE = "<ds:X509Certificate>{0}</ds:X509Certificate>"
_OTHER = "<ds:X509Certificate>{1}</ds:X509Certificate>"
_TOKEN_REFERENCE = "<wsse:SecurityTokenReference>{}</wsse:SecurityTokenReference>"
_BY_NAME = (
    "<ds:X509IssuerSerial><ds:X509IssuerName>{}</ds:X509IssuerName>"
    "<ds:X509SerialNumber>{}</ds:X509SerialNumber></ds:X509IssuerSerial>"
)
_NOBODY = _BY_NAME.format("CN=ESUTD-BUS TEST CA (RSA),C=KZ", "1")
_XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"

_KEY_INFOS = {
    "a KeyValue before the certificate": "<ds:KeyValue/>" + _DATA.format(_ONE),
    "a KeyValue behind the certificate": _DATA.format(_ONE) + "<ds:KeyValue/>",
    "the bare public key": "<ds:KeyValue><ds:RSAKeyValue/></ds:KeyValue>",
    "two X509Data": _DATA.format(_ONE) + _DATA.format(_OTHER),
    "two certificates": _DATA.format(_ONE + _OTHER),
    "two certificates, the other's first": _DATA.format(_OTHER + _ONE),
    "a subject beside the certificate": _DATA.format(_ONE + "<ds:X509SubjectName>C=KZ</ds:X509SubjectName>"),
    "a CRL beside the certificate": _DATA.format(_ONE + "<ds:X509CRL>AAAA</ds:X509CRL>"),
    "the certificate's name beside it": _DATA.format(_ONE + _NOBODY),
    "a reference to a file": _TOKEN_REFERENCE.format('<wsse:Reference URI="file:///etc/passwd"/>'),
    "a reference over the network": _TOKEN_REFERENCE.format('<wsse:Reference URI="http://127.0.0.1:1/"/>'),
    "a method to fetch the key over the network": '<ds:RetrievalMethod URI="http://127.0.0.1:1/"/>',
    "a method to fetch the key by XSLT": (
        f'<ds:RetrievalMethod URI="#x"><ds:Transforms><ds:Transform Algorithm="{_XSLT}"/></ds:Transforms>'
        "</ds:RetrievalMethod>"
    ),
    "a chain of certificates in PKCS #7": "<ds:X509Data><ds:PKCS7>AAAA</ds:PKCS7></ds:X509Data>",
    "a SAML assertion": '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>',
    "an encrypted key": '<xenc:EncryptedKey xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"/>',
    "a certificate two references away": _TOKEN_REFERENCE.format(_TOKEN_REFERENCE.format(_DATA.format(_ONE))),
    "a comment alone": "<!-- x -->",
    "nothing": "",
}
"""What it holds; `{0}` is the employer's certificate, `{1}` another employer's."""

_TWO_NUMBERS = _NOBODY.replace("</ds:X509IssuerSerial>", "<ds:X509SerialNumber/></ds:X509IssuerSerial>")

_NAMES = (
    ("the name of a certificate nobody knows", _NOBODY, "certificate-unknown"),
    ("a name that is none", _BY_NAME.format("employer", "1"), "certificate-unknown"),
    ("a number that is none", _BY_NAME.format("CN=A", "0x1"), "key-info"),
    ("a number below zero", _BY_NAME.format("CN=A", "-1"), "key-info"),
    ("a number without end", _BY_NAME.format("CN=A", "9" * 5000), "key-info"),
    ("a name and two numbers", _TWO_NUMBERS, "structure"),
)


def _key_info(what: str, xml: str, reason: str = "key-info") -> Recipe:
    def change(message: Bearer) -> None:
        forge = message.forge
        filled = xml.format(forge.certificate("employer"), forge.certificate("other-employer"))
        key_info = message.at("//ds:KeyInfo")
        parent = key_info.getparent()
        assert parent is not None
        parent.replace(key_info, parse(f"<ds:KeyInfo>{filled}</ds:KeyInfo>"))

    return Recipe(f"KeyInfo with {what}", reason, change)


# BinarySecurityToken: the certificate beside the signature, and a reference to it.


def _unnamed_token(identifier: str | None, uri: str) -> Callable[[Bearer], None]:
    def change(message: Bearer) -> None:
        token = message.at("//wsse:BinarySecurityToken")
        del token.attrib[_WSU_ID]
        if identifier is not None:
            token.set(_WSU_ID, identifier)
        message.at("//wsse:Reference").set("URI", uri)

    return change


def _token_of_another(message: Bearer) -> None:
    message.at("//wsse:BinarySecurityToken").text = message.forge.certificate("other-employer")


_TOKEN = {"key_info": "BinarySecurityToken"}

TOKENS = (
    Recipe("token without identifier, called None", "key-info", _unnamed_token(None, "#None"), how=_TOKEN),
    Recipe("token whose identifier is empty", "key-info", _unnamed_token("", "#"), how=_TOKEN),
    Recipe("token of somebody else", "signature-mismatch", _token_of_another, how=_TOKEN),
)


def _short_lived(**shift: int) -> Callable[[Forge], bytes]:
    """A Timestamp that ends before it begins, both within the clocks' difference."""
    return lambda forge: forge.signed(timestamp=(forge.now + timedelta(**shift), forge.now))


KEY_INFO = (
    *each(*OCTETS, *(_key_info(what, xml) for what, xml in _KEY_INFOS.items())),
    *each(_key_info("text beside the certificate", "word" + _DATA.format(_ONE), "structure")),
    *each(*TOKENS, profiles=("wsse",)),
    *each(
        *(
            _key_info(what, _TOKEN_REFERENCE.format(_DATA.format(xml)), reason)
            for what, xml, reason in _NAMES
        ),
        profiles=("wsse",),
    ),
    *each(
        *(_key_info(what, _DATA.format(xml), reason) for what, xml, reason in _NAMES), profiles=("header",)
    ),
    *each(_key_info("the certificate's name alone", _DATA.format(_NOBODY)), profiles=("document",)),
    *each(
        _key_info("a token's reference", _TOKEN_REFERENCE.format(_DATA.format(_ONE))),
        profiles=("header", "document"),
    ),
    Attack(
        "wsse: timestamp that ends before it begins, both within the clocks' difference",
        _short_lived(minutes=2),
        "timestamp",
    ),
)
