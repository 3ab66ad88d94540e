"""HTTP connections whose time-out is a deadline: for connecting, sending and the whole answer together.

`requests` and urllib3 bound each read alone, so a server that drips a byte now and then, in the headers or
in the body, holds a caller for ever. Here every read is given what is left of `urllib3.Timeout(total=…)`.
Outside the deadline is one thing only: the system's resolver, when it looks up the host's name.
"""

from __future__ import annotations

import functools
import io
import socket
import time
from http.client import HTTPResponse as PlainResponse
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from esutd_bus import __version__

if TYPE_CHECKING:
    from urllib3.response import HTTPResponse


def _left(ends_at: float) -> float:
    """Seconds until the monotonic instant; `TimeoutError` when it is past."""
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline is past")
    return left


class _TimedReader(io.RawIOBase):
    """A socket's input, where no read outlasts the deadline."""

    def __init__(self, source: io.RawIOBase, sock: socket.socket, ends_at: float) -> None:
        self._source, self._sock, self._ends_at = source, sock, ends_at

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_left(self._ends_at))
        return cast("int | None", self._source.readinto(buffer))

    def close(self) -> None:
        self._source.close()
        super().close()


class _TimedResponse(PlainResponse):
    """A response read through a `_TimedReader`, status line and headers included."""

    def __init__(self, ends_at: float, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        source = self.fp.detach()
        self.fp = io.BufferedReader(_TimedReader(source, sock, ends_at))


class _Timed(HTTPConnection):
    """Connecting, handshake and sending share `timeout`; so do, later, all reads of the answer."""

    timeout: float

    def _new_conn(self) -> socket.socket:
        """The first of the host's addresses that answers; all of them together have `timeout`."""
        ends_at = time.monotonic() + self.timeout
        try:
            addresses = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        refusal: OSError = OSError("the host has no address")
        for family, kind, protocol, _, address in addresses:
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(_left(ends_at))
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.connect(address)
                sock.settimeout(_left(ends_at))
            except TimeoutError as error:
                sock.close()
                raise ConnectTimeoutError(self, "connecting took too long") from error
            except OSError as error:
                sock.close()
                refusal = error
            else:
                return sock
        raise NewConnectionError(self, str(refusal)) from refusal

    def connect(self) -> None:
        ends_at = time.monotonic() + self.timeout
        super().connect()
        self.timeout = _left(ends_at)
        self.sock.settimeout(self.timeout)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # urllib3 overrides it so itself
        ends_at = time.monotonic() + self.timeout
        self.response_class = functools.partial(_TimedResponse, ends_at)  # type: ignore[assignment]  # called with a socket
        return super().getresponse()


class _TimedTls(_Timed, HTTPSConnection):
    """The same over TLS."""


class _TimedPool(HTTPConnectionPool):
    ConnectionCls = _Timed  # type: ignore[assignment]  # urllib3 types its protocol, not its classes


class _TimedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _TimedTls  # type: ignore[assignment]  # the same


class DeadlineAdapter(HTTPAdapter):
    """For `requests`: send with `timeout=urllib3.Timeout(total=seconds)` and `stream=True`."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """urllib3's pools, of connections with a deadline."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _TimedPool, "https": _TimedTlsPool}


def deadline_session() -> requests.Session:
    """A session on such connections that takes nothing from the environment, keeps no cookies, knows only HTTP."""
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # What comes is kept as it is on the wire: no compression.
    session.headers.update({"User-Agent": f"esutd-bus/{__version__}", "Accept-Encoding": "identity"})
    session.adapters.clear()
    session.mount("http://", DeadlineAdapter(pool_maxsize=64))
    session.mount("https://", DeadlineAdapter(pool_maxsize=64))
    return session
