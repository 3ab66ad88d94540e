"""Fetching lists and asking responders: one deadline a call, bounded answers, no redirects."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

import requests
import urllib3

from esutd_bus.registries.deadline import deadline_session

MAX_LIST_OCTETS: Final = 64 * 1024 * 1024
"""Some 1.5 million entries."""

MAX_ANSWER_OCTETS: Final = 64 * 1024

_CHUNK: Final = 256 * 1024
_OK: Final = 200


class NotCollected(Exception):  # noqa: N818  # somebody else's trouble, not an error of the program
    """Nothing came; the message says why."""


class Collector:
    """Used by one thread."""

    def __init__(self, deadline: float) -> None:
        """`deadline`: seconds for one call, from connecting to the last octet."""
        self._deadline = deadline
        self._session = deadline_session()

    def get(self, url: str) -> bytes:
        """What lies at an address, `http:`, `https:` or `file:`. Raises `NotCollected`."""
        if urlsplit(url).scheme == "file":
            return _read_file(url)
        return self._call("GET", url, MAX_LIST_OCTETS)

    def post(self, url: str, body: bytes, media_type: str) -> bytes:
        """What is answered to a body. Raises `NotCollected`."""
        return self._call("POST", url, MAX_ANSWER_OCTETS, body, {"Content-Type": media_type})

    def _call(
        self,
        method: str,
        url: str,
        limit: int,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> bytes:
        try:
            with self._session.request(
                method,
                url,
                data=body,
                headers=headers,
                timeout=urllib3.Timeout(total=self._deadline),  # type: ignore[arg-type]  # requests takes it
                allow_redirects=False,
                stream=True,
            ) as response:
                if response.status_code != _OK:
                    moved = response.headers.get("Location")
                    raise NotCollected(
                        f"HTTP {response.status_code}" + (f": it has moved to {moved}" if moved else "")
                    )
                return _read(response, limit)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise NotCollected(_told(error)) from error


def _read(response: requests.Response, limit: int) -> bytes:
    octets = bytearray()
    while chunk := response.raw.read1(_CHUNK, decode_content=False):
        octets += chunk
        if len(octets) > limit:
            raise NotCollected(f"longer than {limit} octets")
    promised = response.headers.get("Content-Length")
    if promised is not None and promised.isdecimal() and int(promised) != len(octets):
        raise NotCollected("the connection broke before the end")
    return bytes(octets)


def _read_file(url: str) -> bytes:
    path = Path(url2pathname(urlsplit(url).path))
    try:
        if not path.is_file():  # a pipe would be waited for
            raise NotCollected("there is no such file")
        if path.stat().st_size > MAX_LIST_OCTETS:
            raise NotCollected(f"longer than {MAX_LIST_OCTETS} octets")
        return path.read_bytes()
    except OSError as error:
        raise NotCollected(error.strerror or str(error)) from error


def _told(error: Exception) -> str:
    """The trouble in a few words: what urllib3 wraps around it is for developers."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    match reason or error:
        case urllib3.exceptions.NewConnectionError() | urllib3.exceptions.NameResolutionError():
            return "no connection"
        case TimeoutError() | urllib3.exceptions.TimeoutError() | requests.Timeout():
            return "no answer in time"
        case requests.exceptions.SSLError() | urllib3.exceptions.SSLError():
            return "no trusted TLS connection"
        case _:
            return f"the connection broke: {type(error).__name__}"
