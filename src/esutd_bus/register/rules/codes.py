"""Values that must be codes of a dictionary."""

from __future__ import annotations

from collections.abc import Iterator

from esutd_bus.register.case import Case
from esutd_bus.register.dictionaries import Dictionaries
from esutd_bus.register.fields import CodeCheck
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
    for check in case.rules.fields.codes:
        code = case.value(check.field)
        if code is not None and not (check.field == _KATO_FIELD and is_abroad(case)):
            refusal = _judged(check, code, case.rules.dictionaries)
            if refusal is not None:
                yield refusal


def _judged(check: CodeCheck, code: str, dictionaries: Dictionaries) -> Refusal | None:
    too_coarse = check.coarse and dictionaries.level(check.dictionary, code) in check.coarse
    if too_coarse or not dictionaries.exists(check.dictionary, code):
        return Refusal(check.unknown, check.field)
    if check.not_leaf and not dictionaries.is_leaf(check.dictionary, code):
        return Refusal(check.not_leaf, check.field)
    return None
