"""The rulebook: all that the rules lean on, besides the message and the state."""

from __future__ import annotations

from dataclasses import dataclass, field

from esutd_bus.register.calendar import Calendar
from esutd_bus.register.dictionaries import Dictionaries, DictionaryError
from esutd_bus.register.fields import CodeCheck, FieldRules, read_packaged_fields
from esutd_bus.register.limits import Limits
from esutd_bus.register.partners import Partners


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Immutable; another edition of the dictionaries or the partners makes another rulebook."""

    dictionaries: Dictionaries
    calendar: Calendar
    limits: Limits = field(default_factory=Limits)
    fields: FieldRules = field(default_factory=read_packaged_fields)
    partners: Partners = field(default_factory=Partners)
    checks: frozenset[str] = frozenset()
    """What state registries are asked of a registration: `employer`, `employee`; afterwards, if not before."""

    admissible: tuple[tuple[CodeCheck, frozenset[str]], ...] = field(init=False, repr=False, compare=False)
    """What is to be a code of a dictionary, and the codes that it may be."""

    def __post_init__(self) -> None:
        """Raises `DictionaryError` if a field is checked against a dictionary that is not there."""
        for check in self.fields.codes:
            if check.dictionary not in self.dictionaries.names:
                raise DictionaryError(
                    f"{check.field} needs the dictionary {check.dictionary}, which is missing"
                )
        admissible = tuple((check, self._admissible(check)) for check in self.fields.codes)
        object.__setattr__(self, "admissible", admissible)

    def _admissible(self, check: CodeCheck) -> frozenset[str]:
        leaves = check.not_leaf is not None
        return self.dictionaries.admissible(check.dictionary, coarse=check.coarse, leaves=leaves)
