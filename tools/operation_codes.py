"""The answer codes of an operation's page: those that fixtures of the operation provoke."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from esutd_bus.register import answer_codes
from esutd_bus.testbed.fixtures import Fixture

_SHOWN = 3
"""Fixtures named in a line; of more, the number is told."""


def codes_table(payload_tag: str, fixtures: Mapping[str, Fixture]) -> str:
    """The table of a page: code, what it says, which messages get it."""
    found: dict[str, list[Fixture]] = defaultdict(list)
    for fixture in fixtures.values():
        if fixture.payload_tag == payload_tag:
            codes = [error.code for error in fixture.expect.expected_errors] or fixture.expect.warning
            for code in dict.fromkeys(codes):
                found[code].append(fixture)
    lines = ["| код | что говорит | сообщения каталога |", "|---|---|---|"]
    lines += [
        f"| {code} | {_cell(answer_codes.text(code).ru)} | {_links(found[code])} |"
        for code in sorted(found, key=lambda code: (not code.startswith("SCSE"), code))
    ]
    return "\n".join(lines) if found else "Своих кодов у неё нет."


def _links(fixtures: list[Fixture]) -> str:
    shown = [f"[{each.folder.name}](../../fixtures/{each.label}/request.xml)" for each in fixtures[:_SHOWN]]
    return ", ".join(shown) + (f" и ещё {len(fixtures) - _SHOWN}" if len(fixtures) > _SHOWN else "")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
