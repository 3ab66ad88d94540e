"""OCSP responders are asked about the certificates that messages are judged by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import psycopg
import structlog
from cryptography import x509

from esutd_bus.signature.revocation.cert_id import CertId
from esutd_bus.signature.revocation.ocsp_answer import OcspAnswer, read_ocsp_answer
from esutd_bus.signature.revocation.ocsp_request import MEDIA_TYPE, OcspRequest
from esutd_bus.signature.revocation.problem import NotBelieved, Problem
from esutd_bus.store import certificate_statuses as store
from esutd_bus.store.certificate_statuses import DueCertificate, Failure, KeptAnswer
from esutd_bus.work import retrying
from esutd_bus.work.collecting import NotCollected

if TYPE_CHECKING:
    from esutd_bus.work.collecting import Collector
    from esutd_bus.work.sources import Sources

AT_ONCE: Final = 20
"""Certificates asked about in one go; then what was learned is kept, and running nodes are told."""

_log = structlog.get_logger(__name__)


class StatusRefresher:
    """Asks. An answer that does not hold replaces nothing."""

    def __init__(self, sources: Sources, collector: Collector, clock: Callable[[], datetime]) -> None:
        """`clock`: the present that answers are judged at; when to try again is told by the machine's own."""
        self._sources = sources
        self._collector = collector
        self._clock = clock
        self._resting: dict[str, tuple[datetime, int]] = {}
        """A responder that did not answer → until when it is left alone, and how often it did not."""

    def refresh(self, connection: psycopg.Connection[dict[str, Any]], seen_since: datetime) -> None:
        """Asks about some of the certificates that are due, while a responder answers. Raises psycopg.Error."""
        answers, failures = [], []
        for certificate in store.due(connection, datetime.now(UTC), seen_since, AT_ONCE):
            if not self._awake():
                break
            outcome = self._ask(certificate)
            if isinstance(outcome, KeptAnswer):
                answers.append(outcome)
            else:
                failures.append(outcome)
        store.keep(connection, answers, failures)

    def _awake(self) -> list[str]:
        now = datetime.now(UTC)
        return [
            url for url in self._sources.ocsp_urls if url not in self._resting or self._resting[url][0] <= now
        ]

    def _ask(self, due: DueCertificate) -> KeptAnswer | Failure:
        issuer = self._sources.authorities.get(due.issuer_fingerprint)
        errors = ["its issuer is trusted no more"] if issuer is None else []
        unknown: KeptAnswer | None = None
        if issuer is not None:
            serial = x509.load_der_x509_certificate(due.certificate).serial_number
            for url in self._awake():
                try:
                    der, answer = self._answer(url, serial, issuer, due.produced_at)
                except (NotCollected, NotBelieved) as error:
                    errors.append(f"{url}: {error}")
                    continue
                kept = self._kept(due, url, der, answer)
                if answer.is_known:
                    return kept
                unknown = unknown or kept
        if unknown is not None:
            return unknown
        now = datetime.now(UTC)
        told = "; ".join(errors) or "no responder answers"
        _log.warning("no OCSP answer", certificate=due.fingerprint, error=told, failures=due.failures + 1)
        next_try = retrying.after_failure(now, self._sources.ocsp_interval, due.failures)
        return Failure(due.fingerprint, told, now, next_try)

    def _answer(
        self, url: str, serial: int, issuer: x509.Certificate, known_at: datetime | None
    ) -> tuple[bytes, OcspAnswer]:
        request = OcspRequest.about(CertId.of(serial, issuer, self._sources.ocsp_hash))
        try:
            der = self._collector.post(url, request.der, MEDIA_TYPE)
        except NotCollected:
            self._let_rest(url)
            raise
        self._resting.pop(url, None)
        answer = read_ocsp_answer(
            der,
            serial,
            issuer,
            lifetime=self._sources.answer_lifetime,
            nonce=request.nonce,
            may_lack_nonce=not self._sources.ocsp_nonce_required,
        )
        answer.period.require(self._clock(), self._sources.tolerance)
        if known_at is not None and answer.produced_at < known_at:
            raise NotBelieved(Problem.STALE, "it is older than the answer that is here")
        return der, answer

    def _let_rest(self, url: str) -> None:
        now = datetime.now(UTC)
        _, failures = self._resting.get(url, (now, 0))
        self._resting[url] = retrying.after_failure(now, self._sources.ocsp_interval, failures), failures + 1

    def _kept(self, due: DueCertificate, url: str, der: bytes, answer: OcspAnswer) -> KeptAnswer:
        now = datetime.now(UTC)
        status = "revoked" if answer.entry else "good" if answer.is_known else "unknown"
        return KeptAnswer(
            fingerprint=due.fingerprint,
            status=status,
            source=url,
            produced_at=answer.produced_at,
            next_update=answer.period.next_update,
            answer=der,
            asked_at=now,
            next_try=retrying.after_success(now, self._sources.ocsp_interval, answer.period.next_update),
        )
