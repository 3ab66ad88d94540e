"""What zeep calls through: one deadline a call, bounded answers, no network for contracts."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import requests
import urllib3
import zeep

from esutd_bus.registries.deadline import deadline_session
from esutd_bus.registries.exchange import Exchange, ExchangeKeeper, Outcome
from esutd_bus.registries.upstream import (
    UpstreamError,
    UpstreamNotReached,
    UpstreamTimeout,
    UpstreamUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from esutd_bus.registries.access import BusAccess

_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer: its status and its body's very bytes."""

    status: int
    body: bytes = field(repr=False)


@dataclass(slots=True)
class _Progress:
    """How far a call has come."""

    status: int | None = None
    received: bytearray | None = None


class ChannelTransport(zeep.Transport):
    """zeep's transport over a pooled `requests` session. Safe to use from many threads.

    Follows no redirect, takes no proxy, credentials or certificates from the environment, keeps no cookies.
    `contracts` is the one directory that WSDL and XSD are read from (zeep asks for them through `load`).
    """

    def __init__(self, access: BusAccess, contracts: Path, keep: ExchangeKeeper) -> None:
        # zeep gives the session it is handed an adapter for file:// and a name of its own: not this one.
        super().__init__(session=requests.Session())  # type: ignore[no-untyped-call]  # zeep annotates in part
        self.session = deadline_session()
        self._access = access
        self._contracts = contracts.resolve()
        self._keep = keep

    def load(self, url: str) -> bytes:
        """A file of the contracts' directory; anything else is a `PermissionError`."""
        path = self._contracts.joinpath(url).resolve()
        if not path.is_relative_to(self._contracts):
            raise PermissionError(f"not a file of {self._contracts}: {url}")
        return path.read_bytes()

    def get(self, address: str, params: Any, headers: Any) -> requests.Response:
        """No service of the bus is asked by GET."""
        raise NotImplementedError(address)

    def post(self, address: str, message: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        """Sends the message and reads the answer to its end.

        Raises:
            UpstreamTimeout: it was not over within `access.deadline` seconds.
            UpstreamUnavailable: no whole answer, or one longer than `access.max_answer_bytes`.
            KeyUnavailableError: the key cannot sign; nothing was sent.
        """
        if self._access.sign is not None:
            message = self._access.sign(message)
        progress = _Progress()
        outcome = Outcome.FAILED
        started_at = datetime.now(UTC)
        ends_at = time.monotonic() + self._access.deadline
        try:
            answer = self._exchange(address, message, headers, progress)
            outcome = Outcome.ANSWERED
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            if time.monotonic() >= ends_at:
                outcome = Outcome.TIMED_OUT
                raise UpstreamTimeout(self._access.deadline) from error
            raise _unavailable(error, progress) from error
        finally:
            received = None if progress.received is None else bytes(progress.received)
            self._keep(
                Exchange(
                    url=address,
                    sent=message,
                    received=received,
                    status=progress.status,
                    started_at=started_at,
                    ended_at=datetime.now(UTC),
                    outcome=outcome,
                )
            )
        return answer

    def _exchange(
        self, address: str, message: bytes, headers: Mapping[str, str], progress: _Progress
    ) -> HttpAnswer:
        limit = self._access.max_answer_bytes
        response = self.session.post(
            address,
            data=message,
            headers=headers,
            timeout=urllib3.Timeout(total=self._access.deadline),  # type: ignore[arg-type]  # requests takes it
            allow_redirects=False,
            stream=True,
        )
        with response:
            progress.status = response.status_code
            progress.received = body = bytearray()
            while chunk := response.raw.read1(_CHUNK, decode_content=False):
                body += chunk
                if len(body) > limit:
                    raise UpstreamUnavailable(f"the answer is longer than {limit} bytes")
        return HttpAnswer(response.status_code, bytes(body))


def _unavailable(error: Exception, progress: _Progress) -> UpstreamError:
    if progress.status is not None:
        return UpstreamUnavailable(f"HTTP {progress.status}: the connection broke within the answer")
    if isinstance(error, requests.exceptions.SSLError):
        return UpstreamNotReached("no trusted TLS connection")
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return UpstreamNotReached("no connection")
    return UpstreamUnavailable("the connection broke before an answer")
