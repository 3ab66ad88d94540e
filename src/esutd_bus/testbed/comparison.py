"""What an answer differs in from what was expected, told line by line for a person."""

from __future__ import annotations

from difflib import unified_diff
from typing import TYPE_CHECKING

from esutd_bus.testbed.answers import Answer, AnsweredError, outline
from esutd_bus.testbed.xml import parse

if TYPE_CHECKING:
    from esutd_bus.testbed.expectation import Expectation, ExpectedError
    from esutd_bus.testbed.placeholders import Filling


def differences(
    expect: Expectation, answer: Answer, filling: Filling, same_as: Answer | None = None
) -> list[str]:
    """Every difference, a line each; none where all is as expected.

    `filling` gave the request its values and gives them to the expected answer; `same_as` is the answer
    of the fixture that `same_answer_as` names.
    """
    found = _http(expect, answer)
    if answer.unreadable is not None:
        return [*found, answer.unreadable]
    found += _errors(expect, answer)
    if expect.expected_errors:
        return found
    if answer.warnings != expect.warning:
        found.append(f"warnings: expected {_listed(expect.warning)}, got {_listed(answer.warnings)}")
    found += _payload(expect, answer, filling)
    if same_as is not None and same_as.body != answer.body:
        found.append(f"not the answer of {expect.same_answer_as}, byte for byte")
        found += _diff(same_as.body.decode().split("><"), answer.body.decode().split("><"))
    return found


def _http(expect: Expectation, answer: Answer) -> list[str]:
    found = []
    if answer.status != expect.status:
        found.append(f"HTTP status: expected {expect.status}, got {answer.status}")
    for name, value in expect.http.headers.items():
        got = answer.headers.get(name.lower())
        if got != value:
            found.append(f"HTTP header {name}: expected {value}, got {'none' if got is None else got}")
    return found


def _errors(expect: Expectation, answer: Answer) -> list[str]:
    found = []
    faultcode = expect.faultcode if expect.expected_errors else None
    if answer.faultcode != faultcode:
        found.append(f"faultcode: expected {faultcode or 'no fault'}, got {answer.faultcode or 'no fault'}")
    # The order in which errors are told is nobody's promise.
    unmatched = list(answer.errors)
    for expected in expect.expected_errors:
        match = next((error for error in unmatched if _is(expected, error)), None)
        if match is None:
            found.append(f"missing error: {_shown(expected)}")
        else:
            unmatched.remove(match)
    found += [f"unexpected error: {_shown(error)}" for error in unmatched]
    found += [f"error {error.code}: no {name}" for error in answer.errors for name in error.missing_texts]
    return found


def _is(expected: ExpectedError, error: AnsweredError) -> bool:
    details = ("reason", "upstream_code", "upstream_message")
    return (expected.code, expected.field) == (error.code, error.field) and all(
        getattr(expected, name) in (None, getattr(error, name)) for name in details
    )


def _shown(error: ExpectedError | AnsweredError) -> str:
    parts = (error.code, error.field, error.reason, error.upstream_code, error.upstream_message)
    return " · ".join(part for part in parts if part is not None)


def _payload(expect: Expectation, answer: Answer, filling: Filling) -> list[str]:
    if expect.answer is None or answer.payload is None:
        return []
    volatile = frozenset(expect.volatile)
    wanted = outline(parse(filling.fill(expect.answer).encode()), volatile)
    return _diff(wanted, outline(answer.payload, volatile))


def _diff(wanted: list[str], got: list[str]) -> list[str]:
    lines = unified_diff(wanted, got, lineterm="", n=0)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def _listed(codes: tuple[str, ...]) -> str:
    return " ".join(codes) or "none"
