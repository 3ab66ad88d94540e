"""Keys of tokens in the ring: a new one is put beside the old, and a token that is away is told once."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from esutd_bus.signature.key_places import Secret, key_place
from esutd_bus.signature.key_ring import KeyRing
from esutd_bus.signature.keys import KeyFileError
from esutd_bus.signature.token.module import token_module
from esutd_bus.testbed.test_ca import TestCa
from support.tokens import PIN, SoftHsm


def events(ring: KeyRing) -> list[str]:
    with capture_logs() as logs:
        ring.refresh()
    assert PIN not in str(logs)
    return [log["event"] for log in logs]


@pytest.fixture
def ring(hsm: SoftHsm, ca: TestCa) -> KeyRing:
    hsm.add_key("esutd", ca.identity("service"), "service", "01")
    return KeyRing({None: key_place(hsm.uri("esutd", object="service"), Secret(PIN))})


def test_a_newer_key_with_the_label_is_taken(ring: KeyRing, hsm: SoftHsm, newer_ca: TestCa) -> None:
    newer = newer_ca.identity("service")
    old = ring.get()
    assert events(ring) == []
    hsm.add_key("esutd", newer, "service", "02")
    assert events(ring) == ["key_replaced"]
    assert ring.get().certificate == newer.certificate
    algorithm = old.algorithm
    for key in (ring.get(), old):  # who got the old one just before still signs with it
        signature = key.sign(b"data", algorithm)
        assert algorithm.verify(key.certificate.public_key(), signature, b"data")
    hsm.remove("esutd", "privkey", "01")
    hsm.remove("esutd", "cert", "01")
    assert events(ring) == []
    assert ring.get().sign(b"data", algorithm)


def test_a_token_that_is_away_is_told_once(ring: KeyRing, hsm: SoftHsm, ca: TestCa) -> None:
    hsm.take_out()
    token_module(str(hsm.module)).begin_anew()
    assert events(ring) == ["key_not_replaced"]
    assert events(ring) == []
    hsm.put_back()
    assert events(ring) == []
    hsm.take_out()
    token_module(str(hsm.module)).begin_anew()
    assert events(ring) == ["key_not_replaced"]
    assert ring.get().certificate == ca.identity("service").certificate


def test_an_authentication_key_on_a_token(hsm: SoftHsm, ca: TestCa) -> None:
    hsm.add_key("esutd", ca.identity("authentication-key"), "service", "01")
    with pytest.raises(KeyFileError, match=r"^pkcs11:token=esutd;object=service: .*lacks nonRepudiation"):
        KeyRing({None: key_place(hsm.uri("esutd", object="service"), Secret(PIN))})


def test_closing_the_ring_lets_go_of_the_library(ring: KeyRing, hsm: SoftHsm) -> None:
    module = token_module(str(hsm.module))
    assert module._sessions
    ring.close()
    assert not module._sessions
