"""What `/metrics` tells of the jobs. The workers' folder of metrics is shared: whichever is asked tells this too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from prometheus_client import Counter, Gauge

from esutd_bus.store.breakers import is_tried
from esutd_bus.store.outbox_state import OutboxState

if TYPE_CHECKING:
    from datetime import datetime

    from esutd_bus.store.labour import Backlog
    from esutd_bus.store.registry_checks import Backlog as Waiting
    from esutd_bus.store.revocation_lists import ListState

THIS_UPDATE = Gauge(
    "esutd_revocation_list_this_update_timestamp_seconds",
    "When the revocation list of an address was issued",
    ["url"],
    multiprocess_mode="livemostrecent",
)
NEXT_UPDATE = Gauge(
    "esutd_revocation_list_next_update_timestamp_seconds",
    "When something newer than the list of an address is due",
    ["url"],
    multiprocess_mode="livemostrecent",
)
FAILURES = Gauge(
    "esutd_revocation_list_failures",
    "Tries to fetch the list of an address since the last one that succeeded",
    ["url"],
    multiprocess_mode="livemostrecent",
)
CERTIFICATES = Gauge(
    "esutd_ocsp_certificates",
    "Certificates in use by what their responder says of them; failing: the last try to ask did not succeed",
    ["status"],
    multiprocess_mode="livemostrecent",
)

LABOUR_OLDEST = Gauge(
    "esutd_labour_request_oldest_seconds",
    "Age of the oldest request for labour activity that waits for its answer; 0 where none waits",
    multiprocess_mode="livemostrecent",
)
LABOUR_OVERDUE = Gauge(
    "esutd_labour_requests_overdue",
    "Requests for labour activity that should have been answered before today",
    multiprocess_mode="livemostrecent",
)

OUTBOX_MESSAGES = Gauge(
    "esutd_outbox_messages",
    "Messages to be sent by the bus by state: those that are under way, and dead letters",
    ["state"],
    multiprocess_mode="livemostrecent",
)
OUTBOX_OLDEST = Gauge(
    "esutd_outbox_oldest_seconds",
    "Age of the oldest message that is neither delivered nor given up; 0 where there is none",
    multiprocess_mode="livemostrecent",
)
OUTBOX_BREAKER = Gauge(
    "esutd_outbox_breaker_open",
    "1 where a destination of the bus is left alone for a while, after failures in a row",
    ["destination"],
    multiprocess_mode="livemostrecent",
)
OUTBOX_HAPPENED = Counter(
    "esutd_outbox_attempts_total",
    "What came of attempts to send or ask, and what the bus told of messages by itself",
    ["happened"],
)


def tell_outbox(
    counts: Sequence[Mapping[str, Any]], breakers: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    """Those of the job «outbox»: rows of `store.outbox.counts` and of `store.breakers.states`."""
    for state in OutboxState:
        if not state.is_final or state is OutboxState.DEAD:
            OUTBOX_MESSAGES.labels(state.value).set(sum(r["messages"] for r in counts if r["state"] == state))
    open_since = [row["oldest"] for row in counts if not OutboxState[row["state"]].is_final]
    OUTBOX_OLDEST.set(max(0.0, (now - min(open_since)).total_seconds()) if open_since else 0)
    for row in breakers:
        OUTBOX_BREAKER.labels(row["destination"]).set(is_tried(row["failures"]))


REGISTRY_CHECKS = Gauge(
    "esutd_registry_checks_waiting",
    "Checks of registered contracts that state registries have not answered yet",
    multiprocess_mode="livemostrecent",
)
REGISTRY_CHECK_OLDEST = Gauge(
    "esutd_registry_check_oldest_seconds",
    "Age of the oldest of them; 0 where none waits",
    multiprocess_mode="livemostrecent",
)


def tell_registry_checks(backlog: Waiting, now: datetime) -> None:
    """Those of the job «registry checks»."""
    REGISTRY_CHECKS.set(backlog.waiting)
    REGISTRY_CHECK_OLDEST.set(max(0.0, (now - backlog.oldest).total_seconds()) if backlog.oldest else 0)


def tell_labour(backlog: Backlog, now: datetime) -> None:
    """Those of the job «labour activity»."""
    LABOUR_OLDEST.set(max(0.0, (now - backlog.oldest).total_seconds()) if backlog.oldest else 0)
    LABOUR_OVERDUE.set(backlog.overdue)


def tell(lists: Sequence[ListState], certificates: Mapping[str, Any]) -> None:
    """Those of revocation."""
    for one in lists:
        FAILURES.labels(one.url).set(one.failures)
        _set(THIS_UPDATE.labels(one.url), one.this_update)
        _set(NEXT_UPDATE.labels(one.url), one.next_update)
    for status in ("good", "revoked", "failing"):
        CERTIFICATES.labels(status).set(certificates[status])


def _set(gauge: Gauge, moment: datetime | None) -> None:
    if moment is not None:
        gauge.set(moment.timestamp())
