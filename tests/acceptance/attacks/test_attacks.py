"""Nobody gets in who does not belong: each attack of the catalogue, over HTTP, against both bindings."""

from __future__ import annotations

from collections import Counter
from uuid import uuid4

import psycopg
import pytest

from esutd_bus.signature.reason import Reason
from support.attacks import ATTACKS, FAMILIES
from support.attacks.attack import EVIL_NUMBER, PROFILES, Attack, Forge
from support.messages import Send

NOT_AT_THE_DOOR = {
    Reason.UNREADABLE: "what is no envelope is answered ESB001 or ESB002 before any signature is looked for",
    Reason.REVOCATION_UNKNOWN: "only where it is required to be known: tests/acceptance/test_revoked_certificates.py",
}
"""Reasons that no message over HTTP can provoke."""


def contracts(database: psycopg.Connection, *numbers: str) -> int:
    """How many contracts there are with numbers like these."""
    row = database.execute(
        "SELECT count(*) FROM contract WHERE number LIKE ANY(%s)", (list(numbers),)
    ).fetchone()
    assert row is not None
    return int(row[0])


def wanting(attack: Attack, forge: Forge, send: Send) -> str | None:
    """What is wrong with the answer to an attack."""
    reply = send(forge.made(attack))
    reason = reply.text("reason") or ""
    if reply.status == 200 or reply.codes != [attack.code]:
        return f"{reply.status} {reply.codes}"
    if not reason.startswith(attack.reason) or bool(reason) != bool(attack.reason):
        return reason
    return None


@pytest.mark.parametrize("family", FAMILIES)
def test_no_attack_gets_in(family: str, send: Send, forge: Forge, database: psycopg.Connection) -> None:
    """Each gets the code and the reason listed for it, and leaves nothing behind."""
    found = {attack.name: wanting(attack, forge, send) for attack in FAMILIES[family]}
    assert {name: said for name, said in found.items() if said} == {}
    assert contracts(database, forge.number, f"{EVIL_NUMBER}%") == 0


@pytest.mark.parametrize("profile", PROFILES)
def test_the_untouched_message_gets_in(
    profile: str, send: Send, forge: Forge, database: psycopg.Connection
) -> None:
    """What all attacks are made from is a message that the register takes: else they would prove nothing."""
    fresh = Forge(forge.ca, forge.attestors, number=f"ТД-{uuid4().hex[:12]}")
    reply = send(fresh.signed(profile=profile))
    assert (reply.status, reply.codes) == (200, ["SCSS001"])
    assert contracts(database, fresh.number) == 1


def test_every_reason_is_provoked() -> None:
    provoked = {attack.reason for attack in ATTACKS if attack.code == "SCSE001"}
    assert provoked | set(NOT_AT_THE_DOOR) == set(Reason)
    assert not provoked & set(NOT_AT_THE_DOOR)


def test_the_catalogue_is_large_enough() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)
    sizes = Counter(attack.name.partition(":")[0] for attack in ATTACKS)
    assert all(sizes[profile] >= 60 for profile in PROFILES)
