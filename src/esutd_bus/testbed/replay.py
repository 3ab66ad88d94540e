"""Replay: fixtures sent over HTTP, one after another, and their answers compared."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import requests
from lxml import etree

from esutd_bus.signature.layout import NotSignableError
from esutd_bus.testbed.answers import Answer, read_answer
from esutd_bus.testbed.bus_wrapping import direct_equivalent
from esutd_bus.testbed.comparison import differences
from esutd_bus.testbed.composing import Outgoing, Service, Signatories, compose
from esutd_bus.testbed.expectation import ExpectationError
from esutd_bus.testbed.fixtures import Fixture, FixtureError, in_order, load_fixtures
from esutd_bus.testbed.placeholders import Filling, PlaceholderError
from esutd_bus.testbed.upstream_faults import SimulatedBusAbsentError, upstream_faults
from esutd_bus.testbed.xml import body_element, parse, value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from esutd_bus.register.calendar import Calendar
    from esutd_bus.testbed.expectation import ChannelName

_TIMEOUT = (5.0, 60.0)
"""Seconds to connect, and to wait for an answer."""


class EndpointUnreachable(Exception):  # noqa: N818  # a state of the world, not a mistake
    """Nobody listens at the endpoint."""


@dataclass(frozen=True, slots=True)
class Result:
    """How one fixture went."""

    fixture: Fixture
    answer: Answer | None
    milliseconds: float
    differences: tuple[str, ...]

    @property
    def as_expected(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


@dataclass(frozen=True, slots=True)
class Exchange:
    """One sending of one fixture, with what went before it."""

    result: Result
    filling: Filling
    outgoing: Outgoing | None
    before: Mapping[str, Exchange]
    """All that went before, near and far, by name."""

    def value(self, path: str) -> str:
        """The text at a path of the answer, or below `request/` of what was sent.

        Raises:
            LookupError: nothing is there.
        """
        if path.startswith("request/"):
            sent = None if self.outgoing is None else body_element(parse(self.outgoing.envelope))
            return _at(sent, path.removeprefix("request/"))
        answer = self.result.answer
        return _at(None if answer is None else answer.payload, path)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where fixtures are played and what they are filled from."""

    endpoint: str
    """The service's base address (`http://127.0.0.1:8080`)."""
    signatories: Signatories
    services: Mapping[str, Service]
    """By namespace."""
    calendar: Calendar
    clock: Callable[[], datetime]
    channel: ChannelName = "direct"
    """By which way fixtures go that do not say it themselves."""
    bus_page: str | None = None
    """The simulated bus's page for testers, for fixtures with `upstream`."""


def chosen_fixtures(
    paths: Iterable[Path], only: Sequence[str] = ()
) -> tuple[Mapping[str, Fixture], list[Fixture]]:
    """The catalogue the paths lie in, and those of it to be sent, in order: chosen ones and predecessors.

    Each path is a folder with `ok` and `faults`, one of these, or one fixture. `only` narrows the choice by
    name, with or without number.

    Raises:
        FixtureError: no catalogue, a broken fixture, or an unknown name in `only`.
    """
    folders = [path.resolve() for path in paths]
    roots = {_root_of(folder) for folder in folders}
    if len(roots) != 1:
        raise FixtureError("the paths lie in different catalogues: " + ", ".join(sorted(map(str, roots))))
    fixtures = load_fixtures(roots.pop())
    names = [
        name
        for name, fixture in fixtures.items()
        if any(fixture.folder.is_relative_to(folder) for folder in folders)
    ]
    if only:
        known = {fixtures[name].folder.name: name for name in names} | {name: name for name in names}
        unknown = [name for name in only if name not in known]
        if unknown:
            raise FixtureError("no such fixture: " + ", ".join(unknown))
        names = [known[name] for name in only]
    return fixtures, in_order(names, fixtures)


class Replay:
    """One run. A fixture that goes first for several is sent once, unless one of them wants its own."""

    def __init__(self, fixtures: Mapping[str, Fixture], stage: Stage) -> None:
        self._fixtures = fixtures
        self._stage = stage
        self._shared: dict[str, Exchange] = {}
        self._session = requests.Session()
        self._session.trust_env = False  # the endpoint is spoken to directly, whatever proxies there are

    def send(self, fixture: Fixture) -> Exchange:
        """Send a fixture, and first what it needs to go before.

        Raises:
            EndpointUnreachable: nobody listens.
        """
        return self._exchange(fixture, self._shared)

    def _exchange(self, fixture: Fixture, pool: dict[str, Exchange]) -> Exchange:
        if fixture.name not in pool:
            sources: dict[str, Exchange] = {} if fixture.expect.own else pool
            nearest = {name: self._exchange(self._fixtures[name], sources) for name in fixture.expect.after}
            before: dict[str, Exchange] = {}
            for exchange in nearest.values():
                before |= exchange.before
            pool[fixture.name] = self._play(fixture, before | nearest)
        return pool[fixture.name]

    def _play(self, fixture: Fixture, before: Mapping[str, Exchange]) -> Exchange:
        stage = self._stage
        filling = Filling(
            now=stage.clock(),
            calendar=stage.calendar,
            value_of=lambda name, path: before[name].value(path),
        )
        failed = [name for name in fixture.expect.after if not before[name].result.as_expected]
        if failed:
            told = f"not sent: {', '.join(failed)} goes first and did not go as expected"
            return Exchange(Result(fixture, None, 0.0, (told,)), filling, None, before)
        try:
            outgoing = compose(fixture, filling, stage.signatories, stage.services, stage.channel)
        except (PlaceholderError, ExpectationError, NotSignableError, LookupError) as error:
            return Exchange(Result(fixture, None, 0.0, (f"not sent: {error}",)), filling, None, before)
        if not fixture.expect.upstream:
            return Exchange(self._answered(fixture, filling, outgoing, before), filling, outgoing, before)
        try:
            with upstream_faults(stage.bus_page, fixture.expect.upstream):
                result = self._answered(fixture, filling, outgoing, before)
        except SimulatedBusAbsentError as error:
            result = Result(fixture, None, 0.0, (f"not sent: {error}",))
        return Exchange(result, filling, outgoing, before)

    def _answered(
        self, fixture: Fixture, filling: Filling, outgoing: Outgoing, before: Mapping[str, Exchange]
    ) -> Result:
        expect = fixture.expect
        begun = time.perf_counter()
        try:
            response = self._session.request(
                outgoing.method,
                self._stage.endpoint.rstrip("/") + outgoing.path,
                data=outgoing.body,
                headers=dict(outgoing.headers),
                timeout=_TIMEOUT,
                allow_redirects=False,
            )
        except requests.exceptions.ConnectTimeout as error:
            raise EndpointUnreachable(str(error)) from error
        except requests.exceptions.ConnectionError as error:
            if "NewConnectionError" in repr(error):
                raise EndpointUnreachable(str(error)) from error
            return Result(fixture, None, _since(begun), (f"no answer: {error}",))
        except requests.exceptions.RequestException as error:
            return Result(fixture, None, _since(begun), (f"no answer: {error}",))
        milliseconds = _since(begun)
        answer = read_answer(response.status_code, response.headers, response.content)
        if outgoing.channel == "sync":
            answer = direct_equivalent(answer, outgoing.body)
        same_as = before[expect.same_answer_as].result.answer if expect.same_answer_as else None
        try:
            found = tuple(differences(expect, answer, filling, same_as))
        except (PlaceholderError, etree.XMLSyntaxError) as error:
            found = (f"the expected answer cannot be read: {error}",)
        return Result(fixture, answer, milliseconds, found)


def send_all(
    fixtures: Mapping[str, Fixture],
    order: Iterable[Fixture],
    stage: Stage,
    on_result: Callable[[Result], None] = lambda _: None,
) -> list[Exchange]:
    """Send fixtures of a catalogue in the given order, each after what must go before it.

    Raises:
        EndpointUnreachable: nobody listens.
    """
    run = Replay(fixtures, stage)
    exchanges = []
    for fixture in order:
        exchange = run.send(fixture)
        on_result(exchange.result)
        exchanges.append(exchange)
    return exchanges


def replay(
    paths: Iterable[Path],
    stage: Stage,
    *,
    only: Sequence[str] = (),
    on_result: Callable[[Result], None] = lambda _: None,
) -> list[Result]:
    """Choose fixtures, send them and compare the answers.

    Raises:
        FixtureError: what is chosen cannot be sent at all.
        EndpointUnreachable: nobody listens.
    """
    fixtures, order = chosen_fixtures(paths, only)
    return [exchange.result for exchange in send_all(fixtures, order, stage, on_result)]


def _root_of(folder: Path) -> Path:
    for candidate in (folder, folder.parent, folder.parent.parent):
        if (candidate / "ok").is_dir() or (candidate / "faults").is_dir():
            return candidate
    raise FixtureError(f"{folder}: neither fixtures nor a fixture")


def _at(element: etree._Element | None, path: str) -> str:
    if element is None:
        raise LookupError("no envelope with an element in its Body")
    return value_at(element, path)


def _since(begun: float) -> float:
    return (time.perf_counter() - begun) * 1000
