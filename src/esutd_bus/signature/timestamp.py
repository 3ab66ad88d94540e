"""`wsu:Timestamp`: a message's own time of making and ending (WS-Security 10)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from esutd_bus.signature import names
from esutd_bus.signature.reason import Reason, Refusal
from esutd_bus.signature.structure import XML_SPACE, leaf_text, only_elements

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_IDENTIFIERS: Final = frozenset({names.WSU_ID, "Id"})
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_SHAPES: Final = frozenset({(names.CREATED,), (names.EXPIRES,), (names.CREATED, names.EXPIRES)})


def require_current(timestamp: Element | None, now: datetime, skew: timedelta) -> datetime:
    """Refuse a message that is made in the future or has expired, beyond clocks' difference.

    No Timestamp is usual, and one that comes need not be signed: it can shorten a message's life, not
    prove its age.

    Returns the latest moment, up to now, at which the message can have been made by its own word.
    """
    if timestamp is None:
        return now
    parts = only_elements(timestamp, _IDENTIFIERS)
    if tuple(part.tag for part in parts) not in _SHAPES:
        raise Refusal(Reason.TIMESTAMP, "wsu:Timestamp must hold Created and Expires, each at most once")
    instants = {part.tag: _instant(part) for part in parts}
    created, expires = instants.get(names.CREATED), instants.get(names.EXPIRES)
    if created is not None and created > now + skew:
        raise Refusal(Reason.TIMESTAMP, f"the message was created in the future: {created.isoformat()}")
    if expires is not None and expires <= now - skew:
        raise Refusal(Reason.TIMESTAMP, f"the message expired: {expires.isoformat()}")
    if created is not None and expires is not None and expires <= created:
        raise Refusal(Reason.TIMESTAMP, "the message expires before it was created")
    return now if created is None else min(created + skew, now)


def _instant(element: Element) -> datetime:
    text = leaf_text(element, _IDENTIFIERS).strip(XML_SPACE)
    malformed = Refusal(Reason.TIMESTAMP, "wsu:Timestamp holds no time with zone")
    if not _INSTANT.fullmatch(text):
        raise malformed
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise malformed from None
