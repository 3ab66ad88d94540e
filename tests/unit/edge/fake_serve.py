"""The HTTP server with the fake application: PORT WORKERS METRICS."""

from __future__ import annotations

import sys
from pathlib import Path

from esutd_bus.edge import http_protocol
from esutd_bus.edge.http_server import HttpServer
from esutd_bus.edge.metrics_folder import open_metrics_folder
from esutd_bus.logs import configure_logs

if __name__ == "__main__":
    port, workers, metrics = sys.argv[1:]
    open_metrics_folder(Path(metrics))
    configure_logs("INFO", "json")
    http_protocol.HEAD_SECONDS = 2  # type: ignore[misc]
    HttpServer("fake_asgi:application", host="127.0.0.1", port=int(port), workers=int(workers)).run()
