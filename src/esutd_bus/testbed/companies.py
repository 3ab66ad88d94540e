"""The invented organisations that the simulated registry of legal entities knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from esutd_bus.plain_yaml import load_yaml
from esutd_bus.testbed.population import Behaviour

if TYPE_CHECKING:
    from collections.abc import Mapping

_OWN = Path(__file__).with_name("companies.yaml")


@dataclass(frozen=True, slots=True)
class InventedCompany:
    """Which organisation is answered when a BIN is asked for, and how."""

    bin: str
    shows: str
    """Why this organisation is here."""

    organization: Mapping[str, Any] | None = None
    """The record, leaf → text or date, as `xsd/shep/gbdul.xsd` has it; `None`: not found."""

    behaviour: Behaviour = field(default_factory=Behaviour)


Companies = dict[str, InventedCompany]
"""BIN → organisation."""


def load_companies(path: Path = _OWN) -> Companies:
    """The organisations of a file, by default of the project's own.

    Raises:
        ValueError: a BIN stands there twice.
        TypeError: an organisation or a behaviour has a part that is not known.
    """
    companies: Companies = {}
    for entry in load_yaml(path.read_text(encoding="utf-8"))["companies"]:
        company = InventedCompany(**{**entry, "behaviour": Behaviour(**entry.get("behaviour", {}))})
        if company.bin in companies:
            raise ValueError(f"{path}: {company.bin} stands there twice")
        companies[company.bin] = company
    return companies
