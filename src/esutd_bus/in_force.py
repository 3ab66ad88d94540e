"""What is in force: dictionaries and partners as the database has them, read anew when it has a newer edition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from esutd_bus.register.calendar import Calendar
from esutd_bus.register.dictionaries import Dictionaries
from esutd_bus.register.limits import Limits
from esutd_bus.register.partners import Partners
from esutd_bus.register.rulebook import Rulebook
from esutd_bus.signature.known import CertificateIndex
from esutd_bus.store import dictionaries, partners
from esutd_bus.store.connection import Connection
from esutd_bus.store.editions import DICTIONARIES, PARTNERS, Read


class CertificatesInForce:
    """`KnownCertificates` of the newest edition that was read."""

    def __init__(self) -> None:
        self._index = CertificateIndex(())

    def find(self, issuer: str, serial: int) -> bytes | None:
        """The certificate's DER, if it is known and not withdrawn."""
        return self._index.find(issuer, serial)

    def replace(self, certificates: Iterable[bytes]) -> None:
        """From now on these, DER."""
        self._index = CertificateIndex(certificates)


class InForce:
    """One per process. A reader of the present holds an edition as long as it likes: none is ever changed."""

    def __init__(self, calendar: Calendar, limits: Limits, checks: frozenset[str] = frozenset()) -> None:
        self._calendar = calendar
        self._checks = checks
        self._limits = limits
        self._dictionaries: Dictionaries | None = None
        self._partners = Partners()
        self.certificates = CertificatesInForce()
        """The partners' certificates: an object that stays, whatever edition it stands for."""
        self._rulebook: Rulebook | None = None

    @property
    def follows(self) -> Mapping[str, Read]:
        """What the store is to have read, and by whom."""
        return MappingProxyType({DICTIONARIES: self._read_dictionaries, PARTNERS: self._read_partners})

    def rulebook(self) -> Rulebook:
        """All that rules lean on."""
        if self._rulebook is None:
            if self._dictionaries is None:
                raise RuntimeError("the dictionaries are not read yet")
            self._rulebook = Rulebook(
                self._dictionaries,
                self._calendar,
                self._limits,
                partners=self._partners,
                checks=self._checks,
            )
        return self._rulebook

    def partners(self) -> Partners:
        """The partners; none before they are read."""
        return self._partners

    async def _read_dictionaries(self, connection: Connection) -> None:
        self._dictionaries, self._rulebook = await dictionaries.read(connection), None

    async def _read_partners(self, connection: Connection) -> None:
        book = await partners.read(connection)
        self._partners, self._rulebook = book.partners, None
        self.certificates.replace(book.certificates)
