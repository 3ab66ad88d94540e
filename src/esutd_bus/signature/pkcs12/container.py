"""The PKCS#12 file itself (RFC 7292, 4): its MAC first, then which keys and certificates are in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Final

from cryptography import x509
from cryptography.hazmat import asn1

from esutd_bus.signature.pkcs12.ber import join_octet_strings, sequence_of, split, to_der
from esutd_bus.signature.pkcs12.encryption import MacData, Password, Pkcs12Error

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_OCTETS: Final = 1 << 20
"""Of a file. A key with its certificates takes a few thousand."""

MAX_PARTS: Final = 64
"""Contents in a file, and things in each."""

_VERSION: Final = 3
_DATA: Final = x509.ObjectIdentifier("1.2.840.113549.1.7.1")
_ENCRYPTED_DATA: Final = x509.ObjectIdentifier("1.2.840.113549.1.7.6")
_KEY_BAG: Final = x509.ObjectIdentifier("1.2.840.113549.1.12.10.1.1")
_SHROUDED_KEY_BAG: Final = x509.ObjectIdentifier("1.2.840.113549.1.12.10.1.2")
_CERTIFICATE_BAG: Final = x509.ObjectIdentifier("1.2.840.113549.1.12.10.1.3")
_X509: Final = x509.ObjectIdentifier("1.2.840.113549.1.9.22.1")
_PRIMITIVE: Final = b"\x80"
_CONSTRUCTED: Final = b"\xa0"


@asn1.sequence
class _ContentInfo:
    """RFC 5652, 3."""

    kind: x509.ObjectIdentifier
    content: Annotated[asn1.TLV, asn1.Explicit(0)]


@asn1.sequence
class _Pfx:
    """RFC 7292, 4."""

    version: int
    content: _ContentInfo
    mac: MacData | None


@asn1.sequence
class _EncryptedContentInfo:
    """RFC 5652, 6.1. The octets may come in pieces, so their tag is looked at here."""

    kind: x509.ObjectIdentifier
    algorithm: list[asn1.TLV]
    octets: asn1.TLV


@asn1.sequence
class _EncryptedData:
    """RFC 5652, 8."""

    version: int
    content: _EncryptedContentInfo


@asn1.sequence
class _Bag:
    """`SafeBag` (RFC 7292, 4.2)."""

    kind: x509.ObjectIdentifier
    value: Annotated[asn1.TLV, asn1.Explicit(0)]
    attributes: asn1.SetOf[asn1.TLV] | None


@asn1.sequence
class _EncryptedPrivateKeyInfo:
    """RFC 5958, 3."""

    algorithm: list[asn1.TLV]
    octets: bytes


@asn1.sequence
class _CertificateBag:
    """RFC 7292, 4.2.3."""

    kind: x509.ObjectIdentifier
    octets: Annotated[bytes, asn1.Explicit(0)]


@dataclass(frozen=True, slots=True)
class Container:
    """What a file holds, in its order."""

    keys: tuple[bytes, ...] = field(repr=False)
    """Private keys: PKCS#8 `PrivateKeyInfo`, DER (RFC 5208, 5)."""

    certificates: tuple[x509.Certificate, ...]


def open_container(octets: bytes, password: str) -> Container:
    """What a file holds. Raises `Pkcs12Error` with the reason why it cannot be told, and nothing else."""
    if len(octets) > MAX_OCTETS:
        raise Pkcs12Error(f"no PKCS#12 file: larger than {MAX_OCTETS} octets")
    try:
        secret = Password(password)
    except UnicodeEncodeError:  # which quotes it
        raise Pkcs12Error("the password is no text in UTF-8") from None
    try:
        pfx = asn1.decode_der(_Pfx, to_der(octets))
        content = _data(pfx.content)
    except ValueError as error:
        raise Pkcs12Error("no PKCS#12 file, or a damaged one") from error
    if pfx.version != _VERSION or pfx.mac is None:
        raise Pkcs12Error("a PKCS#12 file without a MAC, or of another version: not supported")
    try:
        if not secret.fits(pfx.mac, content):
            raise Pkcs12Error("the password is not its, or the file is damaged: the MAC does not fit")
        return _contents(content, secret)
    except ValueError as error:
        raise Pkcs12Error("a damaged PKCS#12 file: its contents cannot be read") from error


def _contents(authenticated_safe: bytes, password: Password) -> Container:
    keys, certificates = [], []
    for bag in _bags(authenticated_safe, password):
        value = asn1.encode_der(bag.value)
        if bag.kind == _KEY_BAG:
            keys.append(value)
        elif bag.kind == _SHROUDED_KEY_BAG:
            shrouded = asn1.decode_der(_EncryptedPrivateKeyInfo, value)
            keys.append(to_der(password.decrypt(shrouded.algorithm, shrouded.octets)))
        elif bag.kind == _CERTIFICATE_BAG:
            certificate = asn1.decode_der(_CertificateBag, value)
            if certificate.kind == _X509:
                certificates.append(x509.load_der_x509_certificate(certificate.octets))
    return Container(tuple(keys), tuple(certificates))


def _bags(authenticated_safe: bytes, password: Password) -> Iterator[_Bag]:
    for info in _few(sequence_of(authenticated_safe)):
        for bag in _few(sequence_of(_safe_contents(asn1.decode_der(_ContentInfo, info), password))):
            yield asn1.decode_der(_Bag, bag)


def _safe_contents(info: _ContentInfo, password: Password) -> bytes:
    if info.kind == _DATA:
        return _data(info)
    if info.kind != _ENCRYPTED_DATA:
        raise Pkcs12Error(
            f"its contents are wrapped in a way that is not supported ({info.kind.dotted_string})"
        )
    encrypted = asn1.decode_der(_EncryptedData, asn1.encode_der(info.content)).content
    octets = bytes(encrypted.octets.data)
    if encrypted.octets.tag_bytes == _CONSTRUCTED:
        octets = join_octet_strings(split(octets))
    elif encrypted.octets.tag_bytes != _PRIMITIVE:
        raise ValueError("no encrypted content")
    return password.decrypt(encrypted.algorithm, octets)


def _data(info: _ContentInfo) -> bytes:
    if info.kind != _DATA:
        raise ValueError("no data")
    octets: bytes = info.content.parse(bytes)
    return octets


def _few(parts: list[bytes]) -> list[bytes]:
    if len(parts) > MAX_PARTS:
        raise ValueError("too many parts")
    return parts
