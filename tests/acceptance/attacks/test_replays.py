"""A good message sent again, as it was or rewritten where nothing is signed, has no second effect."""

from __future__ import annotations

import base64
from collections.abc import Callable

import psycopg
import pytest
from lxml import etree

from support.attacks.attack import PROFILES, Forge
from support.attacks.values import ecdsa_twin
from support.messages import PERSONAL_FILE, Send

Rewrite = Callable[[bytes], bytes]


def contracts(database: psycopg.Connection, number: str) -> int:
    row = database.execute("SELECT count(*) FROM contract WHERE number = %s", (number,)).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def fresh(forge: Forge) -> Forge:
    """A good message that nobody has sent yet."""
    return Forge(forge.ca, forge.attestors)


def _with_header_block(raw: bytes) -> bytes:
    root = etree.fromstring(raw)
    header = root.find("{http://schemas.xmlsoap.org/soap/envelope/}Header")
    if header is None:
        header = etree.Element("{http://schemas.xmlsoap.org/soap/envelope/}Header")
        root.insert(0, header)
    header.insert(0, etree.fromstring('<t:Trace xmlns:t="urn:t">2</t:Trace>'))
    return etree.tostring(root)


def _with_comments(raw: bytes) -> bytes:
    return (
        b"<!-- a -->"
        + raw.partition(b"?>")[2].replace(b"<soap:Body", b"<!-- b --><soap:Body")
        + b"<!-- c -->"
    )


REWRITTEN: dict[str, Rewrite] = {
    "as it was": lambda raw: raw,
    "with a header block more": _with_header_block,
    "with comments between its parts": _with_comments,
    "with a namespace declared on the Envelope": lambda raw: raw.replace(
        b"<soap:Envelope ", b'<soap:Envelope xmlns:x="urn:x" '
    ),
}


@pytest.mark.parametrize("rewrite", REWRITTEN.values(), ids=REWRITTEN.keys())
@pytest.mark.parametrize("profile", PROFILES)
def test_a_replay_gets_the_first_answer_and_no_more(
    profile: str, rewrite: Rewrite, send: Send, fresh: Forge, database: psycopg.Connection
) -> None:
    message = fresh.signed(profile=profile)
    first = send(message)
    assert first.codes == ["SCSS001"]
    again = send(rewrite(message))
    assert (again.status, again.body) == (first.status, first.body)
    assert contracts(database, fresh.number) == 1


def test_the_twin_of_an_ecdsa_signature_is_no_other_message(
    send: Send, fresh: Forge, database: psycopg.Connection
) -> None:
    """(r, n - s) holds wherever (r, s) does: whoever looks on can make it, and gains nothing by it."""
    message = fresh.message("ec-employer")
    first = send(message.octets())
    value = message.at("//ds:SignatureValue")
    value.text = base64.b64encode(ecdsa_twin(base64.b64decode(value.text or ""))).decode()
    again = send(message.octets())
    assert first.codes == ["SCSS001"]
    assert again.body == first.body
    assert contracts(database, fresh.number) == 1


def test_a_replay_signed_by_another_key_of_the_employer_is_a_retry(
    send: Send, fresh: Forge, database: psycopg.Connection
) -> None:
    answers = [send(fresh.signed(signer)) for signer in ("employer", "ec-employer", "gost-employer")]
    assert answers[0].codes == ["SCSS001"]
    assert {answer.body for answer in answers} == {answers[0].body}
    assert contracts(database, fresh.number) == 1


def test_a_message_is_of_no_use_at_another_service(
    send: Send, fresh: Forge, database: psycopg.Connection
) -> None:
    assert send(fresh.signed(), PERSONAL_FILE).codes == ["ESB003"]
    assert contracts(database, fresh.number) == 0


def test_an_answer_is_no_request(send: Send, fresh: Forge) -> None:
    answer = send(fresh.signed())
    assert answer.codes == ["SCSS001"]
    assert send(answer.body).codes == ["ESB003"]
