"""The folder through which the workers' metrics come together. Imports nothing of prometheus-client."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def open_metrics_folder(folder: Path) -> None:
    """Let this process and those it starts count into `folder`, from nothing.

    For the process that starts the workers, before any metric exists: prometheus-client decides at its import
    whether values are shared.

    Raises:
        RuntimeError: prometheus-client is imported already.
    """
    if "prometheus_client" in sys.modules:
        raise RuntimeError("the metrics folder must be opened before prometheus_client is imported")
    folder.mkdir(parents=True, exist_ok=True)
    for left_over in folder.glob("*.db"):
        left_over.unlink()
    os.environ[VARIABLE] = str(folder)
