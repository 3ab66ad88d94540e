"""The real register behind its door for works: rights, loading, decision, PostgreSQL, and searches beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from itertools import count

import psycopg
from psycopg.rows import dict_row
from store_works import ACCEPTED, TABLES, Follower, answer, record

from esutd_bus.register.calendar import Calendar
from esutd_bus.register.command import Command
from esutd_bus.register.decide import decide, missing_right, needs
from esutd_bus.register.dictionary_files import read_packaged
from esutd_bus.register.event import Decision, Refused
from esutd_bus.register.identifiers import check_digit
from esutd_bus.register.partners import Partner, PartnerKind, Partners
from esutd_bus.register.rulebook import Rulebook
from esutd_bus.register.search import Found, Search
from esutd_bus.register.state import State
from esutd_bus.store import searching
from esutd_bus.store.beside import Beside
from esutd_bus.store.unit_of_work import UnitOfWork
from esutd_bus.store.work import Outcome, StoredAnswer, Work
from support.replacing import replace

AUTHORITY, PORTAL = "001140000014", "001140000024"
RULES = Rulebook(
    read_packaged(),
    Calendar(),
    partners=Partners([Partner(AUTHORITY, PartnerKind.AUTHORITY), Partner(PORTAL, PartnerKind.PORTAL)]),
)


class Register:
    """One node on a database; it also gives out numbers that nobody has had before."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._runner = asyncio.Runner()
        self._unit = UnitOfWork(url, node="model", exchange_tables=TABLES, followed=Follower().followed)
        self._beside = Beside(url)
        self._numbers = count()
        self.rows = psycopg.connect(url, autocommit=True, row_factory=dict_row)
        # That a commit is on the disk before an answer leaves is shown elsewhere; here it would be waited for in vain.
        self.rows.execute(f'ALTER DATABASE "{self.rows.info.dbname}" SET synchronous_commit = off')
        self._runner.run(self._unit.open())

    def close(self) -> None:
        self._runner.run(self._unit.close())
        self._runner.run(self._beside.close())
        self._runner.close()
        self.rows.close()

    def bin(self) -> str:
        return next(self._given_out("{:02}0140{:05}"))

    def iin(self) -> str:
        """Of a man born in the 1800s."""
        return next(self._given_out("{:02}01011{:04}"))

    def _given_out(self, form: str) -> Iterator[str]:
        for number in self._numbers:
            eleven = form.format(*divmod(number, 10_000))
            if (digit := check_digit(eleven)) is not None:
                yield f"{eleven}{digit}"

    def ask(self, command: Command, now: datetime) -> Decision:
        """What becomes of a command; the codes of a missing right are a refusal too."""
        return self._runner.run(self._ask(command, now))

    async def _ask(self, command: Command, now: datetime) -> Decision:
        made: list[Decision] = []
        wanted = needs(command)
        found = await self._found(command.employer, wanted.search) if wanted.search else None

        def judge(state: State, _stored: StoredAnswer | None) -> Outcome:
            known = replace(state, found=found)
            right = missing_right(command, known, now, RULES)
            decision = Refused((right,)) if right else decide(command, known, now, RULES)
            made.append(decision)
            if isinstance(decision, Refused):
                return Outcome(answer(decision.refusals[0].code))
            return Outcome(answer(ACCEPTED), decision.events, now, command.speaker.recorded_by)

        await self._unit.submit(Work([record(sender=command.employer)], judge, command.employer, wanted))
        return made[-1]

    async def _found(self, employer: str, search: Search) -> Found:
        return await self._beside.ask(lambda connection: searching.find(connection, employer, search))
