"""Something that is not as it was written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What differs, in words."""

    place: str
    """A file of the bundle, a record, a seal; what they share, where nothing narrower can be named."""

    ru: str
    en: str
