"""What goes wrong on the simulated bus, scripted: faults as data, read from YAML, and which call meets which.

seed: 1                                    # of every `probability`; the same script goes wrong the same way
faults:
  - do: hang                               # what happens: `Deed`
    service: GBDFL_UniversalServiceSync    # of which serviceId; any, where it is not said
    operation: SendMessage                 # of which operation of the bus; any, where it is not said
    call: 2                                # the n-th call that fits, and no other …
    times: 3                               # … or so many of them …
    probability: 0.1                       # … or each with this probability
    after: 5                               # seconds from when the script began; at once, where it is not said
    for: 30                                # seconds; for good, where it is not said
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

if TYPE_CHECKING:
    from collections.abc import Callable

Word = Literal["refuse", "hang", "lost", "wrong-signature", "duplicate"]
State = Literal["ON_DELIVERY", "DELIVERED", "NOT_DELIVERED", "DELIVERY_STOPPED"]
Operation = Literal[
    "SendMessage", "sendMessage", "getMessages", "getMessageStatus", "sendDeliveryNotification", "deliver"
]

DELIVER = "deliver"
"""What the bus itself calls: its deliveries to the service. Only faults that say so are about these."""

_OWN_OPERATIONS = {
    "lost": ("sendMessage",),
    "wrong-signature": ("SendMessage", DELIVER),
    "unknown-code": ("SendMessage", "getMessageStatus"),
    "statuses": ("sendMessage",),
    "duplicate": (DELIVER,),
}
"""Faults that are about these operations alone; where the script names none, about each of them."""


class FaultScriptError(Exception):
    """A script that cannot be understood; the message names the line."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Deed(_Part):
    """What happens; exactly one of these."""

    drip: float | None = Field(default=None, gt=0)
    """The answer byte by byte, with so many seconds between. What was sent has been taken."""
    cut: int | None = Field(default=None, ge=0)
    """So many bytes of the answer's body, then the connection ends; 0: no answer at all. It has been taken."""
    delay: float | None = Field(default=None, gt=0)
    """The answer so many seconds late. It has been taken."""
    error: int | None = Field(default=None, ge=400, le=599)
    """The bus's own ErrorInfo, with this HTTP status; nothing is taken."""
    html: int | None = Field(default=None, ge=400, le=599)
    """A proxy's page of this HTTP status; nothing is taken."""
    unknown_code: str | None = Field(default=None, alias="unknown-code", min_length=1)
    """An answer whose status (of a message: its state) has this code."""
    statuses: tuple[State, ...] | None = Field(default=None, min_length=1)
    """What becomes of an asynchronous message, step by step, told and to be asked: in a wrong order, or twice."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("say one thing that happens")
        return self

    @property
    def word(self) -> str:
        """Its name, as a script says it."""
        (name,) = self.model_fields_set
        return name.replace("_", "-")


class Fault(_Part):
    """One entry of a script."""

    do: Annotated[
        Annotated[Word, Tag("word")] | Annotated[Deed, Tag("deed")],
        Discriminator(lambda value: "word" if isinstance(value, str) else "deed"),
    ]
    service: str | None = None
    operation: Operation | None = None
    call: int | None = Field(default=None, ge=1)
    times: int | None = Field(default=None, ge=1)
    probability: float | None = Field(default=None, gt=0, le=1)
    after: float = Field(default=0.0, ge=0)
    seconds: float | None = Field(default=None, gt=0, alias="for")

    @property
    def word(self) -> str:
        """What it does: `hang`, `cut`, …"""
        return self.do if isinstance(self.do, str) else self.do.word

    @property
    def deed(self) -> Deed | None:
        """What it does, where that has a measure."""
        return None if isinstance(self.do, str) else self.do

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        chosen = [name for name in ("call", "times", "probability") if getattr(self, name) is not None]
        if len(chosen) > 1:
            raise ValueError(f"`{'` and `'.join(chosen)}` exclude each other")
        if self.word == "refuse" and (self.service or self.operation or chosen):
            raise ValueError("who is refused has said nothing yet: `refuse` takes only `after` and `for`")
        own = _OWN_OPERATIONS.get(self.word)
        if own and self.operation not in {None, *own}:
            raise ValueError(f"`{self.word}` is about {' and '.join(own)} alone")
        return self

    def fits(self, service: str | None, operation: str) -> bool:
        """Whether it is about such a call at all."""
        if self.word == "refuse":
            return False
        own = _OWN_OPERATIONS.get(self.word, ())
        if operation not in own and (own or operation == DELIVER):
            return False
        return self.service in {None, service} and self.operation in {None, operation}


class FaultScript(_Part):
    """A whole script."""

    seed: int = 0
    faults: tuple[Fault, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """As it could stand in a file."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


def read_fault_script(text: str, name: str = "script") -> FaultScript:
    """A script from its text. `name` stands in errors, before the line.

    Raises:
        FaultScriptError: not YAML, an unknown key, or a value that cannot be; it names the line.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        document = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = 1 if error.problem_mark is None else error.problem_mark.line + 1
        raise FaultScriptError(f"{name}, line {line}: {error.problem or 'not YAML'}") from error
    except yaml.YAMLError as error:
        raise FaultScriptError(f"{name}: not YAML: {error}") from error
    if document is None:
        return FaultScript()
    try:
        return FaultScript.model_validate(document)
    except ValidationError as error:
        told = {_told(name, node, each["loc"], each["type"], each["msg"]): None for each in error.errors()}
        raise FaultScriptError("\n".join(told)) from error


def _told(name: str, root: yaml.Node | None, where: tuple[int | str, ...], kind: str, message: str) -> str:
    """One error as a tester reads it."""
    line, keys = _place(root, where)
    if where and where[-1] not in keys and kind in {"extra_forbidden", "missing"}:
        keys.append(str(where[-1]))
    what = "unknown key" if kind == "extra_forbidden" else message.removeprefix("Value error, ")
    return f"{name}, line {line}: {'.'.join(keys)}{': ' if keys else ''}{what}"


def _place(root: yaml.Node | None, where: tuple[int | str, ...]) -> tuple[int, list[str]]:
    """(line, the keys that lead there) of the deepest node on the way to an error."""
    node, keys = root, list[str]()
    line = 1 if root is None else root.start_mark.line + 1
    for step in where:
        found: yaml.Node | None = None
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            found = node.value[step]
        elif isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == step), None)
            if pair is not None:
                line, found = pair[0].start_mark.line + 1, pair[1]
                keys.append(str(step))
        if found is None:
            continue  # pydantic names which of several types it tried: no part of the file
        if isinstance(step, int):
            line = found.start_mark.line + 1
        node = found
    return line, keys


@dataclass(slots=True)
class _Running:
    """A fault of a script that has begun."""

    fault: Fault
    chance: random.Random
    calls: int = 0
    met: int = 0


class FaultsAtWork:
    """A script that has begun: says of each call what happens to it. Safe to use from many threads."""

    def __init__(self, script: FaultScript, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: seconds, from anywhere."""
        self.script = script
        self._clock = clock
        self._began = clock()
        self._lock = threading.Lock()
        # Each has a chance of its own: one more fault in a script changes nothing for the others.
        self._running = [
            _Running(fault, random.Random(f"{script.seed}/{number}"))
            for number, fault in enumerate(script.faults)
        ]

    @property
    def met(self) -> list[int]:
        """How many calls each fault of the script has met, in its order."""
        with self._lock:
            return [running.met for running in self._running]

    def refuses(self) -> bool:
        """Whether nobody may connect now."""
        return any(fault.word == "refuse" and self._is_on(fault) for fault in self.script.faults)

    def meets(self, service: str | None, operation: str) -> Fault | None:
        """What happens to this call: the first fault of the script that it meets; all that it fits count it."""
        first: _Running | None = None
        with self._lock:
            for running in self._running:
                fault = running.fault
                if not (fault.fits(service, operation) and self._is_on(fault)):
                    continue
                running.calls += 1
                if self._strikes(running) and first is None:
                    first = running
            if first is not None:
                first.met += 1
        return None if first is None else first.fault

    def _is_on(self, fault: Fault) -> bool:
        since = self._clock() - self._began - fault.after
        return since >= 0 and (fault.seconds is None or since < fault.seconds)

    @staticmethod
    def _strikes(running: _Running) -> bool:
        fault = running.fault
        if fault.call is not None:
            return running.calls == fault.call
        if fault.times is not None:
            return running.met < fault.times
        return fault.probability is None or running.chance.random() < fault.probability
