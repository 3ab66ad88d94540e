"""What `esutd-bus explain` tells, as JSON's types: rows put into words, IINs and BINs masked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from lxml import etree

from esutd_bus.commands.outgoing import outgoing
from esutd_bus.logs import mask
from esutd_bus.register.contract import DELETED
from esutd_bus.register.fields import read_packaged_fields
from esutd_bus.register.names import Language, event_name, field_name
from esutd_bus.register.timeline import Timeline
from esutd_bus.store import explaining, messages
from esutd_bus.store.explaining import Connection

Told = dict[str, Any]

_INDEX = re.compile(r"\[\d+\]")
_COMMON = "{urn:esutd-bus:common:v1}"
_OF_AN_ERROR = ("code", "field", "reason", "upstreamCode", "upstreamMessage")
_CONTRACT_HAS_IT = frozenset({"id", "version", "status", "changed_at"})
_JOURNAL = ("chain", "seq")
_CALLED = {"contract_event": "history"}
"""What names.yaml, and the mappings of answers, call a table."""


@dataclass(frozen=True, slots=True)
class AsOf:
    """Which truth is asked for."""

    known_at: datetime
    held_on: date


@dataclass
class Explainer:
    """Tells of contracts and messages, in one language, from one database."""

    connection: Connection
    language: Language
    fields_of_paths: Mapping[str, Mapping[str, str]]
    """Operation → path of its request → field (`contract.number`), as the mappings have it."""

    _dictionaries: Mapping[str, str] = field(
        default_factory=lambda: {check.field: check.dictionary for check in read_packaged_fields().codes}
    )

    def contract(self, contract_id: UUID, as_of: AsOf | None = None) -> Told:
        """A contract's timeline. With `as_of` also what was known of it then, as it held on that day."""
        row = explaining.contract(self.connection, contract_id)
        history = explaining.history(self.connection, contract_id)
        amendments = explaining.parts(self.connection, "amendment", contract_id)
        leaves = explaining.parts(self.connection, "leave", contract_id)
        told: Told = {
            "contract": {"id": row["id"], "version": row["version"], "status": row["status"]},
            "terms": self._terms(row),
            "history": [self._entry(entry) for entry in history],
            "amendments": [self._part("amendment", each) for each in amendments],
            "leaves": [self._part("leave", each) for each in leaves],
            "disclosures": [
                {
                    "at": each["disclosed_at"],
                    "to": each["employer"],
                    "purpose": each["purpose"],
                    "operation": each["operation"],
                    "consent_id": each["consent_id"],
                    "message_id": each["message_id"],
                }
                for each in explaining.disclosures(self.connection, _iins(row, history))
            ],
        }
        if as_of is not None:
            held = Timeline.of(row, history).as_of(as_of.known_at, as_of.held_on)
            told["as_of"] = {
                "known_at": as_of.known_at,
                "held_on": as_of.held_on,
                "status": None if held is None else held["status"],
                "terms": None if held is None else self._terms(held),
            }
        return _told(told)

    def message(self, message_id: UUID) -> Told:
        """A message's way: signatures, answer, what it wrote, what is sent because of it."""
        asked, *others = messages.conversation(self.connection, message_id)
        answer = next(
            (row for row in others if row["direction"] == "out" and row["channel"] == asked["channel"]), None
        )
        bound = explaining.bound(self.connection, asked["sender"], asked["request_id"])
        told: Told = {
            "message": {
                **{
                    name: asked[name]
                    for name in ("id", "channel", "service", "operation", "sender", "employer")
                },
                "received_at": asked["recorded_at"],
                **{name: asked[name] for name in ("request_id", "sent_at", "system")},
                "sha256": bytes(asked["body_sha256"]).hex(),
                "journal": {name: asked[name] for name in _JOURNAL},
            },
            "signatures": list(self._signatures(asked["report"])),
            "exchanges": [
                {
                    name: row[name]
                    for name in ("direction", "recorded_at", "service", "operation", "status", "code")
                }
                for row in others
                if row is not answer
            ],
            "answer": None if answer is None else self._answer(answer, asked),
            "bound": None if bound is None else _binding(bound, asked["id"]),
            "written": [
                {"table": table, "values": self._values(table, row)}
                for table, row in explaining.written(self.connection, asked["id"])
            ],
            "outgoing": list(outgoing(self.connection, asked["id"])),
        }
        return _told(told)

    def _terms(self, row: Mapping[str, Any]) -> Iterator[Told]:
        for column, value in row.items():
            if value is not None and column not in _CONTRACT_HAS_IT:
                yield self._value(f"contract.{column}", value)

    def _entry(self, row: Mapping[str, Any]) -> Told:
        return {
            "version": row["version"],
            "event": row["event"],
            "name": event_name(row["event"], self.language),
            "known_since": row["recorded_at"],
            "holds_from": row["effective_on"],
            "recorded_by": row["recorded_by"],
            "clause": row["clause"],
            "due_on": row["due_on"],
            "days_late": row["days_late"],
            "amendment_id": row["amendment_id"],
            "leave_id": row["leave_id"],
            "changes": [self._change(change) for change in row["changes"]],
            "message": {
                "id": row["message_id"],
                "received_at": row["received_at"],
                "channel": row["came_by"],
                **{
                    name: row[name]
                    for name in ("operation", "sender", "request_id", "code", "status", *_JOURNAL)
                },
            },
        }

    def _change(self, change: Mapping[str, Any]) -> Told:
        column = change["field"]
        qualified = column if "." in column else f"contract.{column}"
        before, after = (self._value(qualified, change[side]) for side in ("before", "after"))
        told = {"field": column, "name": before["name"], "before": before["value"], "after": after["value"]}
        meanings = {
            f"{side}_means": value["means"]
            for side, value in (("before", before), ("after", after))
            if "means" in value
        }
        return told | meanings

    def _part(self, table: str, row: Mapping[str, Any]) -> Told:
        values = self._values(table, row)
        return {
            "id": row["id"],
            "status": row["status"],
            "deleted": row["status"] == DELETED,
            "values": values,
        }

    def _values(self, table: str, row: Mapping[str, Any]) -> Iterator[Told]:
        for column, value in row.items():
            match column, value:
                case (_, None | []) | ("message_id", _):
                    continue
                case "changes", list():
                    yield {"field": column, "changes": [self._change(change) for change in value]}
                case _:
                    yield self._value(f"{_CALLED.get(table, table)}.{column}", value)

    def _value(self, qualified: str, value: Any) -> Told:
        """A field with its name and its value; of a code also what the dictionary calls it."""
        column = qualified.removeprefix("contract.")
        name = field_name(qualified, self.language) or column.rpartition(".")[2]
        told: Told = {"field": column, "name": name, "value": value}
        dictionary = self._dictionaries.get(qualified)
        if dictionary is not None and value is not None:
            means = self._meaning(dictionary, str(value))
            told |= {"means": means} if means else {}
        return told

    def _meaning(self, dictionary: str, code: str) -> str | None:
        known = self._meanings
        if (dictionary, code) not in known:
            known |= explaining.dictionary_names(self.connection, [(dictionary, code)]) or {
                (dictionary, code): ""
            }
        return known[dictionary, code] or None

    @cached_property
    def _meanings(self) -> dict[tuple[str, str], str]:
        return {}

    def _signatures(self, report: Mapping[str, Any] | None) -> Iterator[Told]:
        if report is None:
            return
        # Records of before there could be several signatures hold the only one's report itself.
        signatures = report.get("signatures", [report])
        if report["reason"] is not None and all(each["valid"] for each in signatures):
            # Refused before, or besides, any signature: by the message's form.
            yield {"valid": False, **self._why(report)}
        for each in signatures:
            signer = each.get("signer") or {}
            yield {
                **{name: each.get(name) for name in ("profile", "position", "valid")},
                "signer": "/".join(filter(None, (signer.get("bin"), signer.get("iin")))) or None,
                "checks": [check["name"] for check in each.get("checks", ())],
                "revocation": [
                    f"{status['subject']}: {status['state']}" for status in each.get("revocation", ())
                ],
                **({} if each["valid"] else self._why({**report, **each})),
            }

    def _why(self, report: Mapping[str, Any]) -> Told:
        explained = report.get("explanation") or {}
        return {
            "reason": report["reason"],
            "section": report.get("section"),
            "words": explained.get(self.language),
        }

    def _answer(self, answer: Mapping[str, Any], asked: Mapping[str, Any]) -> Told:
        return {
            "id": answer["id"],
            "at": answer["recorded_at"],
            "status": answer["status"],
            "code": answer["code"],
            "journal": {name: answer[name] for name in _JOURNAL},
            "refusals": list(self._refusals(answer["body"], asked["operation"])),
        }

    def _refusals(self, body: bytes | None, operation: str | None) -> Iterator[Told]:
        """Every error of a fault, in words, with the name of the field that it is about."""
        if body is None:
            return
        names = self.fields_of_paths.get(operation or "", {})
        words = "messageRu" if self.language == "ru" else "messageEn"
        for error in _errors(body):
            path = error.get("field")
            target = names.get(_INDEX.sub("", path)) if path else None
            yield {
                **{name: error.get(name) for name in _OF_AN_ERROR},
                "name": field_name(target, self.language) if target else None,
                "words": error.get(words),
            }


def _errors(body: bytes) -> Iterator[dict[str, str | None]]:
    """The errors of our own answer, if it is a fault."""
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)
    for error in etree.fromstring(body, parser).iter(f"{_COMMON}error"):
        yield {etree.QName(part).localname: part.text for part in error}


def _binding(bound: Mapping[str, Any], asked: UUID) -> Told:
    return {
        "answer_id": bound["answer_id"],
        "bound_at": bound["bound_at"],
        "given_first_to": bound["given_to"],
        "stored_answer_given_again": bound["given_to"] != asked,
    }


def _iins(contract: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> list[str]:
    """All the numbers by which the register has known the contract's employee."""
    changes: Iterable[Mapping[str, Any]] = (change for entry in history for change in entry["changes"])
    named = {
        side
        for change in changes
        if change["field"] == "employee_iin"
        for side in (change["before"], change["after"])
    }
    return sorted({contract["employee_iin"], *filter(None, named)})


def _told(said: Told) -> Told:
    """The same in JSON's types, nobody named by number."""
    return {name: _plain(value) for name, value in said.items()}


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | float():
            return value
        case Mapping():
            return _told(dict(value))
        case date():
            return (value.astimezone(UTC) if isinstance(value, datetime) else value).isoformat()
        case bytes() | memoryview():
            return bytes(value).hex()
        case Iterable() if not isinstance(value, str):
            return [_plain(inner) for inner in value]
    return mask(str(value))
