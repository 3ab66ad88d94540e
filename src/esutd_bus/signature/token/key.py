"""A key on a token, with its certificate."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pkcs11 import Attribute, Mechanism, ObjectClass, PKCS11Error
from pkcs11.types import SignMixin

from esutd_bus.signature.algorithms import Ecdsa, RsaPkcs1, SignatureAlgorithm
from esutd_bus.signature.keys import KeyFileError, KeyUnavailableError, algorithm_for
from esutd_bus.signature.token.module import token_module, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pkcs11.types import Session

    from esutd_bus.signature.token.uri import TokenUri

PAUSE_SECONDS: Final = 2.0
"""After a token could not be reached it is left alone: each try may take long, and the next message waits."""

_WHOLE: Final = {
    "sha256": Mechanism.SHA256_RSA_PKCS,
    "sha384": Mechanism.SHA384_RSA_PKCS,
    "sha512": Mechanism.SHA512_RSA_PKCS,
}
"""What hashes and signs at once. Some tokens allow these alone, others have none of them."""

_DIGEST_INFO: Final = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}
"""What stands before a digest in RSASSA-PKCS1-v1_5 (RFC 8017, 9.2, note 1)."""

_PROBE: Final = b"esutd-bus asks whether this key is its certificate's"


@dataclass(frozen=True, slots=True)
class _Found:
    """A private key in a session of one generation of its library."""

    key: Any
    certificate: x509.Certificate
    mechanisms: frozenset[Mechanism]
    generation: int


class TokenKey:
    """A private key that stays on its token.

    Its certificate stands beside it with the same CKA_ID. A session that was lost, or a token that was taken out and
    put back, is opened again once; when that fails, the key is unavailable. May be used by several threads.
    """

    certificate_chain: tuple[x509.Certificate, ...] = ()
    """Tokens have no place where the authorities would be looked for."""

    def __init__(self, uri: TokenUri, pin: str) -> None:
        """Finds the key, and proves that it is its certificate's. Raises `KeyFileError`."""
        self._uri = uri
        self._pin = pin
        self._module = token_module(uri.module_path)
        with self._module.lock:
            self._found = _newest(uri, pin)
            self.certificate = self._found.certificate
            self.algorithm = _algorithm(uri, self.certificate)
            try:
                self._prove()
            except PKCS11Error as error:
                raise KeyFileError(f"{uri}: the key does not sign: {words(error)}") from error
        self._rests_until = 0.0

    def sign(self, data: bytes, algorithm: SignatureAlgorithm) -> bytes:
        """The data's SignatureValue octets. Raises `KeyUnavailableError`."""
        with self._module.lock:
            if time.monotonic() < self._rests_until:
                raise KeyUnavailableError(f"{self._uri}: could not be reached a moment ago")
            try:
                return self._sign(data, algorithm)
            except (PKCS11Error, KeyFileError):
                self._module.begin_anew()
            try:
                return self._sign(data, algorithm)
            except (PKCS11Error, KeyFileError) as error:
                self._rests_until = time.monotonic() + PAUSE_SECONDS
                told = (
                    f"{self._uri}: cannot sign: {words(error)}"
                    if isinstance(error, PKCS11Error)
                    else str(error)
                )
                raise KeyUnavailableError(told) from error

    def _sign(self, data: bytes, algorithm: SignatureAlgorithm) -> bytes:
        if self._found.generation != self._module.generation:
            self._found = self._find_again()
            self._prove()
        return _signed(self._found, data, algorithm)

    def _find_again(self) -> _Found:
        for found in _candidates(self._uri, self._pin):
            if found.certificate == self.certificate:
                return found
        raise KeyFileError(f"{self._uri}: the key is on the token no more")

    def _prove(self) -> None:
        signature = _signed(self._found, _PROBE, self.algorithm)
        if not self.algorithm.verify(self.certificate.public_key(), signature, _PROBE):
            raise KeyFileError(f"{self._uri}: the certificate with the key's CKA_ID is not the key's")


def certificate_of(uri: TokenUri, pin: str) -> x509.Certificate:
    """The certificate of the key that a URI names now. Raises `KeyFileError`."""
    with token_module(uri.module_path).lock:
        return _newest(uri, pin).certificate


def _newest(uri: TokenUri, pin: str) -> _Found:
    """Of several keys the one whose certificate is in force and began last: so a new one is put beside the old."""
    now = datetime.now(UTC)

    def preference(found: _Found) -> tuple[bool, datetime]:
        begins, ends = found.certificate.not_valid_before_utc, found.certificate.not_valid_after_utc
        return begins <= now <= ends, begins

    try:
        candidates = list(_candidates(uri, pin))
    except PKCS11Error:
        # The session may be lost; the token may be in another slot by now.
        token_module(uri.module_path).begin_anew()
        try:
            candidates = list(_candidates(uri, pin))
        except PKCS11Error as error:
            raise KeyFileError(f"{uri}: the token cannot be searched: {words(error)}") from error
    if not candidates:
        raise KeyFileError(
            f"{uri}: the token holds no such private key with a certificate of the same CKA_ID"
        )
    return max(candidates, key=preference)


def _candidates(uri: TokenUri, pin: str) -> Iterator[_Found]:
    """Each private key that the URI names, with each certificate beside it."""
    module = token_module(uri.module_path)
    session = module.session(uri, pin)
    mechanisms = frozenset(session.token.slot.get_mechanisms())
    wanted: dict[Attribute, Any] = {Attribute.CLASS: ObjectClass.PRIVATE_KEY}
    if uri.label is not None:
        wanted[Attribute.LABEL] = uri.label
    if uri.id is not None:
        wanted[Attribute.ID] = uri.id
    for key in list(session.get_objects(wanted)):
        for certificate in _certificates(session, key[Attribute.ID]):
            yield _Found(key, certificate, mechanisms, module.generation)


def _certificates(session: Session, identifier: bytes) -> Iterator[x509.Certificate]:
    wanted = {Attribute.CLASS: ObjectClass.CERTIFICATE, Attribute.ID: identifier}
    for one in list(session.get_objects(wanted)):
        try:
            yield x509.load_der_x509_certificate(one[Attribute.VALUE])
        except ValueError:
            continue


def _algorithm(uri: TokenUri, certificate: x509.Certificate) -> SignatureAlgorithm:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise KeyFileError(f"{uri}: the key is neither RSA nor elliptic curve")
    return algorithm_for(key)


def _signed(found: _Found, data: bytes, algorithm: SignatureAlgorithm) -> bytes:
    """PKCS#11's signatures are XMLDSig's: of ECDSA too, r‖s (PKCS#11 2.40, 2.3.1)."""
    if not isinstance(found.key, SignMixin):
        raise PKCS11Error("CKA_SIGN is not set")
    match algorithm:
        case RsaPkcs1(hash=digest) if _WHOLE[digest.name] in found.mechanisms:
            octets, mechanism = data, _WHOLE[digest.name]
        case RsaPkcs1(hash=digest):
            octets, mechanism = _DIGEST_INFO[digest.name] + _digest(digest, data), Mechanism.RSA_PKCS
        case Ecdsa(hash=digest):
            octets, mechanism = _digest(digest, data), Mechanism.ECDSA
        case _:
            raise TypeError(f"no algorithm for tokens: {algorithm.identifier}")
    return bytes(found.key.sign(octets, mechanism=mechanism))


def _digest(algorithm: hashes.HashAlgorithm, data: bytes) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(data)
    return digest.finalize()
