"""Whose answers are signed, and with which key: as the partner's entry says, else as the settings do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from esutd_bus.register.partners import Partners
from esutd_bus.signature.key_ring import KeyRing
from esutd_bus.signature.signing import sign_wsse

Sign = Callable[[bytes], bytes]
"""An envelope → the envelope signed. Raises `KeyUnavailableError`."""

_log = structlog.get_logger(__name__)


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

        A key that is not there is complained of in the log, and the service's own taken, if it has one: what has
        been registered must be answered.
        """
        entry = self.partners().entry(number)
        signed = entry.signed_answers if entry is not None else None
        if not (self.by_default if signed is None else signed):
            return None
        name = entry.answer_key if entry is not None else None
        if name not in self.keys:
            _log.error("no key to sign the answer with", partner=number, key=name or "the service's own")
            name = None
        if name not in self.keys:
            return None
        return lambda envelope: sign_wsse(envelope, self.keys.get(name))
