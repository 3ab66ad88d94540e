"""A token's library (a PKCS#11 module) in this process.

python-pkcs11 promises the library that calls come one at a time; here they do. Whatever was opened belongs to a
generation: after a fork, and once the library was begun anew, the handles of before may mean other things.
"""

from __future__ import annotations

import os
from contextlib import suppress
from threading import RLock
from typing import TYPE_CHECKING, Final

import pkcs11
from pkcs11 import PinIncorrect, PinInvalid, PinLenRange, PinLocked, PKCS11Error

from esutd_bus.signature.keys import KeyFileError

if TYPE_CHECKING:
    from pkcs11.types import Session

    from esutd_bus.signature.token.uri import TokenUri

_REFUSALS: Final = (PinIncorrect, PinInvalid, PinLenRange, PinLocked)


class TokenModule:
    """The library at a path. `lock` is held while anything that came out of `session` is used."""

    def __init__(self, path: str) -> None:
        self.lock = RLock()
        self.generation = 0
        """Grows whenever all sessions and objects of before have lost their meaning."""
        self._path = path
        self._sessions: dict[tuple[str | None, str | None], Session] = {}
        self._refused: set[tuple[str | None, str | None, str]] = set()
        self._inherited = False

    def session(self, uri: TokenUri, pin: str) -> Session:
        """The session on a token, opened and logged in when there is none. Raises `KeyFileError`.

        A PIN that the token has refused is not tried again by this process: a few tries more lock the token.
        """
        token = uri.token, uri.serial
        if token not in self._sessions:
            if (*token, pin) in self._refused:
                raise KeyFileError(f"{uri}: the token has refused this PIN; it is not tried again")
            try:
                self._sessions[token] = self._open(uri, pin)
            except PKCS11Error as error:
                self.begin_anew()
                if isinstance(error, _REFUSALS):
                    self._refused.add((*token, pin))
                    raise KeyFileError(f"{uri}: the token refuses the PIN: {words(error)}") from error
                raise KeyFileError(f"{uri}: the token cannot be opened: {words(error)}") from error
        return self._sessions[token]

    def begin_anew(self) -> None:
        """Close all sessions and let go of the library; the next session loads it again, and sees new tokens."""
        self._sessions.clear()
        self.generation += 1
        with suppress(PKCS11Error):
            pkcs11.lib(self._path).finalize()

    def forget(self) -> None:
        """For the child of a fork: nothing that was opened is its own, and nobody holds its lock."""
        self.lock = RLock()
        self._inherited = self._inherited or bool(self._sessions)
        self._sessions.clear()
        self.generation += 1

    def _open(self, uri: TokenUri, pin: str) -> Session:
        if self._inherited:
            self._inherited = False
            self.begin_anew()
        serial = None if uri.serial is None else uri.serial.encode()
        tokens = list(pkcs11.lib(self._path).get_tokens(token_label=uri.token, token_serial=serial))
        if len(tokens) != 1:
            raise PKCS11Error("several tokens are called so" if tokens else "no such token is present")
        # Logging in is the process's, not the session's: a second time is an error.
        slot = tokens[0].slot.slot_id
        opened = (session for session in self._sessions.values() if session.token.slot.slot_id == slot)
        return next(opened, None) or tokens[0].open(user_pin=pin or None)


_modules: Final[dict[str, TokenModule]] = {}
_modules_lock = RLock()


def token_module(path: str) -> TokenModule:
    """The library at a path, the same for all keys behind it."""
    with _modules_lock:
        return _modules.setdefault(path, TokenModule(path))


def close_module(path: str) -> None:
    """Let go of a library, if it is in use: before a fork, or at the end."""
    if (module := _modules.get(path)) is not None:
        with module.lock:
            module.begin_anew()


def words(error: PKCS11Error) -> str:
    """What went wrong: PKCS#11's own name for it, and what is known beside."""
    return f"{type(error).__name__} {error}".strip().replace("PKCS11Error ", "")


def _forget_all() -> None:
    global _modules_lock  # noqa: PLW0603  # a lock that is held by a thread of the parent is held for ever
    _modules_lock = RLock()
    for module in _modules.values():
        module.forget()


os.register_at_fork(after_in_child=_forget_all)
