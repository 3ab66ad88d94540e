"""Values that must be codes of a dictionary."""

from __future__ import annotations

from collections.abc import Iterator

from esutd_bus.register.case import Case
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rules.work_place import is_abroad

_KATO_FIELD = "contract.kato_code"


def codes_are_in_dictionaries(case: Case) -> Iterator[Refusal]:
    """A code is in its dictionary, in force, at the lowest level of the hierarchy.

    Not found: SCSE007, 022, 038, 073, 075, 100, 104, 107, 148, 150, 163. Not at the lowest level: SCSE081, 083, 084,
    085, 164.
    Source: code texts. Of КАТО any level below the region will do; a city of republican rank stands on the
    regions' level.
    """
    said = case.said
    for check, admissible in case.rules.admissible:
        code = said.get(check.field)
        if code is None or code in admissible or (check.field == _KATO_FIELD and is_abroad(case)):
            continue
        is_known = code in case.rules.dictionaries.admissible(check.dictionary, coarse=check.coarse)
        yield Refusal(check.not_leaf if check.not_leaf and is_known else check.unknown, check.field)
