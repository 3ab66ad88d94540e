"""PKCS#12 files with GOST keys, which `cryptography` cannot write; shaped like the national authority's.

Its files' encryption is 3DES for the key and RC2 for the certificates, its MAC is made with SHA-1; here the
certificates are under 3DES too. The key's number is an OCTET STRING, least octet first.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, Annotated, Any, Final

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding

from esutd_bus.signature.gost.certificates import GostKeyAlgorithm, GostKeyInfo
from esutd_bus.signature.pkcs12.encryption import Purpose, bmp_string, derive
from esutd_bus.testbed.gost_ca import key_info

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esutd_bus.signature.gost.keys import GostPrivateKey

_ITERATIONS: Final = 1024
_SALT_SIZE: Final = 20
_MAC_SIZE: Final = 20
_DATA: Final = x509.ObjectIdentifier("1.2.840.113549.1.7.1")
_ENCRYPTED_DATA: Final = x509.ObjectIdentifier("1.2.840.113549.1.7.6")
_SHROUDED_KEY_BAG: Final = x509.ObjectIdentifier("1.2.840.113549.1.12.10.1.2")
_CERTIFICATE_BAG: Final = x509.ObjectIdentifier("1.2.840.113549.1.12.10.1.3")
_X509: Final = x509.ObjectIdentifier("1.2.840.113549.1.9.22.1")
_LOCAL_KEY_ID: Final = x509.ObjectIdentifier("1.2.840.113549.1.9.21")
_TRIPLE_DES: Final = x509.ObjectIdentifier("1.2.840.113549.1.12.1.3")
_SHA1: Final = x509.ObjectIdentifier("1.3.14.3.2.26")


@asn1.sequence
class _EncryptionParameters:
    salt: bytes
    iterations: int


@asn1.sequence
class _Encryption:
    algorithm: x509.ObjectIdentifier
    parameters: _EncryptionParameters


@asn1.sequence
class _PrivateKeyInfo:
    version: int
    algorithm: GostKeyAlgorithm
    key: bytes


@asn1.sequence
class _EncryptedPrivateKeyInfo:
    algorithm: _Encryption
    octets: bytes


@asn1.sequence
class _CertificateBag:
    kind: x509.ObjectIdentifier
    octets: Annotated[bytes, asn1.Explicit(0)]


@asn1.sequence
class _Attribute:
    kind: x509.ObjectIdentifier
    values: asn1.SetOf[bytes]


@asn1.sequence
class _Bag:
    kind: x509.ObjectIdentifier
    value: Annotated[asn1.TLV, asn1.Explicit(0)]
    attributes: asn1.SetOf[_Attribute] | None


@asn1.sequence
class _Members:
    members: list[asn1.TLV]


@asn1.sequence
class _ContentInfo:
    kind: x509.ObjectIdentifier
    content: Annotated[asn1.TLV, asn1.Explicit(0)]


@asn1.sequence
class _EncryptedContentInfo:
    kind: x509.ObjectIdentifier
    algorithm: _Encryption
    octets: Annotated[bytes, asn1.Implicit(0)]


@asn1.sequence
class _EncryptedData:
    version: int
    content: _EncryptedContentInfo


@asn1.sequence
class _DigestAlgorithm:
    algorithm: x509.ObjectIdentifier
    parameters: asn1.Null


@asn1.sequence
class _DigestInfo:
    algorithm: _DigestAlgorithm
    digest: bytes


@asn1.sequence
class _MacData:
    mac: _DigestInfo
    salt: bytes
    iterations: int


@asn1.sequence
class _Pfx:
    version: int
    content: _ContentInfo
    mac: _MacData


def pkcs8(key: GostPrivateKey, inside: bytes | None = None) -> bytes:
    """The key as `PrivateKeyInfo` (RFC 5208, 5), DER; with other octets inside than the usual ones if given."""
    algorithm = asn1.decode_der(GostKeyInfo, key_info(key.public_key)).algorithm
    number = asn1.encode_der(int(key.d).to_bytes(key.curve.size, "little"))
    return asn1.encode_der(_PrivateKeyInfo(version=0, algorithm=algorithm, key=inside or number))


def pkcs12(keys: Sequence[bytes], certificates: Sequence[x509.Certificate], password: str) -> bytes:
    """A file with keys (PKCS#8) and certificates, the keys' own first."""
    return sealed(authenticated_safe(keys, certificates, password), password)


def authenticated_safe(
    keys: Sequence[bytes], certificates: Sequence[x509.Certificate], password: str
) -> bytes:
    """`AuthenticatedSafe`, DER: what the MAC is made over."""
    key_bags = [
        _bag(_SHROUDED_KEY_BAG, _shrouded(key, password), local_key_id=number)
        for number, key in enumerate(keys)
    ]
    certificate_bags = [
        _bag(
            _CERTIFICATE_BAG,
            _CertificateBag(kind=_X509, octets=one.public_bytes(Encoding.DER)),
            local_key_id=number if number < len(keys) else None,
        )
        for number, one in enumerate(certificates)
    ]
    encryption, octets = _encrypted(_sequence_of(certificate_bags), password)
    encrypted = _EncryptedData(
        version=0, content=_EncryptedContentInfo(kind=_DATA, algorithm=encryption, octets=octets)
    )
    return _sequence_of(
        [_content_info(_ENCRYPTED_DATA, encrypted), _content_info(_DATA, _sequence_of(key_bags))]
    )


def sealed(safe: bytes, password: str) -> bytes:
    """The file around an `AuthenticatedSafe`, with the MAC over it."""
    salt = secrets.token_bytes(_SALT_SIZE)
    mac_key = derive(Purpose.MAC, bmp_string(password), salt, _ITERATIONS, _MAC_SIZE)
    digest = _DigestInfo(
        algorithm=_DigestAlgorithm(algorithm=_SHA1, parameters=asn1.Null()),
        digest=hmac.digest(mac_key, safe, "sha1"),
    )
    mac = _MacData(mac=digest, salt=salt, iterations=_ITERATIONS)
    return asn1.encode_der(_Pfx(version=3, content=_content_info(_DATA, safe), mac=mac))


def _shrouded(key: bytes, password: str) -> _EncryptedPrivateKeyInfo:
    encryption, octets = _encrypted(key, password)
    return _EncryptedPrivateKeyInfo(algorithm=encryption, octets=octets)


def _encrypted(octets: bytes, password: str) -> tuple[_Encryption, bytes]:
    salt = secrets.token_bytes(_SALT_SIZE)
    key, iv = (
        derive(purpose, bmp_string(password), salt, _ITERATIONS, size)
        for purpose, size in ((Purpose.KEY, 24), (Purpose.IV, 8))
    )
    padder = PKCS7(TripleDES.block_size).padder()
    encryptor = Cipher(TripleDES(key), modes.CBC(iv)).encryptor()
    encrypted = encryptor.update(padder.update(octets) + padder.finalize()) + encryptor.finalize()
    parameters = _EncryptionParameters(salt=salt, iterations=_ITERATIONS)
    return _Encryption(algorithm=_TRIPLE_DES, parameters=parameters), encrypted


def _bag(kind: x509.ObjectIdentifier, value: Any, *, local_key_id: int | None) -> _Bag:
    """A key and its certificate bear the same id: by it most tools know that they belong together."""
    attributes = None
    if local_key_id is not None:
        values = asn1.SetOf([bytes([local_key_id])])
        attributes = asn1.SetOf([_Attribute(kind=_LOCAL_KEY_ID, values=values)])
    return _Bag(kind=kind, value=_tlv(value), attributes=attributes)


def _content_info(kind: x509.ObjectIdentifier, content: Any) -> _ContentInfo:
    return _ContentInfo(kind=kind, content=_tlv(content))


def _sequence_of(members: Sequence[Any]) -> bytes:
    """`SEQUENCE OF`, DER, which the library encodes within a sequence alone."""
    return bytes(_tlv(_Members(members=[_tlv(member) for member in members])).data)


def _tlv(value: Any) -> asn1.TLV:
    return asn1.decode_der(asn1.TLV, asn1.encode_der(value))
