"""The service's keys follow their places, and a key that cannot be used changes nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from structlog.testing import capture_logs
from structlog.typing import EventDict

from esutd_bus.signature import key_ring
from esutd_bus.signature.key_places import FilePlace, Secret, TokenPlace, key_place
from esutd_bus.signature.key_ring import KeyRing, UnknownKeyError
from esutd_bus.signature.keys import KeyFileError, SigningKey
from esutd_bus.testbed.test_ca import TestCa, TestIdentity

PASSWORD = "testbed"


@pytest.fixture
def file(tmp_path: Path, ca: TestCa) -> Path:
    """A key file that holds the identity `service`."""
    path = tmp_path / "service.p12"
    put(path, ca.identity("service").path.read_bytes())
    return path


def put(path: Path, content: bytes) -> None:
    """Written beside, and moved there whole, as operators are told to."""
    beside = path.with_suffix(".new")
    beside.write_bytes(content)
    beside.replace(path)


def ring_of(path: Path, now: datetime | None = None, **password: Path | str) -> KeyRing:
    secret = Secret(**(password or {"given": PASSWORD}))  # type: ignore[arg-type]
    return KeyRing({None: FilePlace(path, secret)}, (lambda: now) if now else (lambda: datetime.now(UTC)))


def refreshed(ring: KeyRing) -> list[EventDict]:
    """What is logged when the ring looks at its places."""
    with capture_logs() as logs:
        ring.refresh()
    return logs


def holds(ring: KeyRing, identity: TestIdentity) -> bool:
    """Whether the default key is this identity's."""
    key = ring.get()
    signature = key.sign(b"data", key.algorithm)
    return key.certificate == identity.certificate and key.algorithm.verify(
        identity.certificate.public_key(), signature, b"data"
    )


def test_keys_by_name(file: Path, ca: TestCa) -> None:
    bus = ca.identity("bus")
    ring = KeyRing(
        {
            None: FilePlace(file, Secret(PASSWORD)),
            "bus": FilePlace(bus.path, Secret(PASSWORD)),
            "gost": FilePlace(ca.identity("gost-employer").path, Secret(PASSWORD)),
        }
    )
    assert holds(ring, ca.identity("service"))
    assert ring.get("bus").certificate == bus.certificate
    assert ring.get("gost").algorithm.identifier.endswith("gostr34112015-512")
    assert None in ring
    assert "bus" in ring
    assert "other" not in ring
    with pytest.raises(UnknownKeyError, match=r"no key is called 'other'; keys by name: bus, gost"):
        ring.get("other")
    with pytest.raises(UnknownKeyError, match=r"there is no default key; keys by name: none"):
        KeyRing({}).get()


@pytest.mark.parametrize(
    ("identity", "why"),
    [
        ("authentication-key", "answers cannot be signed with it: .*lacks nonRepudiation"),
        ("weak-key", "answers cannot be signed with it: an RSA key of 1024 bits"),
    ],
)
def test_keys_that_do_not_sign_answers(identity: str, why: str, file: Path, ca: TestCa) -> None:
    path = ca.identity(identity).path
    with pytest.raises(KeyFileError, match=rf"{identity}\.p12: {why}"):
        ring_of(path)
    ring = ring_of(file)
    put(file, path.read_bytes())
    (complaint,) = refreshed(ring)
    assert complaint["event"] == "key_not_replaced"
    assert holds(ring, ca.identity("service"))


def test_a_replaced_file_s_key_is_taken(file: Path, ca: TestCa) -> None:
    ring = ring_of(file)
    seen: list[tuple[str, x509.Certificate]] = []
    ring.follow(lambda name, certificate: seen.append((name, certificate)))
    assert refreshed(ring) == []
    put(file, ca.identity("bus").path.read_bytes())
    (event,) = refreshed(ring)
    assert (event["event"], event["log_level"], event["key"]) == ("key_replaced", "info", "default")
    assert event["serial"] == f"{ca.identity('bus').certificate.serial_number:x}"
    assert holds(ring, ca.identity("bus"))
    assert refreshed(ring) == []
    assert seen == [("default", ca.identity(name).certificate) for name in ("service", "bus")]


def test_a_key_once_got_stays_what_it_is(file: Path, ca: TestCa) -> None:
    """So the certificate in an answer is that of its signature, whatever happens between."""
    ring = ring_of(file)
    key = ring.get()
    put(file, ca.identity("ec-employer").path.read_bytes())
    refreshed(ring)
    assert key.certificate == ca.identity("service").certificate
    assert key.algorithm.identifier.endswith("rsa-sha256")
    assert ring.get().algorithm.identifier.endswith("ecdsa-sha256")


@pytest.mark.parametrize("content", [b"", b"no PKCS#12", None], ids=["empty", "rubbish", "absent"])
def test_a_file_that_cannot_be_used_is_told_once_and_changes_nothing(
    content: bytes | None, file: Path, ca: TestCa
) -> None:
    ring = ring_of(file)
    if content is None:
        file.unlink()
    else:
        put(file, content)
    (complaint,) = refreshed(ring)
    assert complaint["event"] == "key_not_replaced"
    assert complaint["log_level"] == "error"
    assert complaint["reason"].startswith(str(file))
    assert PASSWORD not in str(complaint)
    assert refreshed(ring) == []
    assert holds(ring, ca.identity("service"))
    put(file, b"other rubbish")
    assert [event["event"] for event in refreshed(ring)] == ["key_not_replaced"]
    put(file, ca.identity("bus").path.read_bytes())
    assert [event["event"] for event in refreshed(ring)] == ["key_replaced"]


def test_a_new_password_comes_with_its_file(file: Path, ca: TestCa, tmp_path: Path) -> None:
    """Whichever of the two is replaced first: the old key signs until both are there."""
    password = tmp_path / "password"
    password.write_text(f"{PASSWORD}\n")
    ring = ring_of(file, file=password)
    put(password, b"another")
    assert "the password is not its" in refreshed(ring)[0]["reason"]
    assert holds(ring, ca.identity("service"))
    put(file, ca.identity("bus").path.read_bytes())
    assert [event["event"] for event in refreshed(ring)] == ["key_not_replaced"]
    put(password, PASSWORD.encode())
    assert [event["event"] for event in refreshed(ring)] == ["key_replaced"]
    assert holds(ring, ca.identity("bus"))


@pytest.mark.parametrize("identity", ["expired", "not-yet-valid"])
def test_a_key_out_of_its_time_does_not_replace_one(identity: str, file: Path, ca: TestCa) -> None:
    ring = ring_of(file)
    put(file, ca.identity(identity).path.read_bytes())
    (complaint,) = refreshed(ring)
    assert "its certificate is valid from" in complaint["reason"]
    assert holds(ring, ca.identity("service"))


def test_the_end_of_a_certificate_is_told_before_and_every_day(file: Path, ca: TestCa) -> None:
    ends = ca.identity("service").certificate.not_valid_after_utc
    now = ends - timedelta(days=31)
    with capture_logs() as logs:
        ring = KeyRing({None: FilePlace(file, Secret(PASSWORD))}, lambda: now)
    assert logs == []
    now = ends - timedelta(days=29)
    (warning,) = refreshed(ring)
    assert (warning["event"], warning["log_level"], warning["days_left"]) == (
        "key_expires_soon",
        "warning",
        29,
    )
    assert warning["not_after"] == ends.isoformat()
    now += timedelta(hours=23)
    assert refreshed(ring) == []
    now += timedelta(hours=1)
    assert [event["event"] for event in refreshed(ring)] == ["key_expires_soon"]
    now = ends + timedelta(seconds=1)
    (error,) = refreshed(ring)
    assert (error["event"], error["log_level"]) == ("key_expired", "error")


def test_a_start_with_an_expired_key_is_told_and_goes_on(ca: TestCa) -> None:
    """A worker that dies the day after must come up again."""
    with capture_logs() as logs:
        ring = ring_of(ca.identity("expired").path)
    assert [event["event"] for event in logs] == ["key_expired"]
    assert ring.get().certificate == ca.identity("expired").certificate


def test_the_watch_looks_and_survives(file: Path, ca: TestCa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_ring, "CHECK_SECONDS", 0.01)
    place = FilePlace(file, Secret(PASSWORD))
    failing, taken = Failing(place), threading.Event()
    ring = KeyRing({None: failing})
    others = set(threading.enumerate())
    ring.watch()
    failing.fails = True
    failing.failed.wait()
    failing.fails = False
    ring.follow(lambda _, certificate: taken.set() if certificate == ca.identity("bus").certificate else None)
    put(file, ca.identity("bus").path.read_bytes())
    assert taken.wait(30)
    ring.close()
    left = set(threading.enumerate()) - others
    assert not any(thread.name == "esutd-bus-keys" for thread in left)


class Failing:
    """A place that breaks its promise for a while."""

    def __init__(self, place: FilePlace) -> None:
        self.place = place
        self.fails = False
        self.failed = threading.Event()
        self.close: Callable[[], None] = place.close

    def stamp(self) -> Hashable:
        if self.fails:
            self.failed.set()
            raise ZeroDivisionError
        return self.place.stamp()

    def load(self) -> SigningKey:
        return self.place.load()


def test_places(tmp_path: Path) -> None:
    secret = Secret("secret-1234")
    assert key_place(str(tmp_path / "x.p12"), secret) == FilePlace(tmp_path / "x.p12", secret)
    token = key_place("pkcs11:token=t;object=o?module-path=/m.so", secret)
    assert isinstance(token, TokenPlace)
    assert str(token) == "pkcs11:token=t;object=o"
    assert "secret-1234" not in repr(token)


def test_secrets(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(" пароль \n", encoding="utf-8")
    assert Secret(file=file).read() == "пароль"
    assert Secret("given", file).read() == "given"
    assert Secret().read() == ""
    with pytest.raises(KeyFileError, match="absent: cannot be read"):
        Secret(file=tmp_path / "absent").read()
    file.write_bytes(b"secret\xff")
    with pytest.raises(KeyFileError, match="password: no text in UTF-8") as refused:
        Secret(file=file).read()
    assert refused.value.__cause__ is None
    with pytest.raises(KeyFileError, match="no text in UTF-8") as refused:
        Secret("secret\udcff").read()
    assert "secret" not in str(refused.value)
