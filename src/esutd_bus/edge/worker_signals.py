"""Signals in granian's worker processes while they start."""

from __future__ import annotations

import os
import signal


def let_starting_workers_be_stopped() -> None:
    """Have processes forked from now on end by SIGTERM and SIGINT until they set handlers of their own.

    For the process that starts the workers. A forked worker inherits granian's own handlers, which only tell
    the main process to stop: a SIGTERM that comes while the worker still imports the application is lost, and
    the stop waits for a worker that was never told.
    """
    os.register_at_fork(after_in_child=_end_by_signals)


def _end_by_signals() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
