"""The detail of a fault: all errors of a message at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from esutd_bus.soap.encode_plan import AnswerPlan
from esutd_bus.soap.lexical import only_xml_text
from esutd_bus.soap.schema import Node

REGISTER_FAULT = "{urn:esutd-bus:common:v1}RegisterFault"


@dataclass(frozen=True, slots=True)
class FaultError:
    """One error, as the sender reads it."""

    code: str
    message_ru: str
    message_kk: str
    message_en: str
    reason: str | None = None
    field: str | None = None
    """The path from the payload's root, without prefixes, counted where repeated."""
    upstream_code: str | None = None
    upstream_message: str | None = None

    def _values(self) -> Mapping[str, Any]:
        values = {
            "code": self.code,
            "reason": self.reason,
            "field": self.field,
            "messageRu": self.message_ru,
            "messageKk": self.message_kk,
            "messageEn": self.message_en,
            "upstreamCode": self.upstream_code,
            "upstreamMessage": self.upstream_message,
        }
        # A fault must go out whatever an upstream wrote into its text.
        return {name: value if value is None else only_xml_text(value) for name, value in values.items()}


class RegisterFault:
    """Encodes `RegisterFault` elements by the schema's tree of one."""

    def __init__(self, node: Node) -> None:
        self._plan = AnswerPlan(node)

    def encode(
        self, correlation_id: UUID, errors: Sequence[FaultError], request_id: str | None = None
    ) -> bytes:
        """The element for a fault's `detail`. `errors` are one or more; `request_id` only if it is a guid."""
        return self._plan.encode(
            {
                "correlationId": str(correlation_id),
                "requestId": request_id,
                "error": [error._values() for error in errors],  # noqa: SLF001  # one noun, two classes
            }
        )
