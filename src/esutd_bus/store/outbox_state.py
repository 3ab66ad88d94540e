"""What becomes of a message on its way out: its states, what can happen to it, and which leads where.

All of it is data: whatever changes a state goes by `TRANSITIONS` (`store/outbox.py` hands them to PostgreSQL), and what
happens twice, too late or out of order has no row there and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, LiteralString, Self


class OutboxState(StrEnum):
    """Where a message is. Each says whether it is the end, and in Russian what it means and what an operator does."""

    is_final: bool
    """Nothing happens to the message any more, unless an operator wants it."""

    meaning: str
    todo: str

    def __new__(cls, name: str, is_final: bool, meaning: str, todo: str) -> Self:
        """A state with what is told of it."""
        state = str.__new__(cls, name)
        state._value_ = name
        state.is_final, state.meaning, state.todo = is_final, meaning, todo
        return state

    WAITING = (
        "WAITING",
        False,
        "ждёт отправки: своей очереди в договоре, срока следующей попытки или получателя",
        "ничего; почему ждёт — `blocked_by`, `next_try` и выключатель в `outbox list`",
    )
    """To be sent when its time comes, and nothing before it about the same contract is under way."""

    SENDING = (
        "SENDING",
        False,
        "узел отправляет его сейчас",
        "ничего; если узел погиб, через два срока ответа станет `OUTCOME_UNKNOWN`",
    )
    """A node sends it now, and has it until its lease is over."""

    OUTCOME_UNKNOWN = (
        "OUTCOME_UNKNOWN",
        False,
        "отправлено, но ответа нет: срок вышел, связь оборвалась или узел погиб",
        "ничего; сперва спросим шину (`getMessageStatus`), и только если она о нём не знает, отправим снова",
    )
    """It was sent, and nobody knows what became of it: the bus is asked before it is sent again."""

    ACCEPTED = (
        "ACCEPTED",
        False,
        "шина приняла и ещё не доставила",
        "ничего; состояние приходит от шины, а если не пришло — спрашиваем сами",
    )
    """The bus has it, and has not delivered it yet."""

    AWAITING_ANSWER = (
        "AWAITING_ANSWER",
        False,
        "запрос доставлен, ответ (`RESPONSE`) ещё не пришёл",
        "ничего; за ответом ходим сами (`getMessages`)",
    )
    """A request that was delivered, and whose answer has not come yet."""

    ANSWER_KEPT = (
        "ANSWER_KEPT",
        False,
        "ответ пришёл и записан, но шина об этом ещё не знает",
        "ничего; скажем ей (`sendDeliveryNotification`)",
    )
    """A request whose answer was fetched and is kept; the bus is still to be told so."""

    DELIVERED = ("DELIVERED", True, "доставлено получателю", "ничего")
    """The bus has delivered it."""

    ANSWERED = ("ANSWERED", True, "запрос доставлен, и ответ пришёл", "ничего")
    """A request whose answer has come."""

    DEAD = (
        "DEAD",
        True,
        "не доставлено, и само больше не отправится; почему — в `reason`",
        "устраните причину и верните в очередь: `outbox requeue`; не нужно больше — `outbox abort`",
    )
    """A dead letter, with its reason."""

    ABORTED = (
        "ABORTED",
        True,
        "отправку прекратил оператор",
        "ничего; передумали — `outbox requeue`",
    )
    """An operator has stopped it."""


class Happening(StrEnum):
    """What happens to a message."""

    TAKEN = "taken"
    """A node takes it to send it."""

    ACCEPTED = "accepted"
    """The bus took it, and gave it an id."""

    REFUSED = "refused"
    """The bus answered with a fault."""

    NOT_SENT = "not sent"
    """There was no connection: nothing has left."""

    NO_ANSWER = "no answer"
    """Something may have left, and no answer came, or none that can be read."""

    NODE_GONE = "node gone"
    """The lease of the node that was sending it is over."""

    UNSENDABLE = "unsendable"
    """It cannot be made into a message: a mistake of ours."""

    UNKNOWN_TO_BUS = "unknown to the bus"
    """Asked for it, the bus answered that it has no such message."""

    ON_DELIVERY = "on delivery"
    """The bus says that it has it."""

    DELIVERED = "delivered"
    """The bus says that it was delivered."""

    NOT_DELIVERED = "not delivered"
    """The bus says that this try of its own failed."""

    DELIVERY_STOPPED = "delivery stopped"
    """The bus says that it will not try again."""

    ANSWER_CAME = "answer came"
    """The response to a request is here."""

    ANSWER_FETCHED = "answer fetched"
    """We fetched the response ourselves: the bus is to be told that we have it."""

    ACKNOWLEDGED = "acknowledged"
    """The bus was told that we have the answer."""

    EXPIRED = "expired"
    """The deadline for the whole message is past."""

    REQUEUED = "requeued"
    """An operator wants it sent after all, or at once."""

    ABORTED = "aborted"
    """An operator wants it sent no more."""


TOLD_BY_BUS: Final[Mapping[str, Happening]] = {
    "ON_DELIVERY": Happening.ON_DELIVERY,
    "DELIVERED": Happening.DELIVERED,
    "NOT_DELIVERED": Happening.NOT_DELIVERED,
    "DELIVERY_STOPPED": Happening.DELIVERY_STOPPED,
}
"""What the bus calls the state of a message → what that is to us."""


@dataclass(frozen=True, slots=True)
class Transition:
    """From a state by what happens to another one."""

    source: OutboxState
    happening: Happening
    target: OutboxState
    is_setback: bool = False
    """Somebody who is there said no: after so many of these the message is dead."""

    for_request: OutboxState | None = None
    """Where a REQUEST goes instead."""


_S, _H = OutboxState, Happening

TRANSITIONS: Final[tuple[Transition, ...]] = (
    Transition(_S.WAITING, _H.TAKEN, _S.SENDING),
    Transition(_S.SENDING, _H.ACCEPTED, _S.ACCEPTED),
    Transition(_S.SENDING, _H.REFUSED, _S.WAITING, is_setback=True),
    Transition(_S.SENDING, _H.NOT_SENT, _S.WAITING),
    Transition(_S.SENDING, _H.NO_ANSWER, _S.OUTCOME_UNKNOWN),
    Transition(_S.SENDING, _H.NODE_GONE, _S.OUTCOME_UNKNOWN),
    Transition(_S.SENDING, _H.UNSENDABLE, _S.DEAD),
    # A node that was only slow, and whose lease was over, still knows best.
    Transition(_S.OUTCOME_UNKNOWN, _H.ACCEPTED, _S.ACCEPTED),
    Transition(_S.OUTCOME_UNKNOWN, _H.REFUSED, _S.WAITING, is_setback=True),
    Transition(_S.OUTCOME_UNKNOWN, _H.NOT_SENT, _S.WAITING),
    # What the bus says when it is asked, or by itself.
    Transition(_S.OUTCOME_UNKNOWN, _H.UNKNOWN_TO_BUS, _S.WAITING),
    Transition(_S.OUTCOME_UNKNOWN, _H.ON_DELIVERY, _S.ACCEPTED),
    Transition(_S.OUTCOME_UNKNOWN, _H.DELIVERED, _S.DELIVERED, for_request=_S.AWAITING_ANSWER),
    # Asked by our own id, the bus may speak of a try before this one: that has been counted.
    Transition(_S.OUTCOME_UNKNOWN, _H.NOT_DELIVERED, _S.WAITING),
    Transition(_S.OUTCOME_UNKNOWN, _H.DELIVERY_STOPPED, _S.DEAD),
    Transition(_S.ACCEPTED, _H.UNKNOWN_TO_BUS, _S.WAITING, is_setback=True),
    Transition(_S.ACCEPTED, _H.DELIVERED, _S.DELIVERED, for_request=_S.AWAITING_ANSWER),
    Transition(_S.ACCEPTED, _H.NOT_DELIVERED, _S.WAITING, is_setback=True),
    Transition(_S.ACCEPTED, _H.DELIVERY_STOPPED, _S.DEAD),
    Transition(_S.WAITING, _H.DELIVERED, _S.DELIVERED, for_request=_S.AWAITING_ANSWER),
    Transition(_S.WAITING, _H.DELIVERY_STOPPED, _S.DEAD),
    # An answer proves that the request came, whatever else is known of it.
    Transition(_S.WAITING, _H.ANSWER_CAME, _S.ANSWERED),
    Transition(_S.OUTCOME_UNKNOWN, _H.ANSWER_CAME, _S.ANSWERED),
    Transition(_S.ACCEPTED, _H.ANSWER_CAME, _S.ANSWERED),
    Transition(_S.AWAITING_ANSWER, _H.ANSWER_CAME, _S.ANSWERED),
    Transition(_S.AWAITING_ANSWER, _H.ANSWER_FETCHED, _S.ANSWER_KEPT),
    Transition(_S.ANSWER_KEPT, _H.ACKNOWLEDGED, _S.ANSWERED),
    Transition(_S.ANSWER_KEPT, _H.EXPIRED, _S.ANSWERED),
    Transition(_S.WAITING, _H.EXPIRED, _S.DEAD),
    Transition(_S.OUTCOME_UNKNOWN, _H.EXPIRED, _S.DEAD),
    Transition(_S.ACCEPTED, _H.EXPIRED, _S.DEAD),
    Transition(_S.AWAITING_ANSWER, _H.EXPIRED, _S.DEAD),
    # What an operator may do.
    Transition(_S.WAITING, _H.REQUEUED, _S.WAITING),
    Transition(_S.DEAD, _H.REQUEUED, _S.WAITING),
    Transition(_S.ABORTED, _H.REQUEUED, _S.WAITING),
    Transition(_S.WAITING, _H.ABORTED, _S.ABORTED),
    Transition(_S.OUTCOME_UNKNOWN, _H.ABORTED, _S.ABORTED),
    Transition(_S.ACCEPTED, _H.ABORTED, _S.ABORTED),
    Transition(_S.AWAITING_ANSWER, _H.ABORTED, _S.ABORTED),
    Transition(_S.DEAD, _H.ABORTED, _S.ABORTED),
)

OPEN: Final[LiteralString] = "state NOT IN ('DELIVERED', 'ANSWERED', 'DEAD', 'ABORTED')"
"""The messages that something is still to be done about: the predicate of their indexes, word for word."""
