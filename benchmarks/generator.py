"""Load from one process: signed messages over kept-alive connections, by plain sockets and epoll.

Two kinds. Closed: each connection sends its next message when its last one is answered. Open: messages are due at a
constant rate, whatever becomes of those before; one that finds no connection free gets a new one, and its time counts
from the moment it was due, not from when it could be sent. About 40 µs of processor time a message, so that a service
on the same machine keeps the machine.

A message whose connection breaks is sent again, as it was: the service must answer it once, and register it once. One
that is turned away (503) goes to the end of what is to be sent.
"""

from __future__ import annotations

import select
import socket
from array import array
from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import cycle
from time import perf_counter
from typing import IO, TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Take = Callable[[], bytes | None]
    """The next message, or None where there is none now."""

_MOST_OPEN: Final = 4000
_PATIENCE_SECONDS: Final = 30
"""For what is under way when no more is sent."""

_PAUSE_SECONDS: Final = 0.05
"""After a connection that could not be made."""

_OK: Final = 200
_BUSY: Final = 503
_READ: Final = 65536


@dataclass
class Seen:
    """What a client saw."""

    seconds: float = 0.0
    """In which messages were sent."""

    accepted: array[float] = field(default_factory=lambda: array("d"))
    """Seconds until each answer 200."""

    refused: array[float] = field(default_factory=lambda: array("d"))
    """Seconds until each answer 503 with ESB009 and Retry-After."""

    other: Counter[str] = field(default_factory=Counter)
    """All else: what came, how often."""

    broken: int = 0
    """Connections that broke with a message under way; the message was sent again."""

    silent: int = 0
    """Messages that nobody answered in the end."""

    most_open: int = 0
    """Connections at once."""

    starved: float = 0.0
    """The share of the connections' time in which there was no message to send."""

    each_second: list[int] = field(default_factory=list)
    """Answers 200, second by second."""

    @property
    def rate(self) -> float:
        """Answers 200 a second, while messages were sent."""
        return sum(self.each_second[: int(self.seconds)]) / int(self.seconds)


def percentile(seconds: array[float], share: float) -> float:
    """In milliseconds; of nothing, 0."""
    ordered = sorted(seconds)
    return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


class _Line:
    """A connection."""

    __slots__ = ("answers", "due", "got", "message", "rest", "socket")

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect_ex(address)  # goes on by itself; epoll tells how it ended
        self.message: bytes | None = None
        """Under way, with the moment it was due; what is still to be written, what was read of the answer."""

        self.due = 0.0
        self.rest: bytes | memoryview = b""
        self.got = b""
        self.answers = 0


class Generator:
    """Sends to one service, by one of its addresses or several."""

    def __init__(
        self,
        urls: Sequence[str],
        take: Take,
        acknowledged: IO[str] | None = None,
        messages_a_connection: int | None = None,
    ) -> None:
        """New connections go to the addresses in turn.

        `acknowledged` gets, of answers 200, `externalId,contractId`; `messages_a_connection`: after so many it is
        closed, and another one made, as clients do that come and go.
        """
        parts = [urlsplit(url) for url in urls]
        self._addresses = cycle((str(one.hostname), int(one.port or 80)) for one in parts)
        self._opening = (
            f"POST {parts[0].path} HTTP/1.1\r\nHost: {parts[0].netloc}\r\n"
            'Content-Type: text/xml; charset=utf-8\r\nSOAPAction: ""\r\nContent-Length: '
        ).encode()
        self._take = take
        self._interrupted: deque[tuple[bytes, float]] = deque()
        """Under way when their connections broke, and when they were due first: they go before all others."""

        self._turned_away: deque[bytes] = deque()
        self._acknowledged = acknowledged
        self._most_answers = messages_a_connection

    def closed(self, connections: int, seconds: float) -> Seen:
        """So many connections, each with a message under way at all times."""
        return self._run(seconds, connections, None)

    def open(self, rate: float, seconds: float) -> Seen:
        """So many messages a second."""
        return self._run(seconds, _MOST_OPEN, rate)

    def _run(self, seconds: float, most: int, rate: float | None) -> Seen:
        self._seen = seen = Seen(seconds)
        self._lines: dict[int, _Line] = {}
        self._idle: list[_Line] = []
        self._under_way = 0
        self._not_before = 0.0
        self._poll = select.epoll()
        self._begun = before = perf_counter()
        end, sent = self._begun + seconds, 0
        while (now := perf_counter()) < end + _PATIENCE_SECONDS:
            if rate is None:
                wanted = most - self._under_way
                wanted = wanted if now < end else min(wanted, len(self._interrupted))
            else:
                wanted = int((min(now, end) - self._begun) * rate) - sent
            first = sent
            for number in range(sent, sent + wanted):
                if not self._send(most, now if rate is None else self._begun + number / rate):
                    break
                sent += 1
            if rate is None and now < end:
                seen.starved += (wanted - (sent - first)) * (now - before) / (most * seconds)
            before = now
            if now >= end and not self._under_way and sent == first and not self._interrupted:
                break
            for handle, event in self._poll.poll(0.001 if wanted or rate else 0.1):
                self._look(self._lines[handle], event)
        seen.silent = self._under_way
        for line in list(self._lines.values()):
            line.socket.close()
        self._poll.close()
        return seen

    def _send(self, most: int, due: float) -> bool:
        """Whether there was a message and a connection for it."""
        now = perf_counter()
        if not self._idle and (len(self._lines) >= most or now < self._not_before):
            return False
        message: bytes | None
        if self._interrupted:
            message, due = self._interrupted.popleft()
        elif (message := self._take()) is None:
            if not self._turned_away:
                return False
            message = self._turned_away.popleft()
        new = not self._idle
        line = _Line(next(self._addresses)) if new else self._idle.pop()
        line.message, line.due = message, due
        whole = b"%b%d\r\n\r\n%b" % (self._opening, len(message), message)
        self._under_way += 1
        if new:
            self._lines[line.socket.fileno()] = line
            self._seen.most_open = max(self._seen.most_open, len(self._lines))
            line.rest = whole
            self._poll.register(line.socket, select.EPOLLIN | select.EPOLLOUT)
            return True
        line.rest = whole
        self._write(line, new=False)
        return True

    def _look(self, line: _Line, event: int) -> None:
        if event & (select.EPOLLERR | select.EPOLLHUP) and not event & select.EPOLLIN:
            self._lose(line)
            return
        if event & select.EPOLLOUT:
            self._write(line, new=True)
        if event & select.EPOLLIN:
            self._read(line)

    def _write(self, line: _Line, *, new: bool) -> None:
        try:
            written = line.socket.send(line.rest)
        except BlockingIOError:
            written = 0
        except OSError:
            self._lose(line)
            return
        line.rest = memoryview(line.rest)[written:]
        if not line.rest and new:
            self._poll.modify(line.socket, select.EPOLLIN)
        elif line.rest and not new:
            self._poll.modify(line.socket, select.EPOLLIN | select.EPOLLOUT)

    def _read(self, line: _Line) -> None:
        try:
            piece = line.socket.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if not piece:
            self._lose(line)
            return
        answer = line.got + piece
        head, found, body = answer.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head := head.lower()):
            line.got = answer
            return
        line.got = b""
        if line.message is not None:
            self._note(line, line.message, head, body)
            line.message = None
            line.answers += 1
            self._under_way -= 1
        if line.answers == self._most_answers:
            del self._lines[line.socket.fileno()]
            line.socket.close()
        else:
            self._idle.append(line)

    def _note(self, line: _Line, message: bytes, head: bytes, body: bytes) -> None:
        now, seen, status = perf_counter(), self._seen, int(head[9:12])
        if status == _OK:
            seen.accepted.append(now - line.due)
            second = int(now - self._begun)
            seen.each_second.extend([0] * (second + 1 - len(seen.each_second)))
            seen.each_second[second] += 1
            if self._acknowledged is not None:
                self._acknowledged.write(
                    f"{_between(message, b'externalId')},{_between(body, b'contractId')}\n"
                )
        elif status == _BUSY and b"\r\nretry-after: " in head and b"ESB009" in body:
            seen.refused.append(now - line.due)
            self._turned_away.append(message)
        else:
            seen.other[f"{status} {body[:2000].decode(errors='replace')}"] += 1

    def _lose(self, line: _Line) -> None:
        """The connection is gone; the message it carried goes first."""
        del self._lines[line.socket.fileno()]
        line.socket.close()
        if line.message is None:
            self._idle.remove(line)
            return
        self._under_way -= 1
        self._seen.broken += 1
        self._not_before = perf_counter() + _PAUSE_SECONDS
        self._interrupted.append((line.message, line.due))


def _length(head: bytes) -> int:
    """Of the body; `head` in small letters."""
    _, found, rest = head.partition(b"\r\ncontent-length: ")
    return int(rest.partition(b"\r\n")[0]) if found else 0


def _between(document: bytes, name: bytes) -> str:
    """The text of the first element of that local name, which has no attributes."""
    start = document.index(name + b">") + len(name) + 1
    return document[start : document.index(b"<", start)].decode()
