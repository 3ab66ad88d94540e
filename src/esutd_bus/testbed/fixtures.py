"""Fixtures: envelopes as data, in the order in which they can be sent.

    fixtures/ok/NAME/{request.xml, expect.yaml}
    fixtures/faults/NNN-NAME/{request.xml, expect.yaml, why.md}

`request.xml` is the whole envelope before signing. Bytes that are not to be read as XML stand in
`request.txt` (with placeholders) or `request.bin` (as they are).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Literal

from lxml import etree

from esutd_bus.testbed.expectation import UNSIGNED, Expectation, ExpectationError, read_expectation
from esutd_bus.testbed.placeholders import leans_on
from esutd_bus.testbed.xml import body_element

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_REQUESTS = ("request.xml", "request.txt", "request.bin")
_NUMBER = re.compile(r"\A\d{3}-")


class FixtureError(Exception):
    """A fixture that cannot be used; the message names its folder."""


@dataclass(frozen=True)
class Fixture:
    """One message and what must come back."""

    folder: Path
    kind: Literal["ok", "faults"]
    template: bytes
    """The request as it stands in the folder."""
    request_name: str
    """`request.xml`, `request.txt` or `request.bin`."""
    expect: Expectation
    why: str | None
    """What is broken and why it matters (`why.md`)."""

    @property
    def name(self) -> str:
        """The folder's name without its number: what other fixtures call it by."""
        return _NUMBER.sub("", self.folder.name)

    @property
    def label(self) -> str:
        """`ok/register`, `faults/017-employee-iin-check-digit`."""
        return f"{self.kind}/{self.folder.name}"

    @cached_property
    def payload_tag(self) -> str | None:
        """Clark name of the body's element, where the request is an envelope."""
        if self.request_name != "request.xml":
            return None
        payload = body_element(etree.fromstring(self.template))
        return None if payload is None else str(payload.tag)

    @property
    def operation(self) -> str:
        """The body's element without namespace, or what the request is instead."""
        return etree.QName(self.payload_tag).localname if self.payload_tag else "—"


def load_fixtures(root: Path) -> Mapping[str, Fixture]:
    """All fixtures below `root` (a folder with `ok` and `faults`) by name, in the order of their folders.

    Raises:
        FixtureError: a folder that is no fixture, an unknown key, a name met twice, a predecessor that is
            not there or a cycle of predecessors.
    """
    fixtures: dict[str, Fixture] = {}
    for kind in ("ok", "faults"):
        for folder in sorted(path for path in (root / kind).glob("*") if path.is_dir()):
            fixture = read_fixture(folder)
            if fixture.name in fixtures:
                raise FixtureError(f"{fixture.label}: {fixtures[fixture.name].label} has the same name")
            fixtures[fixture.name] = fixture
    if not fixtures:
        raise FixtureError(f"{root}: no fixtures (folders below `ok` or `faults`)")
    for fixture in fixtures.values():
        unknown = [name for name in fixture.expect.after if name not in fixtures]
        if unknown:
            raise FixtureError(f"{fixture.label}: goes after {', '.join(unknown)}, which is not there")
    for fixture in fixtures.values():
        _check_references(fixture, fixtures)
    return fixtures


def read_fixture(folder: Path) -> Fixture:
    """One fixture from its folder.

    Raises:
        FixtureError: what is wrong with it.
    """
    label = f"{folder.parent.name}/{folder.name}"
    requests = [name for name in _REQUESTS if (folder / name).is_file()]
    if len(requests) != 1:
        raise FixtureError(f"{label}: needs one of {', '.join(_REQUESTS)}, has {len(requests)}")
    try:
        expect = read_expectation((folder / "expect.yaml").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FixtureError(f"{label}: expect.yaml is missing") from error
    except ExpectationError as error:
        raise FixtureError(f"{label}/expect.yaml: {error}") from error
    why = folder / "why.md"
    fixture = Fixture(
        folder=folder,
        kind="faults" if expect.expected_errors else "ok",
        template=(folder / requests[0]).read_bytes(),
        request_name=requests[0],
        expect=expect,
        why=why.read_text(encoding="utf-8") if why.is_file() else None,
    )
    _check_alone(fixture, label)
    return fixture


def in_order(names: Iterable[str], fixtures: Mapping[str, Fixture]) -> list[Fixture]:
    """The named fixtures and all that must go before them, predecessors first."""
    needed: dict[str, tuple[str, ...]] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed[name] = fixtures[name].expect.after
            waiting.extend(needed[name])
    # Fed in the catalogue's order, the sorter keeps it as far as predecessors allow.
    sorter = TopologicalSorter({name: needed[name] for name in fixtures if name in needed})
    return [fixtures[name] for name in sorter.static_order()]


def predecessors(fixture: Fixture, fixtures: Mapping[str, Fixture]) -> frozenset[str]:
    """The names of all fixtures that go before one, near and far."""
    return frozenset(other.name for other in in_order([fixture.name], fixtures)) - {fixture.name}


def _check_alone(fixture: Fixture, label: str) -> None:
    if fixture.folder.parent.name != fixture.kind:
        raise FixtureError(f"{label}: what it expects belongs below `{fixture.kind}`")
    if (fixture.kind == "faults") != bool(_NUMBER.match(fixture.folder.name)):
        raise FixtureError(f"{label}: faults are named NNN-NAME, the others NAME")
    if fixture.kind == "faults" and not fixture.why:
        raise FixtureError(f"{label}: why.md is missing or empty")
    if fixture.request_name == "request.xml":
        try:
            tag = fixture.payload_tag
        except etree.XMLSyntaxError as error:
            hint = "bytes that break XML stand in request.txt"
            raise FixtureError(f"{label}/request.xml: {error} ({hint})") from error
    else:
        tag = None
        if fixture.expect.all_signatures:
            raise FixtureError(f"{label}: only request.xml can be signed; `signer: {UNSIGNED}`")
    if tag is None and fixture.expect.endpoint is None:
        raise FixtureError(f"{label}: no element in a SOAP Body, so `endpoint` must be stated")


def _check_references(fixture: Fixture, fixtures: Mapping[str, Fixture]) -> None:
    try:
        before = predecessors(fixture, fixtures)
    except CycleError as error:
        raise FixtureError(f"{fixture.label}: goes before itself: {' → '.join(error.args[1])}") from error
    texts = [fixture.expect.answer or ""]
    if fixture.request_name != "request.bin":
        texts.append(fixture.template.decode())
    for other in sorted(frozenset[str]().union(*map(leans_on, texts)) - before):
        raise FixtureError(f"{fixture.label}: takes a value of {other}, which does not go before it")
