"""What a reason means: the standard's section, and words for whoever made the signature."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

from esutd_bus.plain_yaml import load_yaml
from esutd_bus.signature.reason import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is wrong and what to do, told to an integrator; and where the rule is written."""

    section: str
    """Standard and section: `XMLDSig 4.4.3`, `RFC 5280, 4.2.1.3`."""

    ru: str
    kk: str
    en: str


def explain(reason: Reason) -> Explanation:
    """The explanation of a reason."""
    return _explanations()[reason]


@cache
def _explanations() -> Mapping[Reason, Explanation]:
    table = load_yaml((files("esutd_bus.signature") / "reasons.yaml").read_text("utf-8"))
    parts = [part.name for part in fields(Explanation)]
    return MappingProxyType(
        {
            Reason(word): Explanation(**{part: said[part].strip() for part in parts})
            for word, said in table.items()
        }
    )
