"""A payload by what it says: the same however its envelope is built, and whoever has signed it."""

from __future__ import annotations

from copy import deepcopy
from hashlib import sha256
from typing import TYPE_CHECKING

from esutd_bus.signature import canonical, names

if TYPE_CHECKING:
    from lxml.etree import _Element as Element


def payload_digest(payload: Element) -> bytes:
    """SHA-256 of the payload's exclusive canonical form without its document signatures."""
    if payload.find(names.SIGNATURE) is not None:
        payload = deepcopy(payload)
        for signature in payload.findall(names.SIGNATURE):
            payload.remove(signature)
    return sha256(canonical.exclusive(payload)).digest()
