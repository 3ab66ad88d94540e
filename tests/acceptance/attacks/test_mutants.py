"""Whatever comes over HTTP: it is answered by a fault that says why, never by an error of the service's own."""

from __future__ import annotations

from random import Random
from uuid import UUID

import pytest
from lxml import etree

from esutd_bus.register import answer_codes
from esutd_bus.signature.signing import NotSignableError, sign
from support.attacks.attack import Forge
from support.fuzzing import Budget, Mutant, Progress, good_messages, meaning, mutants
from support.messages import COMMON, SOAP, Reply, Send
from support.mutations import OCTETS, change_tree
from support.services import Service
from support.wire import HALF_CLOSE, converse, post

STATUSES = {400, 408, 413, 415, 500}
"""What a message may be refused with (docs/integrators.ru.md); 503 and 404 no octets of a message bring about."""

SERVER_CODES = {"ESB007", "ESB008", "ESB009", "ESB099"}
"""The service's own trouble, which no message may bring about."""


def fault_of(body: bytes) -> str:
    """The first code of a proper fault: an Envelope with a Fault whose detail is a RegisterFault."""
    root = etree.fromstring(body)
    detail = root.find(f"./{{{SOAP}}}Body/{{{SOAP}}}Fault/detail/{{{COMMON}}}RegisterFault")
    assert detail is not None, body
    assert UUID(detail.findtext(f"{{{COMMON}}}correlationId"))
    code = detail.findtext(f"{{{COMMON}}}error/{{{COMMON}}}code")
    assert code in answer_codes.in_force(), body
    return code


def refused(reply: Reply, mutant: Mutant) -> str:
    """The code of a proper refusal."""
    code = fault_of(reply.body)
    assert reply.status in STATUSES, (mutant, reply)
    assert code not in SERVER_CODES, (mutant, reply)
    return code


def test_no_mutant_gets_in(
    forge: Forge, send: Send, fuzz_budget: Budget, capsys: pytest.CaptureFixture[str]
) -> None:
    """Changed after it was signed: refused, or it says what was signed."""
    budget = fuzz_budget.share(10)
    fresh = Forge(forge.ca, forge.attestors)
    good = good_messages(fresh)
    meant = {name: meaning(raw) for name, raw in good.items()}
    progress = Progress(budget, capsys, "over HTTP")
    for mutant in mutants(budget, good):
        reply = send(mutant.octets)
        if reply.status == 200:
            assert meaning(mutant.octets) == meant[mutant.base], mutant
            progress.count("accepted, for it says what was signed")
        else:
            progress.count(refused(reply, mutant))


def test_nonsense_from_a_known_sender_is_told_what_is_wrong(
    forge: Forge, send: Send, fuzz_budget: Budget, capsys: pytest.CaptureFixture[str]
) -> None:
    """Changed before it was signed: schema, mapping and rules meet whatever a key's owner may sign."""
    budget = fuzz_budget.share(20)
    progress = Progress(budget, capsys, "signed nonsense")
    for number in range(budget.messages):
        random = Random(f"{budget.seed} signed {number}")
        fresh = Forge(forge.ca, forge.attestors)
        profile = random.choice(("wsse", "document"))
        raw = fresh.to_sign(profile)
        for _ in range(random.choice((1, 1, 2, 3))):
            raw = change_payload(random, raw)
        try:
            signed = sign(raw, forge.ca.identity("employer"), profile)
        except NotSignableError:
            progress.count("not to be signed")
            continue
        mutant = Mutant(number, profile, signed)
        reply = send(signed)
        progress.count("accepted" if reply.status == 200 else refused(reply, mutant))


def change_payload(random: Random, raw: bytes) -> bytes:
    """One change in the payload, its envelope left as it is."""
    root = etree.fromstring(raw)
    payload = root[-1][0]
    try:
        changed = etree.fromstring(change_tree(random, etree.tostring(payload)))
    except etree.XMLSyntaxError:  # an xml:id that is no name, for one
        return raw
    root[-1].replace(payload, changed)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def test_a_mutated_request_is_answered_or_hung_up_on(
    service: Service, forge: Forge, fuzz_budget: Budget, capsys: pytest.CaptureFixture[str]
) -> None:
    """Octets of the request changed, its head included: the server lives, and says nothing of its insides."""
    budget = fuzz_budget.share(20)
    message = Forge(forge.ca, forge.attestors).signed()
    request = post("/soap/contracts", message)
    head = len(request) - len(message)
    progress = Progress(budget, capsys, "requests")
    for number in range(budget.messages):
        random = Random(f"{budget.seed} request {number}")
        changed = request
        for _ in range(random.choice((1, 2, 3))):
            changed = random.choice(OCTETS)(random, changed[:head]) + changed[head:]
        answers = converse(service.url, changed, HALF_CLOSE)
        for answer in answers:
            assert b"Traceback" not in answer.body, changed
            if answer.status in {500, 503}:
                assert fault_of(answer.body) not in SERVER_CODES, changed
        progress.count(str(answers[0].status) if answers else "hung up")
