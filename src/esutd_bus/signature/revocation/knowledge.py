"""Everything that is known of revocation: lists by authority, OCSP answers by certificate. In memory, no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from esutd_bus.signature.certificates import identity, summarize
from esutd_bus.signature.revocation.ocsp_answer import OcspAnswer, read_ocsp_answer
from esutd_bus.signature.revocation.problem import NotBelieved
from esutd_bus.signature.revocation.revocation_list import CurrentList, RevocationList, current_lists
from esutd_bus.signature.revocation.revocation_status import RevocationStatus, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography import x509

    from esutd_bus.signature.revocation.entries import Entry
    from esutd_bus.signature.revocation.period import Period, Tolerance

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An OCSP answer as it was kept; it is verified when it is first needed."""

    der: bytes
    source: str
    """The responder's address."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What one source tells of one certificate."""

    source: str
    period: Period
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class Known:
    """Of one certificate, whatever the moment."""

    subject: str
    told: tuple[_Told, ...]
    """The newest first."""

    tolerance: Tolerance

    def status(self, now: datetime) -> RevocationStatus:
        """What that means at a moment.

        Whoever says that the certificate was revoked is believed, however long ago it was said: a thief of keys gains
        nothing by keeping newer lists away. That it was not is believed only of a source that speaks of this moment.
        """
        for one in self.told:
            if one.entry is not None and one.entry.revoked_at <= now:
                return self._status(State.REVOKED, one, one.entry)
        for one in self.told:
            if one.period.failing(now, self.tolerance) is None:
                return self._status(State.GOOD, one)
        return self._status(State.UNKNOWN, self.told[0] if self.told else None)

    def _status(self, state: State, told: _Told | None, entry: Entry | None = None) -> RevocationStatus:
        if told is None:
            return RevocationStatus(self.subject, state)
        return RevocationStatus(
            subject=self.subject,
            state=state,
            source=told.source,
            as_of=told.period.this_update,
            due=told.period.next_update,
            revoked_at=entry.revoked_at if entry else None,
            reason=entry.reason.value if entry else None,
        )


class RevocationKnowledge:
    """Used by one thread, but `replace_lists` and `keep_answers`, which put whole values in place, by any."""

    def __init__(self, tolerance: Tolerance, *, answer_lifetime: timedelta) -> None:
        """`answer_lifetime`: how long an OCSP answer speaks that does not say so itself."""
        self.tolerance = tolerance
        self._answer_lifetime = answer_lifetime
        self._lists: Mapping[x509.Certificate, tuple[tuple[str, CurrentList], ...]] = {}
        self._stored: dict[str, StoredAnswer] = {}
        self._answers: dict[str, OcspAnswer | None] = {}
        self.version = 0
        """Grows with each change."""

    def replace_lists(self, lists: Mapping[str, RevocationList]) -> None:
        """Address → list: from now on these, and no others."""
        addresses = {id(one): address for address, one in lists.items()}
        authorities = {authority for one in lists.values() for authority in one.authorities}
        self._lists = {
            authority: tuple(
                (addresses[id(current.delta or current.whole)], current)
                for current in current_lists(one for one in lists.values() if authority in one.authorities)
            )
            for authority in authorities
        }
        self.version += 1

    def keep_answers(self, answers: Mapping[str, StoredAnswer]) -> None:
        """Which certificate (`certificates.identity`) → the newest answer about it."""
        self._stored |= answers
        for name in answers:
            self._answers.pop(name, None)
        self.version += 1

    def known(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Known:
        """What is known of a certificate, which the issuer has issued. It holds until `version` changes."""
        told = [*self._by_lists(certificate, issuer), *self._by_ocsp(certificate, issuer)]
        told.sort(key=lambda one: one.period.this_update, reverse=True)
        return Known(summarize(certificate).subject, tuple(told), self.tolerance)

    def _by_lists(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Iterator[_Told]:
        for address, current in self._lists.get(issuer, ()):
            if current.whole.scope.covers(certificate):
                yield _Told(address, current.period, current.find(certificate.serial_number))

    def _by_ocsp(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Iterator[_Told]:
        if not self._stored:
            return
        name = identity(certificate)
        stored = self._stored.get(name)
        if stored is None:
            return
        if name not in self._answers:
            self._answers[name] = self._read(stored, certificate, issuer)
        answer = self._answers[name]
        if answer is None or not answer.is_known or self._is_revoked(answer.responder, issuer):
            return
        yield _Told(stored.source, answer.period, answer.entry)

    def _read(
        self, stored: StoredAnswer, certificate: x509.Certificate, issuer: x509.Certificate
    ) -> OcspAnswer | None:
        try:
            return read_ocsp_answer(
                stored.der, certificate.serial_number, issuer, lifetime=self._answer_lifetime
            )
        except NotBelieved as problem:
            _log.warning(
                "an OCSP answer that was kept does not hold", source=stored.source, problem=str(problem)
            )
            return None

    def _is_revoked(self, responder: x509.Certificate, issuer: x509.Certificate) -> bool:
        """Whether a responder was revoked itself (RFC 6960, 4.2.2.2.1).

        Lists alone can tell: by OCSP it would answer for itself.
        """
        return responder is not issuer and any(
            current.find(responder.serial_number) for _, current in self._lists.get(issuer, ())
        )
