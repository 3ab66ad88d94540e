"""What the password of a PKCS#12 file does: keys are derived from it, which decrypt contents and make the MAC.

PBES1 with the derivation of RFC 7292, appendix B (older tools and the national authority), and PBES2 with PBKDF2
(RFC 8018, 5.2 and 6.2; newer tools). What is not listed here is refused.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any, Final, TypeVar

from cryptography.hazmat import asn1
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.x509 import ObjectIdentifier

from esutd_bus.signature.pkcs12 import rc2

MAX_ITERATIONS: Final = 5_000_000
"""Rounds of hashing that one file may ask for, all its parts together. Tools ask for 4 000 to 2 000 000."""

T = TypeVar("T")


class Purpose(IntEnum):
    """What a derived key is for (RFC 7292, B.3)."""

    KEY = 1
    IV = 2
    MAC = 3


class Pkcs12Error(Exception):
    """A PKCS#12 file cannot be used; the message tells why, and never the password."""


@dataclass(frozen=True, slots=True)
class _BlockCipher:
    """A cipher in CBC mode. Sizes in octets."""

    key_size: int
    block_size: int
    decrypt: Callable[[bytes, bytes, bytes], bytes]
    """(key, initialisation vector, octets) → plain octets, padding included."""


def _decrypt(algorithm: type[algorithms.AES | TripleDES], key: bytes, iv: bytes, octets: bytes) -> bytes:
    decryptor = Cipher(algorithm(key), modes.CBC(iv)).decryptor()
    return decryptor.update(octets) + decryptor.finalize()


_decrypt_aes = partial(_decrypt, algorithms.AES)
_decrypt_triple_des = partial(_decrypt, TripleDES)


def _decrypt_two_key_triple_des(key: bytes, iv: bytes, octets: bytes) -> bytes:
    return _decrypt_triple_des(key + key[:8], iv, octets)


_PBES1: Final[Mapping[str, _BlockCipher]] = MappingProxyType(
    {
        "1.2.840.113549.1.12.1.3": _BlockCipher(24, 8, _decrypt_triple_des),
        "1.2.840.113549.1.12.1.4": _BlockCipher(16, 8, _decrypt_two_key_triple_des),
        "1.2.840.113549.1.12.1.5": _BlockCipher(16, rc2.BLOCK, rc2.decrypt_cbc),
        "1.2.840.113549.1.12.1.6": _BlockCipher(5, rc2.BLOCK, rc2.decrypt_cbc),
    }
)
"""pbeWithSHAAnd3-KeyTripleDES-CBC, 2-KeyTripleDES, 128BitRC2, 40BitRC2 (RFC 7292, appendix C)."""

_PBES2: Final = "1.2.840.113549.1.5.13"
_PBKDF2: Final = "1.2.840.113549.1.5.12"
_PBES2_CIPHERS: Final[Mapping[str, _BlockCipher]] = MappingProxyType(
    {
        "1.2.840.113549.3.7": _BlockCipher(24, 8, _decrypt_triple_des),
        "2.16.840.1.101.3.4.1.2": _BlockCipher(16, 16, _decrypt_aes),
        "2.16.840.1.101.3.4.1.22": _BlockCipher(24, 16, _decrypt_aes),
        "2.16.840.1.101.3.4.1.42": _BlockCipher(32, 16, _decrypt_aes),
    }
)
"""des-EDE3-CBC, AES128-CBC-PAD, AES192-CBC-PAD, AES256-CBC-PAD (RFC 8018, appendix B.2)."""

_HMACS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "1.2.840.113549.2.7": "sha1",
        "1.2.840.113549.2.8": "sha224",
        "1.2.840.113549.2.9": "sha256",
        "1.2.840.113549.2.10": "sha384",
        "1.2.840.113549.2.11": "sha512",
    }
)
"""Pseudo-random functions of PBKDF2 (RFC 8018, appendix B.1.2)."""

_DIGESTS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "1.3.14.3.2.26": hashlib.sha1,
        "2.16.840.1.101.3.4.2.4": hashlib.sha224,
        "2.16.840.1.101.3.4.2.1": hashlib.sha256,
        "2.16.840.1.101.3.4.2.2": hashlib.sha384,
        "2.16.840.1.101.3.4.2.3": hashlib.sha512,
    }
)
"""Digests of the MAC."""


@asn1.sequence
class _Pbes1Parameters:
    """`pkcs-12PbeParams` (RFC 7292, appendix C)."""

    salt: bytes
    iterations: int


@asn1.sequence
class _Pbes2Parameters:
    """RFC 8018, appendix A.4."""

    derivation: list[asn1.TLV]
    encryption: list[asn1.TLV]


@asn1.sequence
class _Pbkdf2Parameters:
    """RFC 8018, appendix A.2; without a pseudo-random function it is HMAC with SHA-1."""

    salt: bytes
    iterations: int
    key_length: int | None
    prf: list[asn1.TLV] | None


@asn1.sequence
class _DigestInfo:
    """RFC 8017, 9.2."""

    algorithm: list[asn1.TLV]
    digest: bytes


@asn1.sequence
class MacData:
    """RFC 7292, 4."""

    mac: _DigestInfo
    salt: bytes
    iterations: Annotated[int, asn1.Default(1)]


class Password:
    """A file's password, and how much hashing the file may still ask for."""

    def __init__(self, password: str) -> None:
        self._utf8 = password.encode()
        self._bmp = bmp_string(password)
        self._left = MAX_ITERATIONS

    def fits(self, mac: MacData, content: bytes) -> bool:
        """Whether the MAC over the content was made with this password. Raises `Pkcs12Error`, `ValueError`."""
        digest = _DIGESTS.get(_oid(mac.mac.algorithm))
        if digest is None:
            raise Pkcs12Error("its MAC is of a kind that is not supported")
        size = digest().digest_size
        # Of no password at all some tools make no octets, others two.
        for octets in (self._bmp,) if self._utf8 else (self._bmp, b""):
            self._charge(mac.iterations)
            key = derive(Purpose.MAC, octets, mac.salt, mac.iterations, size, digest)
            if hmac.compare_digest(hmac.digest(key, content, digest), mac.mac.digest):
                self._bmp = octets
                return True
        return False

    def decrypt(self, algorithm: list[asn1.TLV], octets: bytes) -> bytes:
        """What was encrypted. Raises `Pkcs12Error` for an unknown encryption, `ValueError` for a broken one."""
        cipher, key, iv = self._cipher(algorithm)
        unpadder = PKCS7(8 * cipher.block_size).unpadder()
        return unpadder.update(cipher.decrypt(key, iv, octets)) + unpadder.finalize()

    def _cipher(self, algorithm: list[asn1.TLV]) -> tuple[_BlockCipher, bytes, bytes]:
        """(cipher, key, initialisation vector)."""
        oid = _oid(algorithm)
        if oid == _PBES2:
            return self._pbes2(_parameters(algorithm, _Pbes2Parameters))
        cipher = _PBES1.get(oid)
        if cipher is None:
            raise _unknown(oid)
        given = _parameters(algorithm, _Pbes1Parameters)
        self._charge(3 * given.iterations)  # two for the longest key, one for the vector
        key, iv = (
            derive(purpose, self._bmp, given.salt, given.iterations, size)
            for purpose, size in ((Purpose.KEY, cipher.key_size), (Purpose.IV, cipher.block_size))
        )
        return cipher, key, iv

    def _pbes2(self, given: _Pbes2Parameters) -> tuple[_BlockCipher, bytes, bytes]:
        oid = _oid(given.encryption)
        cipher = _PBES2_CIPHERS.get(oid)
        if cipher is None:
            raise _unknown(oid)
        if _oid(given.derivation) != _PBKDF2:
            raise _unknown(_oid(given.derivation))
        derivation = _parameters(given.derivation, _Pbkdf2Parameters)
        digest = _HMACS.get(_oid(derivation.prf)) if derivation.prf else "sha1"
        if digest is None:
            raise _unknown(_oid(derivation.prf))
        self._charge(derivation.iterations)
        key = hashlib.pbkdf2_hmac(digest, self._utf8, derivation.salt, derivation.iterations, cipher.key_size)
        return cipher, key, _parameters(given.encryption, bytes)

    def _charge(self, iterations: int) -> None:
        """Keeps a hostile file from holding up the start."""
        if iterations < 1:
            raise ValueError("a derivation of no iterations")
        if iterations > self._left:
            raise Pkcs12Error(f"it asks for more than {MAX_ITERATIONS} iterations of key derivation: refused")
        self._left -= iterations


def bmp_string(password: str) -> bytes:
    """A password as PBES1 and the MAC take it (RFC 7292, B.1)."""
    return password.encode("utf-16-be") + b"\0\0"


def derive(
    purpose: Purpose,
    password: bytes,
    salt: bytes,
    iterations: int,
    size: int,
    digest: Callable[..., Any] = hashlib.sha1,
) -> bytes:
    """As many octets as asked for (RFC 7292, B.2, in the letters of its steps)."""
    v = digest().block_size
    i = _filled(salt, v) + _filled(password, v)
    derived = b""
    while len(derived) < size:
        a = bytes([purpose]) * v + i
        for _ in range(iterations):
            a = digest(a).digest()
        derived += a
        b = int.from_bytes((a * v)[:v], "big") + 1
        blocks = (int.from_bytes(i[at : at + v], "big") + b for at in range(0, len(i), v))
        i = b"".join((one & (1 << 8 * v) - 1).to_bytes(v, "big") for one in blocks)
    return derived[:size]


def _filled(octets: bytes, block: int) -> bytes:
    """Octets repeated until they fill whole blocks (RFC 7292, B.2, steps 2 and 3); none remain none."""
    size = -(-len(octets) // block) * block
    return (octets * block)[:size]


def _oid(algorithm: list[asn1.TLV] | None) -> str:
    if not algorithm:
        raise ValueError("an algorithm without a name")
    identifier: ObjectIdentifier = algorithm[0].parse(ObjectIdentifier)
    return identifier.dotted_string


def _parameters(algorithm: list[asn1.TLV], kind: type[T]) -> T:
    if len(algorithm) != 2:  # noqa: PLR2004  # a name and its parameters
        raise ValueError("an algorithm without parameters")
    return asn1.decode_der(kind, asn1.encode_der(algorithm[1]))


def _unknown(oid: str) -> Pkcs12Error:
    return Pkcs12Error(f"it is encrypted in a way that is not supported ({oid})")
