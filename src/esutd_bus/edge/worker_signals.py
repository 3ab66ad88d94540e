"""Signals in granian's worker processes while they start."""

from __future__ import annotations

import os
import signal
from typing import Final

_ENDING: Final = (signal.SIGTERM, signal.SIGINT)


def let_starting_workers_be_stopped() -> None:
    """Have processes forked from now on end by SIGTERM and SIGINT until they set handlers of their own.

    For the process that starts the workers. A forked worker inherits granian's own handlers, which only tell
    the main process to stop: a SIGTERM that comes while the worker still imports the application is lost, and
    the stop waits for a worker that was never told. One that comes within the fork itself waits until the worker
    has left those handlers behind.
    """
    os.register_at_fork(before=_hold_back, after_in_parent=_let_through, after_in_child=_end_by_signals)


def _hold_back() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)


def _let_through() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)


def _end_by_signals() -> None:
    for number in _ENDING:
        signal.signal(number, signal.SIG_DFL)
    _let_through()
