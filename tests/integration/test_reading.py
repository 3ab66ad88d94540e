"""From bytes to a command: envelopes, signatures, contracts and mappings together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any

import pytest

from esutd_bus import reading
from esutd_bus.answers import Answers
from esutd_bus.lockstep import Lockstep
from esutd_bus.mapping.compile import MappedOperation
from esutd_bus.mapping.request_mapping import RequestMapping
from esutd_bus.node import load_mapped_contracts
from esutd_bus.passage import MessageRefused, Passage, Request
from esutd_bus.reading import DirectChannel, Reader
from esutd_bus.register.partners import Partner, PartnerKind, Partners
from esutd_bus.settings import Settings
from esutd_bus.signature.algorithms import RsaPkcs1
from esutd_bus.signature.explanation import explain
from esutd_bus.signature.profile import ALL_PROFILES
from esutd_bus.signature.reason import Reason
from esutd_bus.signature.signing import sign_document, sign_header, sign_wsse
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import Verifier
from esutd_bus.soap.decode_plan import RequestPlan
from esutd_bus.store.ids import uuid7
from esutd_bus.store.journal import Record
from esutd_bus.testbed.test_ca import TestCa
from support.messages import EMPLOYER, register
from support.replacing import replace

CONTRACTS, MAPPINGS = load_mapped_contracts(Settings())
SERVICE = CONTRACTS.by_path["/soap/contracts"]


def passage(body: bytes) -> Passage:
    now = datetime.now(UTC)
    return Passage(Record(uuid7(), "in", now, "direct", SERVICE.name, body))


def operations(*profiles: str) -> dict[str, MappedOperation]:
    """All operations, taking these profiles, or those of the packaged mappings."""
    if not profiles:
        return dict(MAPPINGS.operations)
    return {tag: replace(one, profiles=frozenset(profiles)) for tag, one in MAPPINGS.operations.items()}


def read(ca: TestCa, arrived: Passage, *profiles: str, allowed: Collection[str] = ALL_PROFILES) -> Request:
    verifier = Verifier(TrustStore.from_directory(ca.trust_dir))
    partners = Partners([Partner(EMPLOYER, PartnerKind.EMPLOYER, profiles=frozenset(allowed))])
    reader = Reader(operations(*profiles), verifier, lambda: partners, Lockstep())
    request = asyncio.run(reader.read(arrived, DirectChannel(SERVICE), datetime.now(UTC)))
    assert isinstance(request, Request)
    return request


def test_the_documents_signer_is_the_sender(ca: TestCa) -> None:
    arrived = passage(sign_wsse(sign_document(register(), ca.identity("employer")), ca.identity("bus")))
    request = read(ca, arrived)
    assert request.command.employer == EMPLOYER
    assert (arrived.record.sender, request.key and request.key.sender) == (EMPLOYER, EMPLOYER)
    assert arrived.record.report is not None
    assert [one["profile"] for one in arrived.record.report["signatures"]] == ["wsse", "document"]


@pytest.mark.parametrize(
    ("profiles", "allowed", "taken"),
    [
        ((), ["wsse", "document"], False),
        (("wsse", "document"), ["header"], False),
        ((), ["header"], True),
        (("header",), ["header", "wsse"], True),
    ],
)
def test_header_is_taken_where_operation_and_sender_allow_it(
    profiles: tuple[str, ...], allowed: list[str], taken: bool, ca: TestCa
) -> None:
    arrived = passage(sign_header(register(), ca.identity("employer")))
    if taken:
        assert read(ca, arrived, *profiles, allowed=allowed).command.employer == EMPLOYER
        return
    with pytest.raises(MessageRefused) as refused:
        read(ca, arrived, *profiles, allowed=allowed)
    (refusal,) = refused.value.refusals
    assert (refusal.code, refusal.reason) == ("SCSE001", "profile")
    assert arrived.record.report is not None
    assert (arrived.record.report["valid"], arrived.record.report["reason"]) == (False, "profile")


def test_each_signature_is_by_a_profile_that_the_operation_takes(ca: TestCa) -> None:
    employer = ca.identity("employer")
    with pytest.raises(MessageRefused) as refused:
        read(ca, passage(sign_wsse(sign_document(register(), employer), employer)), "document")
    assert refused.value.refusals[0].reason == "profile"


@pytest.mark.code("SCSE001")
def test_a_refused_signature_is_answered_with_words(ca: TestCa) -> None:
    """The code's own text says little: behind it stands what is wrong and what to do."""
    arrived = passage(sign_document(register(), ca.identity("authentication-key")))
    with pytest.raises(MessageRefused) as refused:
        read(ca, arrived)
    answers = Answers(CONTRACTS.register_fault, lambda _sender: None)
    fault = answers.fault(arrived, refused.value.refusals).body.decode()
    told = explain(Reason.KEY_USAGE)
    assert "reason>key-usage</" in fault
    for words in ("Ошибка подписи!", told.ru, "Қол қою қатесі!", told.kk, "Signature error!", told.en):
        assert words in fault


def test_messages_that_came_together_go_in_step(ca: TestCa, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each stage is done for all of them before the next one begins."""
    done: list[str] = []

    def told(stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def doing(*given: Any) -> Any:
            done.append(stage)
            return work(*given)

        return doing

    key = ca.identity("employer")
    came = [passage(sign_wsse(register(), key)) for _ in range(3)]
    monkeypatch.setattr(reading, "open_envelope", told("parse", reading.open_envelope))
    monkeypatch.setattr(TrustStore, "paths", told("trust", TrustStore.paths))
    monkeypatch.setattr(RsaPkcs1, "verify", told("signature", RsaPkcs1.verify))
    monkeypatch.setattr(RequestPlan, "decode", told("decode", RequestPlan.decode))
    monkeypatch.setattr(RequestMapping, "land", told("map", RequestMapping.land))
    partners = Partners([Partner(EMPLOYER, PartnerKind.EMPLOYER, profiles=frozenset(ALL_PROFILES))])
    reader = Reader(
        operations(), Verifier(TrustStore.from_directory(ca.trust_dir)), lambda: partners, Lockstep()
    )

    async def read_all() -> None:
        now = datetime.now(UTC)
        await asyncio.gather(*(reader.read(one, DirectChannel(SERVICE), now) for one in came))

    asyncio.run(read_all())
    assert done == [each for each in ("parse", "trust", "signature", "decode", "map") for _ in came]
