"""What the simulated bus does with messages of the outbox, in the words of its fault scripts; and what it then has."""

from __future__ import annotations

from typing import Final

from esutd_bus.testbed.fault_script import Deed, Fault, FaultScript, Operation, Word
from esutd_bus.testbed.simulated_bus import SimulatedBus

Does = Word | Deed

REFUSES: Final = Deed(error=500)
PAGE: Final = Deed(html=502)
CUT: Final = Deed(cut=0)
"""It takes the message, and its answer is lost."""

ON_DELIVERY: Final = Deed(statuses=("ON_DELIVERY", "DELIVERED"))
NOT_DELIVERED: Final = Deed(statuses=("NOT_DELIVERED",))
STOPPED: Final = Deed(statuses=("DELIVERY_STOPPED",))

SAYS_NO: Final = "BUS_FAILED: Шина не может обработать сообщение"
"""What is known of a refusal."""


def always(service: str | None, does: Does, operation: Operation = "sendMessage") -> Fault:
    """Each call does it."""
    return Fault(do=does, service=service, operation=operation)


def once(service: str | None, *each: Does, operation: Operation = "sendMessage") -> tuple[Fault, ...]:
    """The first call does the first, the next one the second; then all is well."""
    return tuple(Fault(do=does, service=service, operation=operation, times=1) for does in each)


def plays(bus: SimulatedBus, *faults: Fault) -> None:
    """From now on these go wrong, and nothing else."""
    bus.play(FaultScript(faults=faults))


def is_new(bus: SimulatedBus) -> None:
    """It is as if it had just been started."""
    plays(bus)
    bus.channel.forget()
    bus.channel.knows_senders_ids = bus.channel.answers_requests = True
    bus.calls.clear()
    bus.answered.clear()


def delivered(bus: SimulatedBus) -> list[str]:
    """The sender's ids of what the bus has delivered, each once, in its order."""
    return [each.sender_message_id or "" for each in bus.received if each.state == "DELIVERED"]
