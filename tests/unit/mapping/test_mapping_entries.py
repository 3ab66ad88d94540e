"""A message of many entries: what is wrong with one is told of it, and lands as if it had come alone."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from esutd_bus.mapping.compile import MappedOperation, compile_mappings
from esutd_bus.mapping.entries import EntryMapping
from esutd_bus.mapping.request_mapping import Landed
from esutd_bus.node import PORTS
from esutd_bus.register.refusal import Refusal
from esutd_bus.settings import packaged
from esutd_bus.soap.contract import load_contracts
from esutd_bus.soap.problem import Decoded
from support.batches import batch
from support.messages import CONTRACTS, contract, register


@pytest.fixture(scope="module")
def operations() -> dict[str, MappedOperation]:
    folder = packaged("mappings")
    compiled = compile_mappings(folder, folder, load_contracts(packaged(".")), PORTS)
    return {operation.contract.name: operation for operation in compiled.operations.values()}


@pytest.fixture
def many(operations: dict[str, MappedOperation]) -> EntryMapping:
    entries = operations["SubmitBatch"].entries
    assert entries is not None
    return entries


def decoded(operation: MappedOperation, message: bytes) -> Decoded:
    (payload,) = etree.fromstring(message).iter(f"{{{CONTRACTS}}}{operation.contract.name}")
    return operation.contract.request_plan.decode(payload)


def split(
    operations: dict[str, MappedOperation], many: EntryMapping, *contracts: dict[str, Any], **parts: Any
) -> tuple[Decoded, list[Landed]]:
    return many.split(decoded(operations["SubmitBatch"], batch(*contracts, **parts)))


def told(refusals: list[Refusal]) -> list[tuple[str, str | None]]:
    return [(refusal.code, refusal.path) for refusal in refusals]


SPOILT = {"startsOn": "?", "number": None, "employee": {"iin": "1"}, "stranger": 1}


def test_each_entry_lands_as_alone(operations: dict[str, MappedOperation], many: EntryMapping) -> None:
    contracts = [contract(), contract(**SPOILT), contract()]
    message, entries = split(operations, many, *contracts)
    assert message.problems == ()
    assert "contract" not in message.values
    single = operations["RegisterContract"]
    for terms, entry in zip(contracts, entries, strict=True):
        alone = decoded(single, register(contract=terms))
        landed = single.request.land(alone.values, alone.problems)
        assert entry.values == {"contract": landed.values["contract"]}
        assert entry.refusals == landed.refusals
        assert entry.malformed == landed.malformed


def test_an_entry_is_told_by_its_place_in_the_messages_order(
    operations: dict[str, MappedOperation], many: EntryMapping
) -> None:
    _, entries = split(operations, many, contract(), contract(**SPOILT))
    by_rule = Refusal("SCSE054", "contract.ends_on")
    assert told(many.told(2, [by_rule, *entries[1].refusals])) == [
        ("SCSE003", "contract[2]/number"),
        ("SCSE045", "contract[2]/employee/iin"),
        ("ESB004", "contract[2]/startsOn"),
        ("SCSE054", "contract[2]/term/endsOn"),
        ("ESB004", "contract[2]/stranger"),
    ]


def test_one_of_whom_nothing_could_be_read(
    operations: dict[str, MappedOperation], many: EntryMapping
) -> None:
    _, (entry, good) = split(operations, many, {}, contract())
    assert entry.values == {}
    assert ("SCSE026", "contract[1]/externalId") in told(many.told(1, entry.refusals))
    assert good.refusals == []


def test_what_is_wrong_beside_the_entries_is_the_messages(
    operations: dict[str, MappedOperation], many: EntryMapping
) -> None:
    message, entries = split(operations, many, contract(), contract(**SPOILT), headcount="?", stranger=1)
    assert [problem.path for problem in message.problems] == ["stranger", "headcount"]
    assert len(entries) == 2


def test_one_too_many_is_the_messages(operations: dict[str, MappedOperation], many: EntryMapping) -> None:
    message, entries = split(operations, many, *[contract()] * 502)
    assert [(problem.path, problem.kind) for problem in message.problems] == [("contract[501]", "unexpected")]
    assert len(entries) == 500


def test_the_mistakes_of_many_hide_none(operations: dict[str, MappedOperation], many: EntryMapping) -> None:
    _, entries = split(operations, many, *[contract(**SPOILT)] * 300)
    assert {len(entry.refusals) for entry in entries} == {4}
