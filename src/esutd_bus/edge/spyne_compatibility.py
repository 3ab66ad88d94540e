"""What the spyne binding needs of spyne 2.14.0, importable on every Python this project runs on.

spyne 2.14.0 was made for Python up to 3.11. Two things it imports are gone since: its vendored `six` hooks
into the import system in a way Python 3.12 dropped, so the `six` that is installed stands in for it; and
`cgi`, of which it calls `parse_header` alone, left the standard library with 3.13.
"""
# ruff: noqa: E402  # spyne can be imported only once its way is paved

from __future__ import annotations

import importlib
import sys
from email.message import Message
from types import ModuleType

_MOVES = (
    "",
    ".collections_abc",
    ".http_cookies",
    ".urllib",
    ".urllib.parse",
    ".urllib.request",
    ".urllib.error",
)


def _stand_in_six() -> None:
    sys.modules["spyne.util.six"] = importlib.import_module("six")
    for move in _MOVES:
        sys.modules[f"spyne.util.six.moves{move}"] = importlib.import_module(f"six.moves{move}")


def _parse_header(line: str) -> tuple[str, dict[str, str]]:
    """`cgi.parse_header`: a header's value and its parameters, names in lower case."""
    message = Message()
    message["content-type"] = line
    value, *parameters = message.get_params([("", "")])
    return value[0], {name.lower(): text for name, text in parameters}


def _stand_in_cgi() -> ModuleType:
    cgi = ModuleType("cgi", "As much of the former standard module as spyne calls.")
    cgi.parse_header = _parse_header  # type: ignore[attr-defined]
    return cgi


if sys.version_info >= (3, 12):
    _stand_in_six()
if sys.version_info >= (3, 13):
    sys.modules["cgi"] = _stand_in_cgi()

from spyne import Application, Service, rpc
from spyne.interface import InterfaceDocumentsBase
from spyne.model.primitive import AnyXml
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

if sys.version_info >= (3, 13):
    # spyne has bound what it needs; nobody else shall find this in place of a module that is gone.
    del sys.modules["cgi"]

__all__ = ["AnyXml", "Application", "InterfaceDocumentsBase", "Service", "Soap11", "WsgiApplication", "rpc"]
