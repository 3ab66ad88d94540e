"""The HTTP server: gunicorn keeps the workers, and in each of them uvicorn serves the ASGI application."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any, Final

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]

from esutd_bus.edge.accepting import Board, FairServer
from esutd_bus.edge.http_protocol import HttpProtocol

SECONDS_TO_FINISH: Final = 30
"""For what is under way when a worker is stopped."""

_KEEP_ALIVE_SECONDS: Final = 75
_SILENT_SECONDS: Final = 120
"""A worker that its event loop leaves silent for so long is replaced."""

_BACKLOG: Final = 2048
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class HttpServer(BaseApplication):  # type: ignore[misc]  # gunicorn is untyped, here and below
    """Runs an application (`package.module:name`) until it is told to stop; a worker that dies is started again."""

    def __init__(
        self, application: str, *, host: str, port: int, workers: int, worker_megabytes: int | None = None
    ) -> None:
        """`worker_megabytes`: a worker that has grown larger finishes what it is at, and is replaced."""
        self._application = application
        self._given: dict[str, Any] = {
            "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            "workers": workers,
            "worker_class": Worker,
            "logger_class": _Log,
            "backlog": _BACKLOG,
            "keepalive": _KEEP_ALIVE_SECONDS,
            "timeout": _SILENT_SECONDS,
            "graceful_timeout": SECONDS_TO_FINISH,
            "control_socket_disable": True,
            "preload_app": True,
            "pre_fork": _give_place,
        }
        Worker.board = Board()
        Worker.most_megabytes = worker_megabytes
        super().__init__()

    def load_config(self) -> None:
        """For gunicorn."""
        for name, value in self._given.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """For gunicorn: the ASGI application, imported before the workers are forked.

        They share what it has loaded, and a new one serves at once. No collector walks all this in each of them again.
        """
        module, _, name = self._application.partition(":")
        application = getattr(import_module(module), name)
        gc.freeze()
        return application


class Worker(UvicornWorker):  # type: ignore[misc]
    """One worker process."""

    CONFIG_KWARGS: dict[str, Any] = {  # noqa: RUF012  # as uvicorn's worker has it
        "loop": "uvloop",
        "http": HttpProtocol,
        "ws": "none",
        "lifespan": "on",
        "access_log": False,
        "proxy_headers": False,
        "server_header": False,
        "timeout_graceful_shutdown": SECONDS_TO_FINISH,
    }
    most_megabytes: int | None = None
    board: Board
    place: int
    """Among the workers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As gunicorn makes it."""
        super().__init__(*args, **kwargs)
        logging.getLogger("uvicorn.error").propagate = True
        self.config.timeout_notify = 1

    async def _serve(self) -> None:
        """As uvicorn's worker does."""
        self.config.app = self.wsgi
        server = FairServer(self.config, self.board, self.place)
        self._install_sigquit_handler()
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)

    async def callback_notify(self) -> None:
        """Each second: it lives."""
        await super().callback_notify()
        if self.most_megabytes is not None and _megabytes() > self.most_megabytes:
            # lxml keeps every name it has ever read: whoever sends new ones for ever fills the memory.
            self.log.warning("Worker (pid:%s) has grown too large, and is replaced.", self.pid)
            os.kill(self.pid, signal.SIGTERM)


def _give_place(arbiter: Arbiter, worker: Worker) -> None:
    """In the master process: a new worker gets the place of one that is gone, or the next one."""
    taken = {other.place for other in arbiter.WORKERS.values()}
    worker.place = next(place for place in count() if place not in taken)
    worker.board.leave(worker.place)


def _megabytes() -> float:
    """What this process holds in memory, as Linux tells it."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * _PAGE / 1e6


class _Log(Logger):  # type: ignore[misc]
    """gunicorn's lines go where all others go."""

    def setup(self, cfg: Any) -> None:
        """No handlers of its own."""
        self.cfg = cfg
        self.error_log.propagate = True
