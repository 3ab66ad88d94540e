"""Keys on SoftHSM's tokens: what they sign holds, and what goes wrong is told."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pkcs11
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from envelopes import ENVELOPES
from forgery import Verify

from esutd_bus.signature.algorithms import SIGNATURES
from esutd_bus.signature.gost.algorithms import GOST_2015_512
from esutd_bus.signature.keys import KeyFileError, KeyUnavailableError
from esutd_bus.signature.signing import sign_wsse
from esutd_bus.signature.token import key as token_key
from esutd_bus.signature.token import module as token_modules
from esutd_bus.signature.token.key import TokenKey
from esutd_bus.signature.token.uri import read_token_uri
from esutd_bus.testbed.test_ca import TestCa
from support.tokens import PIN, SoftHsm


def opened(hsm: SoftHsm, pin: str = PIN, token: str = "esutd", **attributes: str) -> TokenKey:
    return TokenKey(read_token_uri(hsm.uri(token, **(attributes or {"object": "service"}))), pin)


def holds(key: TokenKey, identifier: str | None = None) -> bool:
    """Whether its signatures are those of its certificate."""
    algorithm = SIGNATURES[identifier] if identifier else key.algorithm
    signature, public_key = key.sign(b"data", algorithm), key.certificate.public_key()
    return algorithm.verify(public_key, signature, b"data") and not algorithm.verify(
        public_key, signature, b"date"
    )


@pytest.mark.parametrize("identity", ["service", "ec-employer"])
def test_a_message_signed_by_a_token_is_verified(
    identity: str, hsm: SoftHsm, ca: TestCa, verify: Verify
) -> None:
    hsm.add_key("esutd", ca.identity(identity), "service", "01")
    key = opened(hsm)
    assert key.certificate == ca.identity(identity).certificate
    assert key.algorithm.identifier == ca.identity(identity).algorithm.identifier
    verified = verify(sign_wsse(next(iter(ENVELOPES.values())), key))
    assert verified.signer.serial == f"{key.certificate.serial_number:x}"


@pytest.mark.parametrize("mechanisms", ["ALL", "CKM_RSA_PKCS", "-CKM_RSA_PKCS"])
def test_rsa_by_whatever_the_token_has(mechanisms: str, make_hsm: Callable[..., SoftHsm], ca: TestCa) -> None:
    """Whole signatures where it makes them, else over digests that are made here."""
    hsm = make_hsm(mechanisms)
    hsm.add_key("esutd", ca.identity("service"), "service", "01")
    key = opened(hsm)
    assert all(holds(key, identifier) for identifier in SIGNATURES if "rsa-sha" in identifier)


def test_a_key_is_found_by_its_id_too(hsm: SoftHsm, ca: TestCa) -> None:
    hsm.add_key("esutd", ca.identity("service"), "service", "01")
    hsm.add_key("esutd", ca.identity("bus"), "service", "02")
    assert opened(hsm, id="\x01").certificate == ca.identity("service").certificate
    assert opened(hsm, id="\x02").certificate == ca.identity("bus").certificate
    assert holds(opened(hsm, id="\x02"))


def test_of_several_keys_with_a_label_the_newest_is_taken(hsm: SoftHsm, newer_ca: TestCa, ca: TestCa) -> None:
    """But not one whose time has not begun, and not one whose time is over."""
    hsm.add_key("esutd", ca.identity("not-yet-valid"), "service", "01")
    hsm.add_key("esutd", ca.identity("service"), "service", "02")
    hsm.add_key("esutd", ca.identity("expired"), "service", "03")
    assert opened(hsm).certificate == ca.identity("service").certificate
    hsm.add_key("esutd", newer_ca.identity("service"), "service", "04")
    assert opened(hsm).certificate == newer_ca.identity("service").certificate
    assert holds(opened(hsm))


def test_two_keys_of_one_token_share_its_session(hsm: SoftHsm, ca: TestCa) -> None:
    """Whether it is named by its label or by its number: a process logs in once."""
    hsm.add_key("esutd", ca.identity("service"), "service", "01")
    hsm.add_key("esutd", ca.identity("bus"), "bus", "02")
    one = opened(hsm)
    serial = one._found.key.session.token.serial.decode()
    other = TokenKey(read_token_uri(f"pkcs11:serial={serial};object=bus?module-path={hsm.module}"), PIN)
    assert all(holds(key) for key in (one, other, one))
    assert one._module.generation == 0


@pytest.mark.parametrize(
    ("token", "attributes", "why"),
    [
        ("nobody", {"object": "service"}, "cannot be opened: no such token is present"),
        ("twice", {"object": "service"}, "cannot be opened: several tokens are called so"),
        ("esutd", {"object": "nothing"}, "no such private key with a certificate"),
        ("esutd", {"id": "\x07"}, "no such private key with a certificate"),
        ("esutd", {"object": "keyless"}, "no such private key with a certificate"),
        ("esutd", {"object": "mixed"}, "the certificate with the key's CKA_ID is not the key's"),
        ("esutd", {"object": "garbage"}, "no such private key with a certificate"),
    ],
)
def test_what_is_not_there(
    token: str, attributes: dict[str, str], why: str, hsm: SoftHsm, ca: TestCa
) -> None:
    for label in ("twice", "twice"):
        hsm.add_token(label)
    certificate = ca.identity("bus").certificate.public_bytes(Encoding.DER)
    hsm.write("esutd", "cert", certificate, "keyless", "04")
    hsm.add_key("esutd", ca.identity("service"), "mixed", "05")
    hsm.remove("esutd", "cert", "05")
    hsm.write("esutd", "cert", certificate, "mixed", "05")
    with pytest.raises(KeyFileError, match=why) as refused:
        opened(hsm, token=token, **attributes)
    assert PIN not in str(refused.value)
    assert str(refused.value).startswith("pkcs11:token=")


def test_a_library_that_is_none(tmp_path: Path) -> None:
    library = tmp_path / "library.so"
    library.write_text("none")
    for path in (library, tmp_path / "absent.so"):
        with pytest.raises(KeyFileError, match="cannot be opened"):
            TokenKey(read_token_uri(f"pkcs11:token=esutd;object=x?module-path={path}"), PIN)


def test_a_refused_pin_is_not_tried_again(hsm: SoftHsm, ca: TestCa, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few tries lock a real token. Another PIN is another try."""
    hsm.add_key("esutd", ca.identity("service"), "service", "01")
    with pytest.raises(KeyFileError, match="the token refuses the PIN: PinIncorrect") as refused:
        opened(hsm, pin="9999-secret")
    assert "9999" not in str(refused.value)
    with monkeypatch.context() as patch:
        patch.setattr(token_modules.pkcs11, "lib", None)  # nobody asks the token
        with pytest.raises(KeyFileError, match="it is not tried again"):
            opened(hsm, pin="9999-secret")
    assert holds(opened(hsm))


def test_a_lost_session_is_opened_again(hsm: SoftHsm, ca: TestCa) -> None:
    hsm.add_key("esutd", ca.identity("service"), "service", "01")
    key = opened(hsm)
    key._found.key.session.close()
    assert holds(key)
    pkcs11.lib(str(hsm.module)).finalize()
    assert holds(key)


def test_a_token_that_is_away_and_comes_back(
    hsm: SoftHsm, ca: TestCa, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_key, "PAUSE_SECONDS", 0.0)
    hsm.add_key("esutd", ca.identity("service"), "service", "01")
    key = opened(hsm)
    hsm.take_out()
    for _ in range(2):
        with pytest.raises(KeyUnavailableError, match="no such token is present") as refused:
            key.sign(b"data", key.algorithm)
        assert PIN not in str(refused.value)
    hsm.put_back()
    assert holds(key)


def test_a_token_that_is_away_is_left_alone_for_a_moment(hsm: SoftHsm, ca: TestCa) -> None:
    hsm.add_key("esutd", ca.identity("service"), "service", "01")
    key = opened(hsm)
    hsm.take_out()
    with pytest.raises(KeyUnavailableError, match="no such token is present"):
        key.sign(b"data", key.algorithm)
    generation = key._module.generation
    with pytest.raises(KeyUnavailableError, match="could not be reached a moment ago"):
        key.sign(b"data", key.algorithm)
    assert key._module.generation == generation


def test_another_key_in_its_place_never_signs_for_it(
    hsm: SoftHsm, ca: TestCa, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The certificate that goes with a signature was told before: only its key may make it."""
    monkeypatch.setattr(token_key, "PAUSE_SECONDS", 0.0)
    hsm.add_key("esutd", ca.identity("service"), "service", "01")
    key = opened(hsm)
    hsm.remove("esutd", "privkey", "01")
    hsm.remove("esutd", "cert", "01")
    hsm.add_key("esutd", ca.identity("bus"), "service", "01")
    with pytest.raises(KeyUnavailableError, match="the key is on the token no more"):
        key.sign(b"data", key.algorithm)
    assert holds(opened(hsm))


def test_handles_of_before_mean_nothing(hsm: SoftHsm, ca: TestCa) -> None:
    """One key's new session makes another key of the same library look for itself again."""
    hsm.add_key("esutd", ca.identity("service"), "service", "01")
    hsm.add_key("esutd", ca.identity("bus"), "bus", "02")
    service, bus = opened(hsm), opened(hsm, object="bus")
    for _ in range(2):
        service._module.begin_anew()
        assert holds(bus)
        assert holds(service)


def test_many_threads(hsm: SoftHsm, ca: TestCa) -> None:
    hsm.add_key("esutd", ca.identity("service"), "service", "01")
    hsm.add_key("esutd", ca.identity("ec-employer"), "other", "02")
    keys = [opened(hsm), opened(hsm, object="other")]
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(holds, keys * 100))


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.parametrize("held", [False, True], ids=["the lock is free", "another thread holds the lock"])
def test_a_fork(held: bool, hsm: SoftHsm, ca: TestCa) -> None:
    """The child opens a session of its own; the parent's goes on."""
    hsm.add_key("esutd", ca.identity("service"), "service", "01")
    key = opened(hsm)
    release, taken = threading.Event(), threading.Event()

    def hold() -> None:
        with key._module.lock:
            taken.set()
            release.wait()

    holder = threading.Thread(target=hold)
    if held:
        holder.start()
        taken.wait()
    child = os.fork()
    if child == 0:
        # Once for what was forgotten, once for the library that was begun anew.
        os._exit(0 if holds(key) and key._module.generation == 2 else 1)
    release.set()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert holds(key)
    assert key._module.generation == 0


def test_algorithms_that_no_token_has(hsm: SoftHsm, ca: TestCa) -> None:
    hsm.add_key("esutd", ca.identity("service"), "service", "01")
    key = opened(hsm)
    with pytest.raises(TypeError, match="no algorithm for tokens"):
        key.sign(b"data", GOST_2015_512)


def test_no_pin_is_in_a_repr(hsm: SoftHsm, ca: TestCa) -> None:
    hsm.add_key("esutd", ca.identity("service"), "service", "01")
    key = opened(hsm)
    assert PIN not in repr(key) + repr(key._module) + repr(key._found)
