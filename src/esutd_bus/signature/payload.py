"""A payload by what it says: the same however its envelope is built, and whoever has signed it."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from esutd_bus.signature import canonical

if TYPE_CHECKING:
    from lxml.etree import _Element as Element


def payload_digest(payload: Element) -> bytes:
    """SHA-256 of a verified payload's exclusive canonical form; document signatures are taken off already."""
    return sha256(canonical.exclusive(payload)).digest()
