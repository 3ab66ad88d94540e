"""Whose answers are signed, and with which key: as the partner's entry says, else as the settings do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from esutd_bus.register.partners import Partners
from esutd_bus.signature.key_ring import KeyRing, UnknownKeyError
from esutd_bus.signature.keys import KeyUnavailableError
from esutd_bus.signature.signing import sign_wsse

Sign = Callable[[bytes], bytes]
"""An envelope → the envelope signed. Raises `KeyUnavailableError`."""


@dataclass(frozen=True, slots=True)
class AnswerSigners:
    """The service's keys for answers."""

    keys: KeyRing

    by_default: bool
    """Whether answers are signed to whoever has no entry, or one that does not say."""

    partners: Callable[[], Partners]
    """The entries in force."""

    def of(self, number: str | None) -> Sign | None:
        """What signs the answers to a BIN or IIN (none: nobody who is known), if they are to be signed.

        An entry may name a key that this node has not. No other takes its place: an answer is kept for good, and its
        reader would refuse it for good.
        """
        entry = self.partners().entry(number)
        signed = entry.signed_answers if entry is not None else None
        if not (self.by_default if signed is None else signed):
            return None
        name = entry.answer_key if entry is not None else None

        def sign(envelope: bytes) -> bytes:
            try:
                key = self.keys.get(name)
            except UnknownKeyError as error:
                raise KeyUnavailableError(f"answers to {number}: {error}") from error
            return sign_wsse(envelope, key)

        return sign
