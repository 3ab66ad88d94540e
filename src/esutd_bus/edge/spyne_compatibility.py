"""What the spyne binding needs of spyne 2.14.0, importable on every Python this project runs on.

spyne 2.14.0 was made for Python up to 3.11. Two things it imports are gone since, and both have a stand-in, on
every Python alike: its vendored `six`, which hooks into the import system in a way Python 3.12 dropped, is the
`six` that is installed; and `cgi`, which left the standard library with 3.13, is the one function it calls.
"""
# ruff: noqa: E402  # spyne can be imported only once its way is paved

from __future__ import annotations

import importlib
import sys
from email.message import Message
from operator import attrgetter
from types import ModuleType

import six

_MOVES = (
    "",
    ".collections_abc",
    ".http_cookies",
    ".urllib",
    ".urllib.error",
    ".urllib.parse",
    ".urllib.request",
)


def parse_header(line: str) -> tuple[str, dict[str, str]]:
    """A header's value and its parameters, their names in lower case, as `cgi.parse_header` told them."""
    message = Message()
    message["content-type"] = line
    value, *parameters = message.get_params([("", "")])
    return value[0], {name.lower(): text for name, text in parameters}


sys.modules["spyne.util.six"] = ModuleType("spyne.util.six")
vars(sys.modules["spyne.util.six"]).update(
    {name: value for name, value in vars(six).items() if not name.startswith("__")},
    get_function_name=attrgetter("__name__"),  # the vendored one's addition
)
for _move in _MOVES:
    sys.modules[f"spyne.util.six.moves{_move}"] = importlib.import_module(f"six.moves{_move}")

_cgi = sys.modules.get("cgi")
sys.modules["cgi"] = ModuleType("cgi")
sys.modules["cgi"].parse_header = parse_header  # type: ignore[attr-defined]

from spyne import Application, Service, rpc
from spyne.interface import InterfaceDocumentsBase
from spyne.model.primitive import AnyXml
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

# spyne has bound what it needs; nobody else shall find the stand-in.
del sys.modules["cgi"]
if _cgi is not None:
    sys.modules["cgi"] = _cgi

__all__ = ["AnyXml", "Application", "InterfaceDocumentsBase", "Service", "Soap11", "WsgiApplication", "rpc"]
