"""The service's own keys by their names, each as its place holds it now.

A key is loaded at the start, and again whenever its place has changed. One that cannot be used then leaves the key of
before in force. Signing never waits for this: places are looked at in a thread of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

import structlog
from cryptography.hazmat.primitives.serialization import Encoding

from esutd_bus.logs import trace
from esutd_bus.signature.certificates import read_certificate
from esutd_bus.signature.keys import KeyFileError, SigningKey
from esutd_bus.signature.reason import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from cryptography import x509

    from esutd_bus.signature.key_places import KeyPlace

CHECK_SECONDS: Final = 2.0
"""Between two looks at the places."""

WARN_BEFORE: Final = timedelta(days=30)
REMIND_EVERY: Final = timedelta(days=1)
_PATIENCE_SECONDS: Final = 5.0

DEFAULT: Final = "default"
"""What the key without a name is called in logs and metrics."""

_log = structlog.get_logger(__name__)


class UnknownKeyError(LookupError):
    """No key of that name is configured; the message tells which are."""


@dataclass(slots=True)
class _Kept:
    """A key, and what is known of its place."""

    place: KeyPlace
    key: SigningKey
    stamp: Hashable
    complaint: str | None = None
    """What was last wrong with the place; told once."""

    reminded_at: datetime | None = None


class KeyRing:
    """Keys by name; the one without a name is the default."""

    def __init__(
        self,
        places: Mapping[str | None, KeyPlace],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Loads every key. Raises `KeyFileError` where one cannot be used."""
        self._clock = clock
        self._followers: list[Callable[[str, x509.Certificate], None]] = []
        self._stop = Event()
        self._thread: Thread | None = None
        self._kept: dict[str | None, _Kept] = {}
        for name, place in places.items():
            stamp = place.stamp()
            self._kept[name] = _Kept(place, _loaded(place), stamp)
        self._remind()

    def get(self, name: str | None = None) -> SigningKey:
        """The key as it is now: to be asked for before each signature. Raises `UnknownKeyError`."""
        try:
            return self._kept[name].key
        except KeyError:
            known = ", ".join(sorted(filter(None, self._kept))) or "none"
            what = f"no key is called {name!r}" if name else "there is no default key"
            raise UnknownKeyError(f"{what}; keys by name: {known}") from None

    def __contains__(self, name: str | None) -> bool:
        """Whether there is a key of that name."""
        return name in self._kept

    def follow(self, follower: Callable[[str, x509.Certificate], None]) -> None:
        """Tell (name, certificate) of every key, now and whenever it is replaced."""
        self._followers.append(follower)
        for name, kept in self._kept.items():
            follower(name or DEFAULT, kept.key.certificate)

    def watch(self) -> None:
        """Look at the places from now on, in a thread, until closed."""
        if self._kept:
            self._thread = Thread(target=self._watch, name="esutd-bus-keys", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the watch, and let go of tokens."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_PATIENCE_SECONDS)
        for kept in self._kept.values():
            kept.place.close()

    def refresh(self) -> None:
        """Look at every place once, and take what is new and can be used."""
        for name, kept in self._kept.items():
            try:
                self._take_new(name, kept)
            except KeyFileError as error:
                if str(error) != kept.complaint:
                    kept.complaint = str(error)
                    _log.error("key_not_replaced", key=name or DEFAULT, reason=str(error))
        self._remind()

    def _take_new(self, name: str | None, kept: _Kept) -> None:
        stamp = kept.place.stamp()
        if stamp == kept.stamp:
            kept.complaint = None
            return
        # Before the loading: what is written meanwhile is another change.
        kept.stamp, kept.complaint = stamp, None
        key = _loaded(kept.place)
        _require_in_force(key.certificate, kept.place, self._clock())
        replaced = key.certificate != kept.key.certificate
        kept.key = key
        if replaced:
            kept.reminded_at = None
            _log.info("key_replaced", key=name or DEFAULT, place=str(kept.place), **_told(key.certificate))
            for follower in self._followers:
                follower(name or DEFAULT, key.certificate)

    def _remind(self) -> None:
        """Of certificates that end soon."""
        now = self._clock()
        for name, kept in self._kept.items():
            left = kept.key.certificate.not_valid_after_utc - now
            if left < WARN_BEFORE and (kept.reminded_at is None or now - kept.reminded_at >= REMIND_EVERY):
                kept.reminded_at = now
                event, log = (
                    ("key_expires_soon", _log.warning) if left > timedelta() else ("key_expired", _log.error)
                )
                log(event, key=name or DEFAULT, days_left=left.days, **_told(kept.key.certificate))

    def _watch(self) -> None:
        while not self._stop.wait(CHECK_SECONDS):
            try:
                self.refresh()
            except Exception as error:  # noqa: BLE001  # a watch that ends unseen is worse than any of them
                _log.error("key_watch_failed", trace=trace(error))


def _loaded(place: KeyPlace) -> SigningKey:
    """The key of a place, if answers may be signed with it. Raises `KeyFileError`."""
    key = place.load()
    try:
        certificate = read_certificate(key.certificate.public_bytes(Encoding.DER))
        certificate.require_strength()
        certificate.require_signing_use()
    except Refusal as refusal:
        raise KeyFileError(f"{place}: answers cannot be signed with it: {refusal.detail}") from refusal
    return key


def _require_in_force(certificate: x509.Certificate, place: KeyPlace, now: datetime) -> None:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not begins <= now <= ends:
        raise KeyFileError(
            f"{place}: its certificate is valid from {begins.isoformat()} to {ends.isoformat()}"
        )


def _told(certificate: x509.Certificate) -> dict[str, str]:
    return {
        "serial": f"{certificate.serial_number:x}",
        "not_after": certificate.not_valid_after_utc.isoformat(),
    }
