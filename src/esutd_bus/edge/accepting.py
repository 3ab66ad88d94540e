"""Which of the workers takes a new connection: the one that has the fewest.

Workers wait at the same socket, and the kernel wakes them all: whoever is faster takes what is there. Of a few
connections that last, as an employer's pool or the bus keeps them, one worker may so get nearly all, and the others
idle.
"""

from __future__ import annotations

import asyncio
import logging
import mmap
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from uvicorn.server import Server

if TYPE_CHECKING:
    import socket
    from asyncio import TimerHandle
    from collections.abc import Callable, Sequence

    from uvicorn.config import Config

_OTHERS_FIRST_SECONDS: Final = 0.002
"""For so long a worker that has more connections than another leaves a new one to it: that one may be at work."""

_NO_ROOM_SECONDS: Final = 1.0
"""After which a process that may open no more files looks again."""

_MOST_WORKERS: Final = 256
_CLOSED: Final = 2**31 - 1
_COUNT: Final = struct.Struct("i")

_log = logging.getLogger(__name__)


class Shares:
    """How many connections each worker has, in memory that all of them see."""

    def __init__(self) -> None:
        """Before they are forked."""
        self._memory = mmap.mmap(-1, _MOST_WORKERS * _COUNT.size)
        for place in range(_MOST_WORKERS):
            self.close(place)

    def tell(self, place: int, connections: int) -> None:
        """What the worker at this place has."""
        _COUNT.pack_into(self._memory, place * _COUNT.size, connections)

    def close(self, place: int) -> None:
        """The worker at this place takes no connections."""
        self.tell(place, _CLOSED)

    def fewest(self) -> int:
        """What the worker with the fewest has."""
        return min(int(count) for (count,) in _COUNT.iter_unpack(self._memory))


class Acceptor:
    """Takes connections at one listening socket; to uvicorn, one of its servers."""

    def __init__(
        self,
        listener: socket.socket,
        make_protocol: Callable[[], asyncio.Protocol],
        may_take: Callable[[], bool],
    ) -> None:
        """`may_take`: whether no other worker should have the next connection. To be made in the event loop."""
        self.begun: set[asyncio.Task[object]] = set()
        """Connections that are taken and not yet in the protocol's hands."""

        self._loop = asyncio.get_running_loop()
        self._listener = listener
        self._make_protocol = make_protocol
        self._may_take = may_take
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
        try:
            while self._may_take():
                self._take()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another worker was faster, or the client has thought better of it
        except OSError:
            _log.exception("no connection can be taken")
            self._listen_after(_NO_ROOM_SECONDS, self._listen)
        else:
            self._listen_after(_OTHERS_FIRST_SECONDS, self._take_what_is_left)

    def _listen_after(self, seconds: float, listen: Callable[[], None]) -> None:
        self._loop.remove_reader(self._listener.fileno())
        self._pause = self._loop.call_later(seconds, listen)

    def _take_what_is_left(self) -> None:
        self._listen()
        with suppress(OSError):
            self._take()

    def _take(self) -> None:
        connection, _ = self._listener.accept()
        connection.setblocking(False)
        begun = self._loop.create_task(self._loop.connect_accepted_socket(self._make_protocol, connection))
        self.begun.add(begun)
        begun.add_done_callback(self.begun.discard)


class FairServer(Server):
    """uvicorn's server, whose connections come by acceptors of ours."""

    def __init__(self, config: Config, shares: Shares, place: int) -> None:
        """`place`: of this worker, among the shares."""
        super().__init__(config)
        self._shares = shares
        self._place = place
        self._acceptors: Sequence[Acceptor] = ()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Opens the application, then the doors."""
        await super().startup(sockets=[])
        self._acceptors = [Acceptor(each, self._protocol, self._may_take) for each in sockets or ()]
        self.servers = self._acceptors  # type: ignore[assignment]  # what uvicorn uses of one
        self._tell()

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second."""
        self._tell()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Closes the doors, then the application."""
        self._shares.close(self._place)
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]  # as uvicorn has it
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    def _may_take(self) -> bool:
        # Where there are many, a few more or less are no matter, and to take turns for each would take long.
        mine, fewest = self._tell(), self._shares.fewest()
        return mine <= fewest + fewest // 4

    def _tell(self) -> int:
        begun = sum(len(acceptor.begun) for acceptor in self._acceptors)
        mine = len(self.server_state.connections) + begun
        self._shares.tell(self._place, mine)
        return mine
