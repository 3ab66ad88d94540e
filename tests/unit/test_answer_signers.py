"""Whose answers are signed, and with which key."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from esutd_bus.answer_signers import AnswerSigners
from esutd_bus.register.partners import Partner, PartnerKind, Partners
from esutd_bus.signature.inspection import inspect_file
from esutd_bus.signature.key_places import FilePlace, KeyPlace, Secret
from esutd_bus.signature.key_ring import KeyRing
from esutd_bus.signature.keys import KeyUnavailableError
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import Verifier
from esutd_bus.soap.envelope import answer_envelope
from esutd_bus.testbed.test_ca import TestCa

PORTAL = "020140000016"
OWN, SECOND = "service", "bus"
"""The identities that hold the service's own key, and the one it calls `second`."""

ANSWER = answer_envelope(b"<a/>")


def place(ca: TestCa, name: str) -> KeyPlace:
    identity = ca.identity(name)
    return FilePlace(identity.path, Secret(identity.password))


@pytest.fixture(scope="module")
def ring(ca: TestCa) -> KeyRing:
    return KeyRing({None: place(ca, OWN), "second": place(ca, SECOND)})


def entry(signed_answers: bool | None = None, answer_key: str | None = None) -> Partner:
    return Partner(PORTAL, PartnerKind.PORTAL, signed_answers=signed_answers, answer_key=answer_key)


@pytest.mark.parametrize(
    ("entry", "by_default", "identity"),
    [
        (None, False, None),
        (None, True, OWN),
        (entry(), False, None),
        (entry(), True, OWN),
        (entry(True), False, OWN),
        (entry(False), True, None),
        (entry(True, "second"), False, SECOND),
        (entry(None, "second"), True, SECOND),
        (entry(False, "second"), True, None),
    ],
)
def test_the_entry_decides_and_else_the_settings(
    ring: KeyRing, ca: TestCa, entry: Partner | None, by_default: bool, identity: str | None
) -> None:
    partners = Partners([entry] if entry else [])
    sign = AnswerSigners(ring, by_default, lambda: partners).of(PORTAL)
    if identity is None:
        assert sign is None
        return
    assert sign is not None
    verifier = Verifier(TrustStore.from_directory(ca.trust_dir))
    (signature,) = inspect_file(sign(ANSWER), verifier, datetime.now(UTC)).signatures
    assert signature.valid
    assert signature.certificate is not None
    assert signature.certificate.serial == f"{ca.identity(identity).certificate.serial_number:x}"


def test_nobody_who_is_known_has_no_entry(ring: KeyRing) -> None:
    signers = AnswerSigners(ring, True, lambda: Partners([entry(False)]))
    assert signers.of(None) is not None
    assert signers.of(PORTAL) is None


@pytest.mark.parametrize(
    ("ring_has", "entry"), [([None], entry(True, "second")), ([], entry(True)), (["second"], entry(True))]
)
def test_no_other_key_stands_in_for_one_that_is_not_there(
    ca: TestCa, ring_has: list[str | None], entry: Partner
) -> None:
    ring = KeyRing({name: place(ca, OWN) for name in ring_has})
    sign = AnswerSigners(ring, False, lambda: Partners([entry])).of(PORTAL)
    assert sign is not None
    with pytest.raises(KeyUnavailableError, match=PORTAL):
        sign(ANSWER)
