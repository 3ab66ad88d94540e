"""Certificates known beforehand, for messages that name theirs by issuer and serial number alone."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, Protocol

from cryptography import x509

from esutd_bus.signature.certificates import MALFORMED
from esutd_bus.signature.issuer_name import ComparableName, comparable, parse, same

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAMES_REMEMBERED: Final = 256


class KnownCertificates(Protocol):
    """Where `ds:X509IssuerSerial` is looked up."""

    def find(self, issuer: str, serial: int) -> bytes | None:
        """The certificate's DER; none where it is not known. `issuer` is spelt as in the message."""


class CertificateIndex:
    """Known certificates in memory. Only finds them: what is found is judged like one that a message brings."""

    def __init__(self, certificates: Iterable[bytes]) -> None:
        """From DERs. Raises ValueError for one that cannot be read."""
        self._by_serial: dict[int, list[tuple[ComparableName, bytes]]] = {}
        for der in certificates:
            try:
                certificate = x509.load_der_x509_certificate(der)
                issuer, serial = comparable(certificate.issuer), certificate.serial_number
            except MALFORMED as error:
                raise ValueError(f"no X.509 certificate: {error}") from error
            self._by_serial.setdefault(serial, []).append((issuer, der))
        self._parse = lru_cache(_NAMES_REMEMBERED)(parse)

    def find(self, issuer: str, serial: int) -> bytes | None:
        """The certificate's DER, however the issuer's name is spelt."""
        candidates = self._by_serial.get(serial)
        told = self._parse(issuer) if candidates else None
        if not candidates or told is None:
            return None
        return next((der for name, der in candidates if same(name, told)), None)
