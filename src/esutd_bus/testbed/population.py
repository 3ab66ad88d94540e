"""The invented people that the simulated bus's registry of individuals knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from esutd_bus.plain_yaml import load_yaml
from esutd_bus.register.identifiers import born_on, is_iin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CENTURY_AND_SEX = 6
_GENDERS = (
    {"code": "2", "nameRu": "Женский", "nameKz": "Әйел"},
    {"code": "1", "nameRu": "Мужской", "nameKz": "Ер"},
)
"""By whether the number's digit is odd."""

_OWN = Path(__file__).with_name("population.yaml")


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What goes wrong, or differs, in the answer about a person; see `population.yaml`."""

    delay: float = 0.0
    drip: float = 0.0
    cut: int | None = None
    http: int | None = None
    fault: Mapping[str, str] | None = None
    status: Mapping[str, str] | None = None
    result: Mapping[str, str] | None = None
    escaped: bool = False
    prefixed: bool = False
    signature: Literal["absent", "wrong"] | None = None


@dataclass(frozen=True, slots=True)
class InventedPerson:
    """Who is answered when an IIN is asked for, and how."""

    iin: str
    shows: str
    """Why this person is here."""

    persons: Sequence[Mapping[str, Any]] = ()
    """The records, leaf → text or date, as `xsd/shep/gbdfl-person.xsd` has them."""

    behaviour: Behaviour = field(default_factory=Behaviour)
    access: Behaviour = field(default_factory=Behaviour)
    """The same of the control of access to the person's data (КДП)."""


Population = dict[str, InventedPerson]
"""IIN → person."""


def anybody(iin: str) -> InventedPerson:
    """Somebody that no file tells of, as the number says; nobody where it is no IIN."""
    if not is_iin(iin):
        return InventedPerson(iin, "nobody")
    gender = _GENDERS[int(iin[_CENTURY_AND_SEX]) % 2]
    record = {**_anybodys(), "iin": iin, "birthDate": born_on(iin), "gender": gender}
    return InventedPerson(iin, "anybody", (record,))


@cache
def _anybodys() -> Mapping[str, Any]:
    data: Mapping[str, Any] = load_yaml(_OWN.read_text(encoding="utf-8"))["anybody"]
    return data


def load_population(path: Path = _OWN) -> Population:
    """The people of a file, by default of the project's own.

    Raises:
        ValueError: an IIN stands there twice.
        TypeError: a person or a behaviour has a part that is not known.
    """
    population: Population = {}
    for entry in load_yaml(path.read_text(encoding="utf-8"))["people"]:
        behaviours = {part: Behaviour(**entry.get(part, {})) for part in ("behaviour", "access")}
        person = InventedPerson(**{**entry, **behaviours})
        if person.iin in population:
            raise ValueError(f"{path}: {person.iin} stands there twice")
        population[person.iin] = person
    return population
