"""What `esutd-bus explain` tells, for people to read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from esutd_bus.plain_yaml import load_yaml
from esutd_bus.register.names import Language

Told = Mapping[str, Any]

_Words = Mapping[str, str]


@cache
def _words(language: Language) -> _Words:
    every: Mapping[str, _Words] = load_yaml(Path(__file__).with_name("explained.yaml").read_text("utf-8"))
    return every[language]


def show_contract(console: Console, told: Told, language: Language) -> None:
    """The timeline of a contract."""
    words = _words(language)
    about = told["contract"]
    console.print(
        f"[bold]{words['contract']} {about['id']}[/bold], {about['status']}, {words['version']} {about['version']}"
    )
    console.print(_values(told["terms"], words))
    table = _table(words, "version", "known", "holds", "what", "by", "due", "changed")
    for entry in told["history"]:
        table.add_row(
            str(entry["version"]),
            _moment(entry["known_since"]),
            entry["holds_from"],
            escape(entry["name"]),
            escape(_by(entry)),
            _due(entry, words),
            escape("\n".join(_change(change, words) for change in entry["changes"])),
        )
    console.print(table)
    for part in ("amendments", "leaves"):
        for each in told[part]:
            gone = f" — [red]{words['deleted']}[/red]" if each["deleted"] else ""
            console.print(f"[bold]{words[part]}[/bold]: {each['id']}{gone}")
    if told["disclosures"]:
        table = _table(words, "when", "whom", "purpose", "consent", "message", title=words["disclosures"])
        for each in told["disclosures"]:
            table.add_row(
                _moment(each["at"]),
                each["to"],
                escape(each["purpose"]),
                each["consent_id"] or "—",
                each["message_id"],
            )
        console.print(table)
    if (held := told.get("as_of")) is not None:
        console.print(
            f"[bold]{words['as of'].format(_moment(held['known_at']), held['held_on'])}[/bold]: ", end=""
        )
        console.print(words["unknown then"] if held["terms"] is None else held["status"])
        if held["terms"] is not None:
            console.print(_values(held["terms"], words))


def show_message(console: Console, told: Told, language: Language) -> None:
    """The way of a message."""
    words = _words(language)
    about = told["message"]
    console.print(
        f"[bold]{words['message']} {about['id']}[/bold]: {about['service']}.{about['operation'] or '?'}"
    )
    lines = [
        f"{words['received']}: {_moment(about['received_at'])}, {about['channel']}",
        f"{words['sender']}: {about['sender'] or '—'}; {words['employer']}: {about['employer'] or '—'}",
        f"{words['request']}: {about['request_id'] or '—'}",
        words["journal"].format(about["journal"]["chain"], about["journal"]["seq"]),
    ]
    if not told["signatures"]:
        lines.append(words["not signed"])
    for each in told["signatures"]:
        lines += _signature(each, words)
    lines += [
        f"{words['exchanges']}: {_moment(each['recorded_at'])} {each['direction']} {each['service']} {each['code']}"
        for each in told["exchanges"]
    ]
    answer = told["answer"]
    if answer is not None:
        lines.append(f"{words['answer']}: {answer['code']} ({answer['status']}), {_moment(answer['at'])}")
        if (bound := told["bound"]) is not None:
            again = bound["stored_answer_given_again"]
            lines.append(words["again"].format(bound["given_first_to"]) if again else words["bound"])
    for line in lines:
        console.print("  " + escape(line))
    if answer is not None and answer["refusals"]:
        console.print(f"  [bold]{words['refusals']}[/bold]")
        for each in answer["refusals"]:
            where = (
                f" {each['field']}" + (f" ({each['name']})" if each["name"] else "") if each["field"] else ""
            )
            reason = f" [{each['reason']}]" if each["reason"] else ""
            console.print(escape(f"    {each['code']}{where}: {each['words']}{reason}"))
    console.print(f"  [bold]{words['written']}[/bold]: " + ("" if told["written"] else words["nothing"]))
    for each in told["written"]:
        console.print(escape(f"    {each['table']}: {_row(each['values'], words)}"))
    for each in told["outgoing"]:
        console.print(escape("\n".join(_outgoing(each, words, language))))


def _outgoing(each: Told, words: _Words, language: Language) -> Iterator[str]:
    """A message that is sent because of this one: where it is, and what was done with it."""
    yield f"  {words['outgoing']} {each['id']}: {each['message_type']} {each['kind']} → {each['destination']}"
    waits = f"; {each['waits_for']}" if each["waits_for"] else ""
    meaning = (
        f": {each['meaning']}" if language == "ru" else ""
    )  # states are explained to operators, in Russian
    yield f"    {each['state']}{meaning}{waits}"
    for tried in each["attempts"]:
        took = f"{tried['seconds']} {words['seconds']}" if tried["seconds"] is not None else "…"
        said = ": ".join(str(part) for part in (tried["code"], tried["told"]) if part)
        http = f", HTTP {tried['http_status']}" if tried["http_status"] else ""
        yield (
            f"    {tried['number']}. {_moment(tried['began_at'])} {tried['doing']} ({tried['node']}, {took}{http}):"
            f" {tried['happened'] or '…'}{f' — {said}' if said else ''}"
        )


def _table(words: _Words, *headings: str, title: str | None = None) -> Table:
    table = Table(title=title, pad_edge=False, title_justify="left")
    for heading in headings:
        table.add_column(words[heading], overflow="fold")
    return table


def _values(values: Iterable[Told], words: _Words) -> str:
    return "\n".join(escape(f"  {_field(each, words)}") for each in values)


def _row(values: Iterable[Told], words: _Words) -> str:
    return "; ".join(_field(each, words) for each in values)


def _field(each: Told, words: _Words) -> str:
    if "changes" in each:
        return f"{words['changed']}: " + ", ".join(_change(change, words) for change in each["changes"])
    return f"{each['name']}: {_value(each['value'], words, each.get('means'))}"


def _change(change: Told, words: _Words) -> str:
    after = _value(change["after"], words, change.get("after_means"))
    if change["before"] is None:
        return f"{change['name']}: {after}"
    return f"{change['name']}: {_value(change['before'], words, change.get('before_means'))} → {after}"


def _value(value: Any, words: _Words, means: str | None = None) -> str:
    match value:
        case None:
            return "—"
        case bool():
            return words["yes" if value else "no"]
    return f"{value} ({means})" if means else str(value)


def _by(entry: Told) -> str:
    message = entry["message"]
    signed = f"{entry['recorded_by']}, {message['channel'] or '?'}"
    told = f"{signed}\n{message['operation'] or '?'} {message['id']}"
    return f"{told}\n{message['code']}" if message["code"] else told


def _due(entry: Told, words: _Words) -> str:
    if entry["clause"] is None:
        return words["no deadline"]
    late = words["late"].format(entry["days_late"]) if entry["days_late"] else words["in time"]
    return f"{entry['clause']}: {entry['due_on']}\n{late}"


def _signature(each: Told, words: _Words) -> list[str]:
    where = f" ({each['profile']}, {each['position']})" if "profile" in each else ""
    verdict = words["valid"] if each["valid"] else f"{words['refused']}: {each['reason']} [{each['section']}]"
    lines = [
        f"{words['signature']}{where}: {verdict}" + (f", {each['signer']}" if each.get("signer") else "")
    ]
    lines += [f"  {words['revocation']}: {told}" for told in each.get("revocation", ())]
    return lines if each["valid"] or not each["words"] else [*lines, f"  {words['why']}: {each['words']}"]


def _moment(moment: str) -> str:
    return moment[:19].replace("T", " ") + "Z"
