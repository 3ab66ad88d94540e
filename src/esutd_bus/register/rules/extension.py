"""What an extension of the term must be (order 353, clause 13-1; Labour Code, 30(1)(2)).

When a fixed term ends, the contract goes on: for an indefinite term, or for the same fixed one once more. The
day on which the term ended is the extension's date.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from esutd_bus.register.case import Case
from esutd_bus.register.entering import timeline
from esutd_bus.register.fields import Presence, TermRule
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.rules.term import admissible_end
from esutd_bus.register.years import lasts

_EXTENDED = "contract.extended_on"
_CODE = "contract.term_code"
_END = "contract.ends_on"
_DAY = timedelta(days=1)


def extension_has_begun(case: Case) -> Iterator[Refusal]:
    """SCSE110: the contract was extended today at the latest. Source: code text."""
    extended_on = case.value(_EXTENDED)
    if extended_on is not None and extended_on > case.today:
        yield Refusal("SCSE110", _EXTENDED)


def term_is_not_indefinite_already(case: Case) -> Iterator[Refusal]:
    """SCSE111: the term, as contract, amendments and extensions make it, has an end. Source: code text.

    Where it has none, nothing else is asked of the extension's dates.
    """
    if case.contract is not None and _is_indefinite(case):
        yield Refusal("SCSE111", case.reference_field)


def term_has_an_end_to_extend(case: Case) -> Iterator[Refusal]:
    """SCSE146: the period to be extended has an end date. Source: code text.

    Decision: «has no term» is said of a term that lasts until something happens (work done, season over) and
    was entered without a date; its end is agreed in an amendment first.
    """
    if case.contract is not None and not _is_indefinite(case) and case.contract["ends_on"] is None:
        yield Refusal("SCSE146", case.reference_field)


def extension_follows_the_last(case: Case) -> Iterator[Refusal]:
    """SCSE112: extensions are entered in their order: none begins before the last one. Source: code text."""
    extended_on, last = case.value(_EXTENDED), _last(case)
    if extended_on is not None and last is not None and extended_on < last:
        yield Refusal("SCSE112", _EXTENDED)


def end_is_not_extended_already(case: Case) -> Iterator[Refusal]:
    """SCSE120: an end date is extended once: there is no extension of this date yet. Source: code text."""
    extended_on, last = case.value(_EXTENDED), _last(case)
    if extended_on is not None and extended_on == last:
        yield Refusal("SCSE120", _EXTENDED)


def extension_begins_where_the_term_ends(case: Case) -> Iterator[Refusal]:
    """SCSE116: the date is that on which the term ends: by contract, amendment or extension. Source: code text.

    A date at or before the last extension is told by SCSE112 or SCSE120 alone.
    """
    extended_on, last = case.value(_EXTENDED), _last(case)
    ends_on = case.contract["ends_on"] if case.contract is not None else None
    if extended_on is None or ends_on is None or _is_indefinite(case):
        return
    if extended_on != ends_on and (last is None or extended_on > last):
        yield Refusal("SCSE116", _EXTENDED)


def extensions_are_counted(case: Case) -> Iterator[Refusal]:
    """SCSE113: after so many extensions for a fixed term the next one is indefinite.

    Source: code text; how many: `fields.yaml`, after the Labour Code, 30(1)(2): two.
    """
    if _would_repeat_too_often(case):
        yield Refusal("SCSE113", _CODE)


def extension_repeats_the_term(case: Case) -> Iterator[Refusal]:
    """SCSE114: the extension is indefinite, or of the very term that is extended. Source: code text.

    A term that the dictionary does not know (SCSE038), that no extension may have (SCSE151) or that was repeated
    too often (SCSE113) is told by that code alone.
    """
    code = case.value(_CODE)
    if case.contract is None or _is_indefinite(case) or code is None or code == case.contract["term_code"]:
        return
    rule = case.rules.fields.term(code)
    known = case.rules.dictionaries.exists("contract-term", code)
    if known and not rule.amendment_only and rule.ends_on is not Presence.FORBIDDEN:
        yield Refusal("SCSE114", _CODE)


def extended_period_suits_term(case: Case) -> Iterator[Refusal]:
    """SCSE115: the end date gives the term anew the period that it must have at least.

    Source: code text; how long: `fields.yaml`. Decision: the parties may agree on another length than before
    (Labour Code, 30(1)(2): «for a fixed term of not less than a year»), so the length alone is judged, from the
    day after the extension's date; and by this code, since SCSE068 speaks of the contract's whole period.
    """
    extended_on, ends_on = case.value(_EXTENDED), admissible_end(case)
    if extended_on is None or ends_on is None or ends_on <= extended_on:
        return
    if not lasts(extended_on + _DAY, ends_on, _term(case).years):
        yield Refusal("SCSE115", _END)


def extension_is_before_its_end(case: Case) -> Iterator[Refusal]:
    """SCSE158: the contract is extended before the end that the extension sets. Source: code text."""
    extended_on, ends_on = case.value(_EXTENDED), admissible_end(case)
    if extended_on is not None and ends_on is not None and ends_on <= extended_on:
        yield Refusal("SCSE158", _END)


def _would_repeat_too_often(case: Case) -> bool:
    if case.contract is None or case.value(_CODE) != case.contract["term_code"]:
        return False
    most = _term(case).extensions
    repeated = [e for e in timeline(case).extensions() if e.entered["term_code"] == case.value(_CODE)]
    return most is not None and len(repeated) >= most


def _term(case: Case) -> TermRule:
    """The rule of the term given."""
    return case.rules.fields.term(case.value(_CODE))


def _is_indefinite(case: Case) -> bool:
    """Whether the term that is to be extended has no end."""
    return case.rules.fields.term(case.found["term_code"]).ends_on is Presence.FORBIDDEN


def _last(case: Case) -> date | None:
    """When the contract was extended last; `None` if never, or if its term has no end by now."""
    if case.contract is None or _is_indefinite(case):
        return None
    last: date | None = case.contract["extended_on"]
    return last
