"""Why a message is refused, in the register's own codes."""

from __future__ import annotations

from dataclasses import dataclass

from esutd_bus.register.answer_codes import AnswerText


@dataclass(frozen=True, slots=True)
class Refusal:
    """One error of a message; a fault carries all of them at once."""

    code: str
    """Answer code: `SCSE…` of the ministry's table, `ESB…` of this service's."""

    field: str | None = None
    """The register's field the error is about (`contract.number`), where a rule found it."""

    path: str | None = None
    """The message's path below the operation's element (`contract/number`), where the schema found it."""

    reason: str | None = None
    """A word from the verifier's vocabulary (SCSE001), of the rights (ESB005), or what the schema expected (ESB004)."""

    upstream_code: str | None = None
    """The code a state registry answered with (ESB008)."""

    upstream_message: str | None = None
    """The text a state registry answered with (ESB007, ESB008)."""

    words: AnswerText | None = None
    """What is said behind the code's own text: what is wrong here, and what to do."""
