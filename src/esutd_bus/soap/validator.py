"""The fast verdict on a message's form."""

from __future__ import annotations

import threading
from typing import Any

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
        """(message, place as an XPath from the payload) of the first error about a payload whose leaves have
        been read one by one; `None` when there is none.

        What libxml2 says about the text of a built-in type is then no error: it refuses white space around
        dates and times, which XML Schema allows.
        """
        with self._lock:
            if self._validate(payload):
                return None
            errors: list[Any] = list(self._schema.error_log)  # type: ignore[call-overload]  # stubs
        for error in errors:
            if error.type != etree.ErrorTypes.SCHEMAV_CVC_DATATYPE_VALID_1_2_1:
                return error.message, error.path or ""
        return None if errors else ("not valid by the schema", "")

    def _validate(self, payload: etree._Element) -> bool:
        try:
            return self._schema.validate(payload)
        except etree.XMLSchemaValidateError:  # libxml2 gave up: a number of more digits than it counts
            return False
