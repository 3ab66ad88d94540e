"""What a serving process remembers of revocation: lists and answers from the database, read again when they change."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from esutd_bus.signature.certificates import identity
from esutd_bus.signature.revocation.knowledge import RevocationKnowledge, StoredAnswer
from esutd_bus.signature.revocation.period import Tolerance
from esutd_bus.signature.revocation.problem import NotBelieved
from esutd_bus.signature.revocation.revocation import Revocation
from esutd_bus.signature.revocation.revocation_list import RevocationList, read_revocation_list
from esutd_bus.store import certificate_statuses, revocation_lists
from esutd_bus.store.certificate_statuses import SeenCertificate

if TYPE_CHECKING:
    from cryptography import x509

    from esutd_bus.settings import Settings
    from esutd_bus.signature.trust import TrustStore
    from esutd_bus.store.connection import Connection

SEEN_LATELY: Final = timedelta(days=7)
"""A certificate that was not used for longer is not asked about, and not remembered."""

NOTE_INTERVAL_SECONDS: Final = 1.0
MAX_TO_NOTE: Final = 4096
"""More certificates than that within one interval are noted when they are used again."""

_log = structlog.get_logger(__name__)


def tolerance(settings: Settings) -> Tolerance:
    """How strictly the times of lists and answers are taken."""
    return Tolerance(grace=timedelta(hours=settings.revocation_grace_hours))


def answer_lifetime(settings: Settings) -> timedelta:
    """How long an answer speaks that does not say so itself: until it should have been asked for anew, twice."""
    return timedelta(minutes=2 * settings.ocsp_interval_minutes)


class RevocationMemory:
    """One per process, used by its event loop: `revocation` judges by what `read` has read."""

    def __init__(self, settings: Settings, trust: TrustStore) -> None:
        self._trust = trust
        self._urls = settings.crl_urls
        self._knowledge = RevocationKnowledge(tolerance(settings), answer_lifetime=answer_lifetime(settings))
        self._to_note: dict[str, SeenCertificate] = {}
        self.revocation = Revocation(
            self._knowledge,
            required=settings.revocation_policy == "require",
            **({"seen": self._see} if settings.ocsp_urls else {}),
        )
        self._list_versions: Mapping[str, int] = {}
        self._lists: dict[str, RevocationList] = {}
        self._answers_version = 0
        self._parsing: asyncio.Task[None] | None = None

    async def read(self, connection: Connection) -> None:
        """Reads what has changed (a `store.editions.Read`).

        The first time lists are there when it returns; later they are parsed in a thread, and messages go on meanwhile.
        """
        await self._read_answers(connection)
        versions = await revocation_lists.versions(connection, self._urls)
        changed = [url for url, version in versions.items() if self._list_versions.get(url) != version]
        if not changed:
            return
        octets = await revocation_lists.read(connection, changed)
        is_first = not self._list_versions
        self._list_versions = versions
        self._parsing = asyncio.create_task(self._parse(octets, self._parsing), name="revocation-lists")
        if is_first:
            await self._parsing

    async def note_seen(self, connection: Connection) -> None:
        """Notes the certificates seen since the last time, so that a responder is asked about them."""
        if self._to_note:
            seen, self._to_note = self._to_note, {}
            try:
                await certificate_statuses.note(connection, list(seen.values()))
            except BaseException:
                self._to_note = seen | self._to_note
                raise

    async def _read_answers(self, connection: Connection) -> None:
        since = datetime.now(UTC) - SEEN_LATELY
        rows = await certificate_statuses.changed_since(connection, self._answers_version, since)
        if rows:
            self._knowledge.keep_answers(
                {row["fingerprint"]: StoredAnswer(row["answer"], row["source"]) for row in rows}
            )
            self._answers_version = max(row["changed_in"] for row in rows)

    async def _parse(self, octets: Mapping[str, bytes], before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await before
        for url, der in octets.items():
            try:
                self._lists[url] = await asyncio.to_thread(read_revocation_list, der, self._trust.authorities)
            except NotBelieved as problem:
                # Whoever fetched it trusted other authorities than we do.
                self._lists.pop(url, None)
                _log.warning("a revocation list that was kept does not hold", url=url, problem=str(problem))
        self._knowledge.replace_lists(dict(self._lists))

    def _see(self, certificate: x509.Certificate, issuer: x509.Certificate) -> None:
        if len(self._to_note) < MAX_TO_NOTE:
            name = identity(certificate)
            self._to_note[name] = SeenCertificate(
                name,
                certificate.public_bytes(Encoding.DER),
                issuer.fingerprint(hashes.SHA256()).hex(),
                datetime.now(UTC),
            )
