"""granian with the fake application: PORT WORKERS."""

from __future__ import annotations

import sys
from pathlib import Path

from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings
from granian.server import Server

from esutd_bus.edge.metrics_folder import open_metrics_folder
from esutd_bus.edge.worker_signals import let_starting_workers_be_stopped
from esutd_bus.logs import GRANIAN_LOGGING, configure_logs

if __name__ == "__main__":
    port, workers, metrics = sys.argv[1:]
    open_metrics_folder(Path(metrics))
    configure_logs("INFO", "json")
    let_starting_workers_be_stopped()
    Server(
        "fake_asgi:application",
        port=int(port),
        interface=Interfaces.ASGI,
        workers=int(workers),
        loop=Loops.uvloop,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=2_000),
        log_dictconfig=GRANIAN_LOGGING,
    ).serve()
