"""Games with what is computed: the algorithms, SignatureValue's octets, DigestValue."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from forgery import NS, canonical, rsa_key
from issuing import P256_ORDER
from lxml import etree

from esutd_bus.signature.gost.curves import TC26_512_A
from support.attacks.attack import Bearer, Recipe, each

_DSIG = NS["ds"]
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_PKIGOVKZ = "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:"
_SIGNATURE_METHOD, _DIGEST_METHOD = "//ds:SignatureMethod", "//ds:DigestMethod"
_SIGNATURE_VALUE, _DIGEST_VALUE = "//ds:SignatureValue", "//ds:DigestValue"

Octets = Callable[[Bearer, bytes], bytes]
"""(message, SignatureValue's octets) → other octets."""


def _value(name: str, edit: Octets, reason: str = "signature-mismatch", signer: str = "employer") -> Recipe:
    """SignatureValue made from the good one's octets."""

    def change(message: Bearer) -> None:
        octets = base64.b64decode(message.at(_SIGNATURE_VALUE).text or "")
        message.write(_SIGNATURE_VALUE, edit(message, octets))

    return Recipe(f"SignatureValue: {name}", reason, change, signer=signer)


def _public(message: Bearer) -> rsa.RSAPublicKey:
    return rsa_key(message.employer.path, message.employer.password).public_key()


# HMAC with what everybody knows of the signer as its secret.

_SECRETS: dict[str, Callable[[Bearer], bytes]] = {
    "certificate": lambda message: message.employer.certificate.public_bytes(Encoding.DER),
    "certificate in PEM": lambda message: message.employer.certificate.public_bytes(Encoding.PEM),
    "public key": lambda message: _public(message).public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    ),
    "public key in PEM": lambda message: _public(message).public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    ),
    "modulus": lambda message: _public(message).public_numbers().n.to_bytes(256, "big"),
}


def _hmac(name: str, uri: str, digest: str, secret: str) -> Recipe:
    def change(message: Bearer) -> None:
        message.at(_SIGNATURE_METHOD).set("Algorithm", uri)
        octets = hmac.digest(_SECRETS[secret](message), message.signed_info(), digest)
        message.write(_SIGNATURE_VALUE, octets)

    return Recipe(f"{name} with the {secret} as its secret", "symmetric-algorithm", change)


HMACS = tuple(
    _hmac(name, uri, digest, secret)
    for name, uri, digest in (
        ("HMAC-SHA1", f"{_DSIG}hmac-sha1", "sha1"),
        ("HMAC-SHA256", f"{_MORE}hmac-sha256", "sha256"),
    )
    for secret in _SECRETS
)


# Weak digests that the signer's own key has signed.


def _signed_by(name: str, uri: str, algorithm: hashes.HashAlgorithm) -> Recipe:
    def change(message: Bearer) -> None:
        message.at(_SIGNATURE_METHOD).set("Algorithm", uri)
        message.seal(algorithm)

    return Recipe(f"{name}, really signed", "weak-digest", change)


def _digested_by(name: str, uri: str, digest: str, reason: str) -> Recipe:
    def change(message: Bearer) -> None:
        message.at(_DIGEST_METHOD).set("Algorithm", uri)
        message.write(_DIGEST_VALUE, hashlib.new(digest, message.octets_to_digest()).digest())
        message.seal()

    return Recipe(f"digest by {name}, really computed", reason, change)


DOWNGRADES = (
    _signed_by("RSA-SHA1 by XMLDSig's name", f"{_DSIG}rsa-sha1", hashes.SHA1()),  # the attack
    _signed_by("RSA-SHA1 by the other name", f"{_MORE}rsa-sha1", hashes.SHA1()),
    _signed_by("RSA-MD5", f"{_MORE}rsa-md5", hashes.MD5()),
    _digested_by("SHA-1", f"{_DSIG}sha1", "sha1", "weak-digest"),
    _digested_by("MD5", f"{_MORE}md5", "md5", "weak-digest"),
    _digested_by("SHA-224", f"{_MORE}sha224", "sha224", "algorithm"),
    _digested_by("SHA3-256", "http://www.w3.org/2007/05/xmldsig-more#sha3-256", "sha3_256", "algorithm"),
)


# RSA (RFC 8017, 8.2.2): as many octets as the modulus, a number below it, PKCS #1 v1.5 with DigestInfo.


def _padded(scheme: padding.AsymmetricPadding, algorithm: hashes.HashAlgorithm) -> Octets:
    return lambda message, _: rsa_key(message.employer.path, message.employer.password).sign(
        message.signed_info(), scheme, algorithm
    )


def _plus_modulus(message: Bearer, octets: bytes) -> bytes:
    return (int.from_bytes(octets, "big") + _public(message).public_numbers().n).to_bytes(257, "big")


def _another_form(message: Bearer, _: bytes) -> bytes:
    exclusive = message.profile == "document"
    octets = etree.tostring(message.at("//ds:SignedInfo"), method="c14n", exclusive=exclusive)
    key = rsa_key(message.employer.path, message.employer.password)
    return key.sign(octets, padding.PKCS1v15(), hashes.SHA256())


RSA_VALUES = (
    _value("an octet of zero before it", lambda _, octets: b"\0" + octets),
    _value("an octet of zero behind it", lambda _, octets: octets + b"\0"),
    _value("its first octet cut off", lambda _, octets: octets[1:]),
    _value("its last octet cut off", lambda _, octets: octets[:-1]),
    _value("twice", lambda _, octets: octets * 2),
    _value("its last bit turned", lambda _, octets: octets[:-1] + bytes([octets[-1] ^ 1])),
    _value("its first bit turned", lambda _, octets: bytes([octets[0] ^ 0x80]) + octets[1:]),
    _value("its octets reversed", lambda _, octets: octets[::-1]),
    _value("zero", lambda _, octets: bytes(len(octets))),
    _value("one", lambda _, octets: bytes(len(octets) - 1) + b"\1"),
    _value("the modulus itself", lambda message, _: _SECRETS["modulus"](message)),
    _value("the modulus added", _plus_modulus),
    _value("the negative", lambda message, octets: (
        _public(message).public_numbers().n - int.from_bytes(octets, "big")).to_bytes(256, "big")),
    _value("PSS under PKCS #1's name",
           _padded(padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())),
    _value("over another digest than it says", _padded(padding.PKCS1v15(), hashes.SHA512())),
    _value("over SHA-1", _padded(padding.PKCS1v15(), hashes.SHA1())),  # the attack
    _value("over another form of SignedInfo", _another_form),
    _value("that of the digest", lambda message, _: base64.b64decode(message.at(_DIGEST_VALUE).text or "")),
)  # fmt: skip


# ECDSA: r‖s, each as long as the order (XMLDSig 1.1, 6.4.3). The twin (r, n - s) holds too: it is no other
# message, and a retry signed anew has no second effect.

_EC = "ec-employer"


def ecdsa_twin(octets: bytes) -> bytes:
    """The other signature that holds: (r, n - s)."""
    half = len(octets) // 2
    s = P256_ORDER - int.from_bytes(octets[half:], "big")
    return octets[:half] + s.to_bytes(half, "big")


def _der_integer(octets: bytes) -> bytes:
    number = int.from_bytes(octets, "big")
    content = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return bytes([2, len(content)]) + content


def _der(_: Bearer, octets: bytes) -> bytes:
    content = _der_integer(octets[:32]) + _der_integer(octets[32:])
    return bytes([0x30, len(content)]) + content


ECDSA_VALUES = (
    _value("ECDSA in ASN.1", _der, signer=_EC),
    _value("ECDSA's halves with zeros before them",
           lambda _, octets: b"\0" + octets[:32] + b"\0" + octets[32:], signer=_EC),
    _value("ECDSA's halves as long as P-521's",
           lambda _, octets: octets[:32].rjust(66, b"\0") + octets[32:].rjust(66, b"\0"), signer=_EC),
    _value("ECDSA's r alone", lambda _, octets: octets[:32], signer=_EC),
    _value("ECDSA with an octet behind it", lambda _, octets: octets + b"\0", signer=_EC),
    _value("ECDSA's halves exchanged", lambda _, octets: octets[32:] + octets[:32], signer=_EC),
    _value("ECDSA's halves little-endian", lambda _, octets: octets[31::-1] + octets[:31:-1], signer=_EC),
    _value("ECDSA of zeros", lambda _, octets: bytes(len(octets)), signer=_EC),
    _value("ECDSA with r = 0", lambda _, octets: bytes(32) + octets[32:], signer=_EC),
    _value("ECDSA with s = 0", lambda _, octets: octets[:32] + bytes(32), signer=_EC),
    _value("ECDSA with r = n", lambda _, octets: P256_ORDER.to_bytes(32, "big") + octets[32:], signer=_EC),
    _value("ECDSA with s = n", lambda _, octets: octets[:32] + P256_ORDER.to_bytes(32, "big"), signer=_EC),
    _value("ECDSA of the largest numbers", lambda _, octets: b"\xff" * len(octets), signer=_EC),
)  # fmt: skip


# GOST: r‖s, each little-endian, 0 < r, s < q (RFC 7091, 6.2).

_GOST = "gost-employer"
_Q = int(TC26_512_A.q).to_bytes(64, "little")

GOST_VALUES = (
    _value("GOST of zeros", lambda _, octets: bytes(len(octets)), signer=_GOST),
    _value("GOST with r = 0", lambda _, octets: bytes(64) + octets[64:], signer=_GOST),
    _value("GOST with s = 0", lambda _, octets: octets[:64] + bytes(64), signer=_GOST),
    _value("GOST with r = q", lambda _, octets: _Q + octets[64:], signer=_GOST),
    _value("GOST with s = q", lambda _, octets: octets[:64] + _Q, signer=_GOST),
    _value("GOST of the largest numbers", lambda _, octets: b"\xff" * len(octets), signer=_GOST),
    _value("GOST's halves exchanged", lambda _, octets: octets[64:] + octets[:64], signer=_GOST),
    _value("GOST's halves big-endian", lambda _, octets: octets[63::-1] + octets[:63:-1], signer=_GOST),
    _value("GOST's r alone", lambda _, octets: octets[:64], signer=_GOST),
    _value("GOST with an octet behind it", lambda _, octets: octets + b"\0", signer=_GOST),
    _value("GOST's last bit turned", lambda _, octets: octets[:-1] + bytes([octets[-1] ^ 1]), signer=_GOST),
)


# A method that is not the key's.


def _method(name: str, uri: str, signer: str) -> Recipe:
    return Recipe(
        name, "algorithm", lambda message: message.at(_SIGNATURE_METHOD).set("Algorithm", uri), signer=signer
    )


METHODS = (
    _method("an RSA key said to be EC", f"{_MORE}ecdsa-sha256", "employer"),
    _method("an RSA key said to be GOST", f"{_PKIGOVKZ}gostr34102015-gostr34112015-512", "employer"),
    _method("an EC key said to be RSA", f"{_MORE}rsa-sha256", _EC),
    _method("an EC key said to be GOST", f"{_PKIGOVKZ}gostr34102015-gostr34112015-512", _EC),
    _method("a GOST key said to be RSA", f"{_MORE}rsa-sha256", _GOST),
    _method("a GOST key said to be EC", f"{_MORE}ecdsa-sha256", _GOST),
    _method("a GOST key of 512 bits said to be of 256", f"{_PKIGOVKZ}gostr34102015-gostr34112015-256", _GOST),
    _method("a GOST key of 2015 said to be of 2004", f"{_MORE}gost34310-gost34311", _GOST),
    _method("a GOST key of 2004 said to be of 2015",
            f"{_PKIGOVKZ}gostr34102015-gostr34112015-512", "gost-2004-employer"),
)  # fmt: skip


# DigestValue over something that is not the signed element in its form; the signer's own key signs it.


def _digest(name: str, octets: Callable[[Bearer], bytes]) -> Recipe:
    def change(message: Bearer) -> None:
        message.write(_DIGEST_VALUE, octets(message))
        message.seal()

    return Recipe(f"DigestValue over {name}", "digest-mismatch", change)


def _sha256(octets: bytes) -> bytes:
    return hashlib.sha256(octets).digest()


def _other_form(message: Bearer) -> bytes:
    exclusive = message.profile == "document"
    return etree.tostring(message.signed, method="c14n", exclusive=exclusive, with_comments=False)


def _right(message: Bearer) -> bytes:
    return _sha256(message.octets_to_digest())


DIGESTS = (
    _digest("nothing", lambda _: _sha256(b"")),
    _digest("another form", lambda message: _sha256(_other_form(message))),
    _digest("a part", lambda message: _sha256(canonical(message.signed[0]))),
    _digest("the element as it was written", lambda message: _sha256(etree.tostring(message.signed))),
    _digest("the Envelope", lambda message: _sha256(canonical(message.root))),
    _digest("the right element, cut to half", lambda message: _right(message)[:16]),
    _digest("the right element, with an octet behind it", lambda message: _right(message) + b"\0"),
    _digest("the right element, in hexadecimal", lambda message: _right(message).hex().encode()),
    _digest("the right element, by another algorithm",
            lambda message: hashlib.sha512(message.octets_to_digest()).digest()),
)  # fmt: skip

VALUES = (
    *each(*HMACS, *DOWNGRADES, *RSA_VALUES, *METHODS, *DIGESTS),
    *each(*ECDSA_VALUES, *GOST_VALUES, profiles=("wsse", "document")),
)
