"""Whose answers are signed, and with which key."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from esutd_bus.answer_signers import AnswerSigners, Sign
from esutd_bus.register.partners import Partner, PartnerKind, Partners

PORTAL = "020140000016"


def key(name: str) -> Sign:
    return lambda envelope: envelope + name.encode()


def signed(entry: Partner | None, *, by_default: bool = False, own: Sign | None = key("own")) -> bytes:  # noqa: B008
    """What becomes of an answer to the portal."""
    named = {"second": key("second")}
    partners = Partners([entry] if entry else [])
    sign = AnswerSigners(own, by_default, lambda: partners, named.get).of(PORTAL)
    return sign(b"") if sign else b"unsigned"


def entry(signed_answers: bool | None = None, answer_key: str | None = None) -> Partner:
    return Partner(PORTAL, PartnerKind.PORTAL, signed_answers=signed_answers, answer_key=answer_key)


@pytest.mark.parametrize(
    ("entry", "by_default", "outcome"),
    [
        (None, False, b"unsigned"),
        (None, True, b"own"),
        (entry(), False, b"unsigned"),
        (entry(), True, b"own"),
        (entry(True), False, b"own"),
        (entry(False), True, b"unsigned"),
        (entry(True, "second"), False, b"second"),
        (entry(None, "second"), True, b"second"),
        (entry(False, "second"), True, b"unsigned"),
    ],
)
def test_the_entry_decides_and_else_the_settings(
    entry: Partner | None, by_default: bool, outcome: bytes
) -> None:
    assert signed(entry, by_default=by_default) == outcome


def test_nobody_who_is_known_has_no_entry() -> None:
    signers = AnswerSigners(key("own"), True, lambda: Partners([entry(False)]))
    assert signers.of(None) is not None
    assert signers.of(PORTAL) is None


def test_a_key_that_is_not_there_is_complained_of() -> None:
    with capture_logs() as logged:
        assert signed(entry(True, "lost")) == b"own"
        assert signed(entry(True), own=None) == b"unsigned"
    assert [(each["log_level"], each["key"]) for each in logged] == [
        ("error", "lost"),
        ("error", "the service's own"),
    ]
