from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from esutd_bus.edge.metrics_folder import open_metrics_folder

COUNTING = """
import os, pathlib, sys
from esutd_bus.edge.metrics_folder import open_metrics_folder
folder = pathlib.Path(sys.argv[1])
open_metrics_folder(folder)
from esutd_bus.edge import metrics
for _ in range(3):
    if (child := os.fork()) == 0:
        metrics.IN_FLIGHT.inc()
        metrics.count("/soap/test", None, 0.1)
        os._exit(0)
    os.waitpid(child, 0)
text, media_type = metrics.exposition()
print(text.decode())
"""


def test_workers_are_summed_and_the_dead_have_nothing_in_flight(tmp_path: Path) -> None:
    (tmp_path / "counter_1.db").touch()
    told = subprocess.run(
        [sys.executable, "-c", COUNTING, str(tmp_path)], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    requests = next(line for line in told if line.startswith("esutd_http_requests_total{"))
    assert requests.endswith(" 3.0")
    assert not any(
        line.startswith("esutd_http_requests_in_flight ") and not line.endswith(" 0.0") for line in told
    )


def test_too_late_is_said(tmp_path: Path) -> None:
    import prometheus_client  # noqa: F401, PLC0415  # the import is what makes it too late

    with pytest.raises(RuntimeError, match="before prometheus_client"):
        open_metrics_folder(tmp_path)
