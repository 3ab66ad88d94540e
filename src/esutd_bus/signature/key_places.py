"""Where the service's keys are kept: in PKCS#12 files, or on tokens that PKCS#11 URIs name."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from esutd_bus.signature.keys import KeyFileError, ServiceKey, SigningKey
from esutd_bus.signature.token.uri import SCHEME, TokenUri, read_token_uri

if TYPE_CHECKING:
    from collections.abc import Hashable


@dataclass(frozen=True, slots=True)
class Secret:
    """A file's password or a token's PIN: given, or in a file of its own; none is an empty one."""

    given: str | None = field(default=None, repr=False)
    file: Path | None = None

    def read(self) -> str:
        """The password, without the space around it. Raises `KeyFileError`."""
        if self.given is not None:
            # Octets of the environment that are no UTF-8 come as surrogates; errors about them would quote it.
            if not self.given.isascii() and any("\ud800" <= one <= "\udfff" for one in self.given):
                raise KeyFileError("the password of a key is no text in UTF-8")
            return self.given
        if self.file is None:
            return ""
        try:
            return self.file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise KeyFileError(f"{self.file}: cannot be read: {error.strerror}") from error
        except UnicodeDecodeError:  # which tells of what stands there
            raise KeyFileError(f"{self.file}: no text in UTF-8") from None


class KeyPlace(Protocol):
    """A place where one key is looked for. Its text names it, and never a password."""

    def stamp(self) -> Hashable:
        """Something else whenever another key may be there. Raises `KeyFileError` where that cannot be told."""

    def load(self) -> SigningKey:
        """The key that is there now. Raises `KeyFileError`."""

    def close(self) -> None:
        """Let go of whatever holds the place open."""


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A PKCS#12 file."""

    path: Path
    secret: Secret

    def __str__(self) -> str:
        """The path."""
        return str(self.path)

    def stamp(self) -> Hashable:
        """Which files these are, and when they were written; nothing of one that is not there."""
        return _written(self.path), _written(self.secret.file)

    def load(self) -> SigningKey:
        """The file's key."""
        return ServiceKey.from_pkcs12(self.path, self.secret.read())

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """A key of a token. The library for tokens is imported where there is one: it takes a tenth of a second."""

    uri: TokenUri
    secret: Secret

    def __str__(self) -> str:
        """The URI without its query."""
        return str(self.uri)

    def stamp(self) -> Hashable:
        """Which certificate the token has for the key, and when the PIN was written."""
        from esutd_bus.signature.token.key import certificate_of  # noqa: PLC0415  # see the class

        return certificate_of(self.uri, self.secret.read()), _written(self.secret.file)

    def load(self) -> SigningKey:
        """The token's key."""
        from esutd_bus.signature.token.key import TokenKey  # noqa: PLC0415  # see the class

        return TokenKey(self.uri, self.secret.read())

    def close(self) -> None:
        """End the sessions: a process that is forked later must not inherit them."""
        from esutd_bus.signature.token.module import close_module  # noqa: PLC0415  # see the class

        close_module(self.uri.module_path)


def key_place(where: str, secret: Secret) -> FilePlace | TokenPlace:
    """The place that a setting or an option names. Raises `KeyFileError` for a wrong URI."""
    if where.startswith(SCHEME):
        return TokenPlace(read_token_uri(where), secret)
    return FilePlace(Path(where), secret)


def _written(path: Path | None) -> Hashable:
    if path is None:
        return None
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
