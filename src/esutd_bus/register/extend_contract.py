"""ExtendContract: a fixed term goes on when it ends (order 353, clause 13-1; Labour Code, 30(1)(2))."""

from __future__ import annotations

from esutd_bus.register.case import Case, Decider, Sources, referred
from esutd_bus.register.command import Command
from esutd_bus.register.deadlines import deadline
from esutd_bus.register.entering import entered
from esutd_bus.register.event import Accepted
from esutd_bus.register.rules import codes, completeness, extension, reference, term
from esutd_bus.register.state import Needs
from esutd_bus.register.timeline import EXTENDED


def needs(command: Command) -> Needs:
    """The contract and its timeline: earlier extensions count."""
    return referred(command, history=True)


def accept(case: Case) -> Accepted:
    """The contract has the new term from the extension's date on."""
    given = case.table("contract")
    values = {column: given.get(column) for column in ("term_code", "ends_on", "extended_on")}
    extended_on = given["extended_on"]
    due = deadline("353/13-1", extended_on, case.today, case.rules.calendar)
    return entered(case, EXTENDED, extended_on, values, deadline=due)


DECIDER = Decider(
    needs,
    (
        completeness.contract_is_named,
        completeness.extension_is_complete,
        reference.contract_exists,
        reference.contract_is_not_terminated,
        extension.term_is_not_indefinite_already,
        extension.term_has_an_end_to_extend,
        extension.extension_has_begun,
        extension.extension_follows_the_last,
        extension.end_is_not_extended_already,
        extension.extension_begins_where_the_term_ends,
        term.term_is_not_for_amendments_only,
        extension.extensions_are_counted,
        extension.extension_repeats_the_term,
        term.term_has_its_end,
        term.term_allows_end,
        extension.extended_period_suits_term,
        extension.extension_is_before_its_end,
        term.end_is_in_sight,
        codes.codes_are_in_dictionaries,
    ),
    accept,
    Sources(tables=frozenset({"contract"})),
    requires=("reference", "contract.extended_on", "contract.term_code"),
)
