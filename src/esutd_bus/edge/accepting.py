"""Which of the workers takes a new connection: each its share of those that wait, in turn.

Workers wait at the same socket, and the kernel wakes them all: whoever is faster takes what is there. Of a few
connections that last, as an employer's pool or the bus keeps them, one worker may so get nearly all, and the others
idle.
"""

from __future__ import annotations

import asyncio
import logging
import mmap
import socket
import struct
from contextlib import suppress
from math import ceil
from time import monotonic
from typing import TYPE_CHECKING, Final, NamedTuple

from uvicorn.server import Server

if TYPE_CHECKING:
    from asyncio import TimerHandle
    from collections.abc import Callable, Sequence

    from uvicorn.config import Config

_OTHERS_FIRST_SECONDS: Final = 0.005
"""For so long a worker leaves connections to those whose turn it is: they may be at work."""

_NO_ROOM_SECONDS: Final = 1.0
"""After which a process that may open no more files looks again."""

_BURST_SECONDS: Final = 0.25
"""So long is it remembered who took how many. What came before, the connections that are open tell."""

_MOST_WORKERS: Final = 256
_ROW: Final = struct.Struct("?qqq")

_WAITING: Final = struct.Struct("24xI")
"""What `struct tcp_info` says of a listening socket: how many connections wait there (linux/tcp.h, tcpi_unacked)."""

_log = logging.getLogger(__name__)


class Standing(NamedTuple):
    """Of a worker; whose is the least is to take the next connection.

    What was taken of late counts first: of connections that end all at once, the worker is slow to know.
    """

    taken: int
    """Of late."""

    open: int


class Board:
    """Where all workers stand, in memory that all of them see."""

    def __init__(self) -> None:
        """Before they are forked."""
        self._memory = mmap.mmap(-1, _MOST_WORKERS * _ROW.size)

    def tell(self, place: int, burst: int, standing: Standing) -> None:
        """Where the worker at this place stands."""
        _ROW.pack_into(self._memory, place * _ROW.size, True, burst, *standing)

    def leave(self, place: int) -> None:
        """The worker at this place takes none."""
        _ROW.pack_into(self._memory, place * _ROW.size, False, 0, 0, 0)

    def others(self, place: int, burst: int) -> list[Standing]:
        """Where all but one stand that take connections."""
        rows = list(_ROW.iter_unpack(self._memory))
        del rows[place]
        return [
            Standing(taken if then == burst else 0, open_)
            for is_there, then, taken, open_ in rows
            if is_there
        ]


class Turn:
    """One worker's part in it."""

    def __init__(self, board: Board, place: int, count_open: Callable[[], int]) -> None:
        """`place`: of this worker among the others; `count_open`: how many connections it has."""
        self._board = board
        self._place = place
        self._count_open = count_open
        self._burst = 0
        self._taken = 0
        self._seen: Standing | None = None

    def tell(self) -> Standing:
        """Where it stands; it takes part from now on."""
        burst = int(monotonic() / _BURST_SECONDS)
        if burst != self._burst:
            self._burst, self._taken = burst, 0
        standing = Standing(self._taken, self._count_open())
        self._board.tell(self._place, burst, standing)
        return standing

    def leave(self) -> None:
        """Nobody waits for it."""
        self._board.leave(self._place)

    def share(self, waiting: int) -> int:
        """Of so many that wait."""
        return ceil(max(1, waiting) / (1 + len(self._board.others(self._place, self._burst))))

    def is_mine(self, share: int) -> bool:
        """Whether it is not yet ahead by its share of the one that comes next."""
        mine, least = self.tell(), self._least_of_others()
        self._seen = least
        return least is None or mine <= least or mine.taken + 1 < least.taken + share

    def took(self) -> None:
        """One more."""
        self._taken += 1

    def has_moved(self) -> bool:
        """Whether the one whose turn it was has come, since it was asked for last."""
        return self._least_of_others() != self._seen

    def _least_of_others(self) -> Standing | None:
        return min(self._board.others(self._place, self._burst), default=None)


class Acceptor:
    """Takes connections at one listening socket; to uvicorn, one of its servers."""

    def __init__(
        self, listener: socket.socket, make_protocol: Callable[[], asyncio.Protocol], turn: Turn
    ) -> None:
        """To be made in the event loop."""
        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._make_protocol = make_protocol
        self._turn = turn
        self.begun: set[asyncio.Task[object]] = set()
        """Connections that are taken and not yet in the protocol's hands."""

        self._pause: TimerHandle | None = None
        self._listen()

    def close(self) -> None:
        """No more."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._listener.fileno())

    async def wait_closed(self) -> None:
        """Nothing is left to wait for."""

    def _listen(self) -> None:
        self._pause = None
        self._loop.add_reader(self._listener.fileno(), self._come)

    def _come(self) -> None:
        share = self._share()
        try:
            while self._turn.is_mine(share):
                self._take()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another worker was faster, or the client has thought better of it
        except OSError:
            _log.exception("no connection can be taken")
            self._listen_after(_NO_ROOM_SECONDS, self._listen)
        else:
            self._listen_after(_OTHERS_FIRST_SECONDS, self._after_others)

    def _listen_after(self, seconds: float, listen: Callable[[], None]) -> None:
        self._loop.remove_reader(self._listener.fileno())
        self._pause = self._loop.call_later(seconds, listen)

    def _after_others(self) -> None:
        self._listen()
        if not self._turn.has_moved():
            with suppress(OSError):
                for _ in range(ceil(self._share() / 4)):
                    self._take()

    def _share(self) -> int:
        (waiting,) = _WAITING.unpack(
            self._listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _WAITING.size)
        )
        return self._turn.share(waiting)

    def _take(self) -> None:
        connection, _ = self._listener.accept()
        self._turn.took()
        connection.setblocking(False)
        begun = self._loop.create_task(self._loop.connect_accepted_socket(self._make_protocol, connection))
        self.begun.add(begun)
        begun.add_done_callback(self.begun.discard)


class FairServer(Server):
    """uvicorn's server, whose connections come by acceptors of ours."""

    def __init__(self, config: Config, board: Board, place: int) -> None:
        """`place`: of this worker among the others."""
        super().__init__(config)
        self._turn = Turn(board, place, self._count_open)
        self._acceptors: Sequence[Acceptor] = ()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Opens the application, then the doors."""
        await super().startup(sockets=[])
        self._acceptors = [Acceptor(each, self._protocol, self._turn) for each in sockets or ()]
        self.servers = self._acceptors  # type: ignore[assignment]  # what uvicorn uses of one

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second."""
        self._turn.tell()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Closes the doors, then the application."""
        self._turn.leave()
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]  # as uvicorn has it
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    def _count_open(self) -> int:
        begun = sum(len(acceptor.begun) for acceptor in self._acceptors)
        return len(self.server_state.connections) + begun
