"""What a revocation list lists, packed: lists have hundreds of thousands of entries, and every worker holds them.

An entry takes 29 octets, and is found by bisection: some twenty steps in half a million.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.x509.oid import CRLEntryExtensionOID

from esutd_bus.signature.revocation.problem import NotBelieved, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

_SERIAL_OCTETS: Final = 20
"""RFC 5280, 4.1.2.2: a serial number has at most twenty."""

_RECORD: Final = struct.Struct(f">{_SERIAL_OCTETS}sBq")
"""Serial number, place of the reason in `_REASONS`, seconds since 1970: in this order they sort."""

_REASONS: Final = (
    *(reason for reason in x509.ReasonFlags if reason is not x509.ReasonFlags.remove_from_crl),
    x509.ReasonFlags.remove_from_crl,
)
"""The removal last: of several entries about one certificate it counts only where it is alone."""

_PLACES: Final = {reason: place for place, reason in enumerate(_REASONS)}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_PROCESSED: Final = frozenset({CRLEntryExtensionOID.CRL_REASON, CRLEntryExtensionOID.INVALIDITY_DATE})
"""certificateIssuer is not: indirect lists are not taken (RFC 5280, 5.3.3)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One revoked certificate."""

    revoked_at: datetime
    reason: x509.ReasonFlags

    @property
    def is_removal(self) -> bool:
        """A delta tells that the certificate is no longer on hold (RFC 5280, 5.3.1)."""
        return self.reason is x509.ReasonFlags.remove_from_crl


class Entries:
    """Looked up by serial number."""

    def __init__(self, revoked: Iterable[x509.RevokedCertificate]) -> None:
        """Raises `NotBelieved` for an entry that asks for more than is processed, ValueError for a broken one."""
        self._packed = b"".join(sorted(map(_pack, revoked)))

    def __len__(self) -> int:
        """How many."""
        return len(self._packed) // _RECORD.size

    def find(self, serial: int) -> Entry | None:
        """The entry about a certificate, if there is one."""
        if not 0 <= serial < 1 << 8 * _SERIAL_OCTETS:
            return None
        wanted = serial.to_bytes(_SERIAL_OCTETS, "big")
        place = bisect_left(range(len(self)), wanted, key=self._serial)
        if place == len(self) or self._serial(place) != wanted:
            return None
        _, reason, seconds = _RECORD.unpack_from(self._packed, place * _RECORD.size)
        return Entry(_EPOCH + timedelta(seconds=seconds), _REASONS[reason])

    @property
    def has_removals(self) -> bool:
        """Whether some entry is a removal, which only a delta may have."""
        removal = _PLACES[x509.ReasonFlags.remove_from_crl]
        return removal in self._packed[_SERIAL_OCTETS :: _RECORD.size]

    def _serial(self, place: int) -> bytes:
        start = place * _RECORD.size
        return self._packed[start : start + _SERIAL_OCTETS]


def _pack(revoked: x509.RevokedCertificate) -> bytes:
    reason = x509.ReasonFlags.unspecified
    for extension in revoked.extensions:
        if isinstance(extension.value, x509.CRLReason):
            reason = extension.value.reason
        elif extension.critical and extension.oid not in _PROCESSED:
            raise NotBelieved(
                Problem.EXTENSION,
                f"an entry's critical extension {extension.oid.dotted_string} is not processed",
            )
    seconds = int(revoked.revocation_date_utc.timestamp())
    return _RECORD.pack(revoked.serial_number.to_bytes(_SERIAL_OCTETS, "big"), _PLACES[reason], seconds)
