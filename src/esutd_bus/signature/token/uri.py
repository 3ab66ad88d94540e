"""PKCS#11 URIs (RFC 7512): `pkcs11:token=…;object=…?module-path=…`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from esutd_bus.signature.keys import KeyFileError

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEME: Final = "pkcs11:"

_PATH: Final = frozenset({"token", "serial", "object", "id", "type"})
_QUERY: Final = frozenset({"module-path"})
_PINS: Final = frozenset({"pin-value", "pin-source"})


@dataclass(frozen=True, slots=True)
class TokenUri:
    """A private key of a token."""

    module_path: str
    """The library that speaks to the token."""

    token: str | None
    """The token's label …"""

    serial: str | None
    """… or its serial number."""

    label: str | None
    """The key's CKA_LABEL …"""

    id: bytes | None
    """… or its CKA_ID."""

    path: str
    """The URI without its query: how errors and logs call the key."""

    def __str__(self) -> str:
        """The URI without its query."""
        return self.path


def read_token_uri(text: str) -> TokenUri:
    """The key that a URI names. Raises `KeyFileError`, which never quotes the query: a PIN may be in it."""
    path, _, query = text.removeprefix(SCHEME).partition("?")
    shown = f"{SCHEME}{path}"
    where = _attributes(shown, path.split(";"), _PATH)
    how = _attributes(shown, query.split("&"), _QUERY)
    if "module-path" not in how:
        raise KeyFileError(f"{shown}: ?module-path=… must name the token's library")
    if not where.keys() & {"token", "serial"} or not where.keys() & {"object", "id"}:
        raise KeyFileError(f"{shown}: must name the token (token= or serial=) and the key (object= or id=)")
    if where.get("type", b"private") != b"private":
        raise KeyFileError(f"{shown}: type= can only be private")
    try:
        texts = {name: value.decode() for name, value in {**where, **how}.items() if name != "id"}
    except UnicodeDecodeError as error:
        raise KeyFileError(f"{shown}: an attribute is no text in UTF-8") from error
    return TokenUri(
        module_path=texts["module-path"],
        token=texts.get("token"),
        serial=texts.get("serial"),
        label=texts.get("object"),
        id=where.get("id"),
        path=shown,
    )


def _attributes(shown: str, parts: Iterable[str], known: frozenset[str]) -> dict[str, bytes]:
    attributes: dict[str, bytes] = {}
    for part in filter(None, parts):
        name, equals, value = part.partition("=")
        if name in _PINS:
            raise KeyFileError(f"{shown}: the PIN does not belong in the URI; give it as the key's password")
        if not equals or name not in known or name in attributes:
            raise KeyFileError(f"{shown}: the attribute {name} is not known, or given twice")
        attributes[name] = unquote_to_bytes(value)
    return attributes
