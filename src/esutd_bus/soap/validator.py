"""The fast verdict on a message's form."""

from __future__ import annotations

import threading

from lxml import etree


class Validator:
    """libxml2's verdict on payloads. May be shared by threads."""

    def __init__(self, schema: etree.XMLSchema) -> None:
        self._schema = schema
        # An lxml validator keeps one error log, which concurrent calls would write over each other's.
        self._lock = threading.Lock()

    def accepts(self, payload: etree._Element) -> bool:
        """Whether the schema accepts the element and all below it."""
        with self._lock:
            return self._validate(payload)

    def complaint(self, payload: etree._Element) -> tuple[str, str] | None:
        """(message, place as an XPath from the payload) of the first error; `None` when there is none."""
        with self._lock:
            if self._validate(payload):
                return None
            error = self._schema.error_log.last_error  # type: ignore[attr-defined]  # stubs
            return (error.message, error.path or "") if error is not None else ("not valid", "")

    def _validate(self, payload: etree._Element) -> bool:
        try:
            return self._schema.validate(payload)
        except etree.XMLSchemaValidateError:  # libxml2 gave up: a number of more digits than it counts
            return False
