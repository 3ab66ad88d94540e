"""Entries at random by two employers, and what the register then shows: a machine for `test_orders_hold`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from orders import ACTIVE, DAY, DELETED, MATERNITY, TERMINATED, Amendment, Contract, Leave, Orders
from register_at_work import Register

from esutd_bus.register.calendar import ALMATY
from esutd_bus.register.command import Command
from esutd_bus.register.event import Accepted, Decision, Refused
from esutd_bus.register.partners import EMPLOYERS
from esutd_bus.register.speaker import Speaker
from esutd_bus.store.ids import uuid7

FIRST_DAY, LAST_DAY = date(2025, 5, 16), date(2026, 11, 16)

Rows = list[dict[str, Any]]

NUMBERS = st.sampled_from(["1", "2", "3", "4", "5"])
POSTS = st.sampled_from(["инженер", "аналитик", "директор"])
AGO = st.sampled_from([0, 0, 1, 1, 2, 3, 4, 8, 15, 16, 30, 366, -1])
"""Days before today."""

THEN = st.sampled_from([0, 1, 14, -1])
"""Days after another day."""

ANY = 5
WHICH = st.integers(0, ANY)
RARELY = st.sampled_from([False] * 7 + [True])
"""Also `free`: a day is taken as it is drawn, though no right entry could have it."""

OFTEN = st.sampled_from([True] * 5 + [False])


class Entries(RuleBasedStateMachine):
    """Two employers, three people, as many contracts as come, and a clock that goes on."""

    def __init__(self, register: Register) -> None:
        super().__init__()
        self.register = register
        self.orders = Orders()
        self.employers = [register.bin(), register.bin()]
        self.people = [register.iin() for _ in range(3)]
        self.officer = register.iin()
        self.today = FIRST_DAY
        self.seconds = 0

    # What is said, and compared.

    def now(self) -> datetime:
        """Shortly after midnight in Kazakhstan, where it is still yesterday in UTC."""
        midnight = datetime.combine(self.today, time(), ALMATY)
        return (midnight + timedelta(minutes=1, seconds=self.seconds)).astimezone(UTC)

    def command(
        self, operation: str, values: Mapping[str, Any], employer: str, *, officer: bool = False
    ) -> Command:
        roles = frozenset({"organisation", "personnel-department" if officer else "first-head"})
        return Command(
            operation=operation,
            values=values,
            speaker=Speaker(employer, self.officer if officer else self.people[0], roles, certificate="c"),
            serves=EMPLOYERS,
            message_id=uuid7(),
            received_at=self.now(),
            new_id=uuid7(),
        )

    def entry(self, command: Command, model: Callable[[], Any], *, by_itself: bool = False) -> Decision:
        """The register decides as the model does, and tells the same of the deadline."""
        self.seconds += 1
        officer = command.speaker.person == self.officer
        may = not by_itself and self.orders.may(command.employer, self.officer, self.today)
        wanted = {"ESB005"} if officer and not may else model()
        decision = self.register.ask(command, self.now())
        if isinstance(decision, Refused):
            assert {refusal.code for refusal in decision.refusals} == wanted
        else:
            due = decision.deadline
            assert (due and (due.clause, due.due_on, due.days_late, due.warning)) == wanted
        return decision

    def chosen(
        self, which: int, *, stranger: bool, status: str = ACTIVE, has: str = "key"
    ) -> tuple[str, Contract]:
        """Who speaks of which contract: its employer, or another that has no business with it.

        Mostly of one of two that are as the entry needs it, so that much is accepted and meets what was before.
        """
        fit = [one for one in self.orders.contracts if one.status == status and getattr(one, has)][:2]
        contracts = self.orders.contracts if which == ANY or not fit else fit
        contract = contracts[which % len(contracts)]
        others = [employer for employer in self.employers if employer != contract.employer]
        return others[0] if stranger else contract.employer, contract

    def reference(self, contract: Contract, *, by_id: bool) -> tuple[Mapping[str, Any], Any]:
        if by_id:
            return {"contract_id": contract.key}, contract.key
        return {"external_id": contract.external_id}, contract.external_id

    def any_contract(self) -> bool:
        return bool(self.orders.contracts)

    def any_amendment(self) -> bool:
        return any(one.amendments for one in self.orders.contracts)

    def any_leave(self) -> bool:
        return any(one.leaves for one in self.orders.contracts)

    def any_terminated(self) -> bool:
        return any(one.status == TERMINATED for one in self.orders.contracts)

    # What happens.

    @initialize()
    def two_contracts(self) -> None:
        """One for ever, one of a year that is about to end: most entries find something that they can be about."""
        self.registers(0, "1", 0, 40, 0, None, "инженер", False, False)
        self.registers(1, "2", 1, 364, 0, 0, "инженер", False, False)

    @rule(days=st.sampled_from([1, 2, 3, 10, 30, 100, 364]))
    def time_goes_on(self, days: int) -> None:
        self.today = min(self.today + days * DAY, LAST_DAY)

    @rule(
        who=st.integers(0, 1), number=NUMBERS, person=st.integers(0, 2), ago=AGO, then=THEN,
        short=st.sampled_from([None, None, 0, 1, 400]), post=POSTS, again=RARELY, officer=RARELY,
    )  # fmt: skip
    def registers(
        self, who: int, number: str, person: int, ago: int, then: int, short: int | None, post: str,
        again: bool, officer: bool,
    ) -> None:  # fmt: skip
        """`short`: by how many days a fixed term falls short of its year."""
        command, new = self.new_contract(
            who, number, person, ago, then, short, post, again=again, officer=officer
        )
        self.entry(command, lambda: self.orders.register(new, self.today))

    def new_contract(
        self, who: int, number: str, person: int, ago: int, then: int, short: int | None, post: str, *,
        again: bool, officer: bool,
    ) -> tuple[Command, Contract]:  # fmt: skip
        concluded = self.today - ago * DAY
        starts = concluded + then * DAY
        ends = None if short is None else starts + (364 - short) * DAY
        external_id = self.orders.contracts[0].external_id if again else uuid7().hex
        values = {
            "external_id": external_id, "number": number, "concluded_on": concluded, "starts_on": starts,
            "employee_iin": self.people[person], "term_code": "1" if ends is None else "2", "ends_on": ends,
            "established_post": post, "position_code": "2511-1-002", "employment_type_code": "2",
            "working_hours_code": "1", "remote_work_code": "3", "country_code": "398", "kato_code": "711210000",
            "address": "пр. Мәңгілік Ел, 8",
        }  # fmt: skip
        said = {column: value for column, value in values.items() if value is not None}
        command = self.command("RegisterContract", {"contract": said}, self.employers[who], officer=officer)
        new = Contract(
            command.new_id, command.employer, external_id, number, self.people[person], concluded, starts, ends,
            post, self.today,
        )  # fmt: skip
        return command, new

    @precondition(any_contract)
    @rule(
        which=WHICH, number=NUMBERS, ago=AGO, then=THEN, post=POSTS, again=RARELY, stranger=RARELY,
        officer=RARELY, by_id=OFTEN, free=RARELY,
    )  # fmt: skip
    def amends(
        self, which: int, number: str, ago: int, then: int, post: str, again: bool, stranger: bool,
        officer: bool, by_id: bool, free: bool,
    ) -> None:  # fmt: skip
        employer, contract = self.chosen(which, stranger=stranger)
        reference, key = self.reference(contract, by_id=by_id)
        concluded = self.today - ago * DAY
        concluded = concluded if free else max(contract.starts, min(concluded, self.today))
        then = then if free else abs(then)
        used = sorted(
            external_id for one, external_id in self.orders.used if one == employer and external_id[0] == "a"
        )
        external_id = used[0] if again and used else f"a{uuid7().hex[1:]}"
        starts = concluded + then * DAY
        said = {"external_id": external_id, "number": number, "concluded_on": concluded, "starts_on": starts}
        values = {"reference": reference, "amendment": said, "contract": {"established_post": post}}
        command = self.command("AmendContract", values, employer, officer=officer)
        new = Amendment(command.new_id, number, concluded, starts, post, self.today)
        self.entry(command, lambda: self.orders.amend(employer, key, external_id, new, self.today))
        self.read(contract)

    @precondition(any_amendment)
    @rule(
        which=WHICH, amendment=WHICH, number=st.none() | NUMBERS, ago=st.none() | AGO, post=POSTS,
        stranger=RARELY,
    )  # fmt: skip
    def corrects_an_amendment(
        self, which: int, amendment: int, number: str | None, ago: int | None, post: str, stranger: bool
    ) -> None:
        employer, contract = self.chosen(which, stranger=stranger, has="amendments")
        concluded = None if ago is None else self.today - ago * DAY
        said = {"number": number, "concluded": concluded, "post": post}
        said = {name: value for name, value in said.items() if value is not None}
        key = self.amendment_of(contract, amendment)
        names = {"number": "number", "concluded": "concluded_on"}
        values = {
            "reference": {"contract_id": contract.key},
            "amendment_reference": {"amendment_id": key},
            "amendment": {names[name]: value for name, value in said.items() if name in names},
            "contract": {"established_post": post},
        }
        self.entry(
            self.command("CorrectAmendment", values, employer),
            lambda: self.orders.correct_amendment(employer, contract.key, key, said, self.today),
        )
        self.read(contract)

    @precondition(any_amendment)
    @rule(which=WHICH, amendment=WHICH, wrongly=RARELY, stranger=RARELY)
    def deletes_an_amendment(self, which: int, amendment: int, wrongly: bool, stranger: bool) -> None:
        employer, contract = self.chosen(which, stranger=stranger, has="amendments")
        key, named = self.amendment_of(contract, amendment), self.named(contract, wrongly=wrongly)
        values = {
            "reference": {"contract_id": contract.key},
            "amendment_reference": {"amendment_id": key},
            "employee_reference": {"iin": named},
        }
        self.entry(
            self.command("DeleteAmendment", values, employer),
            lambda: self.orders.delete_amendment(employer, contract.key, key, named, self.today),
        )
        self.read(contract)

    def amendment_of(self, contract: Contract, which: int) -> Any:
        keys = [one.key for one in contract.amendments]
        return keys[which % len(keys)] if keys else uuid7()

    def named(self, contract: Contract, *, wrongly: bool) -> str:
        return self.officer if wrongly else contract.employee

    @precondition(any_contract)
    @rule(
        which=WHICH, off=st.sampled_from([0, 0, 0, 1, -1]), short=st.sampled_from([None, 0, 0, 1, 400]),
        stranger=RARELY, waits=OFTEN,
    )  # fmt: skip
    def extends(self, which: int, off: int, short: int | None, stranger: bool, waits: bool) -> None:
        """At the term's end, or `off` days from it; `waits`: until it has come."""
        employer, contract = self.chosen(which, stranger=stranger)
        on = (contract.end or self.today) + off * DAY
        if waits and self.today < on <= LAST_DAY:
            self.today = on
        until = None if short is None else on + (365 - short) * DAY
        said = {"extended_on": on, "term_code": "1" if until is None else "2", "ends_on": until}
        said = {column: value for column, value in said.items() if value is not None}
        self.entry(
            self.command(
                "ExtendContract", {"reference": {"contract_id": contract.key}, "contract": said}, employer
            ),
            lambda: self.orders.extend(employer, contract.key, on, until, self.today),
        )
        self.read(contract)

    @precondition(any_contract)
    @rule(
        which=WHICH, number=st.none() | NUMBERS, person=st.none() | st.integers(0, 2),
        later=st.none() | st.sampled_from([-3, 1, 20]), post=POSTS, stranger=RARELY, officer=RARELY,
    )  # fmt: skip
    def corrects(
        self, which: int, number: str | None, person: int | None, later: int | None, post: str,
        stranger: bool, officer: bool,
    ) -> None:  # fmt: skip
        employer, contract = self.chosen(which, stranger=stranger)
        said = {
            "number": number,
            "employee": None if person is None else self.people[person],
            "starts": None if later is None else contract.starts + later * DAY,
            "registered_post": post,
        }
        said = {name: value for name, value in said.items() if value is not None}
        names = {
            "number": "number", "employee": "employee_iin", "starts": "starts_on",
            "registered_post": "established_post",
        }  # fmt: skip
        values = {
            "reference": {"contract_id": contract.key},
            "contract": {names[name]: value for name, value in said.items()},
        }
        self.entry(
            self.command("CorrectContract", values, employer, officer=officer),
            lambda: self.orders.correct(employer, contract.key, said, self.today),
        )
        self.read(contract)

    @precondition(any_contract)
    @rule(which=WHICH, wrongly=RARELY, stranger=RARELY, by_id=OFTEN)
    def deletes(self, which: int, wrongly: bool, stranger: bool, by_id: bool) -> None:
        employer, contract = self.chosen(which, stranger=stranger)
        reference, key = self.reference(contract, by_id=by_id)
        named = self.named(contract, wrongly=wrongly)
        self.entry(
            self.command(
                "DeleteContract", {"reference": reference, "employee_reference": {"iin": named}}, employer
            ),
            lambda: self.orders.delete(employer, key, named, self.today),
        )
        self.read(contract)

    @precondition(any_contract)
    @rule(which=WHICH, ago=AGO, stranger=RARELY, officer=RARELY, free=RARELY)
    def terminates(self, which: int, ago: int, stranger: bool, officer: bool, free: bool) -> None:
        employer, contract = self.chosen(which, stranger=stranger)
        on = self.today - ago * DAY
        on = on if free else max(contract.starts, contract.reinstated or contract.starts, min(on, self.today))
        said = {"terminated_on": on, "termination_reason_code": "03-002"}
        self.entry(
            self.command(
                "TerminateContract",
                {"reference": {"contract_id": contract.key}, "contract": said},
                employer,
                officer=officer,
            ),
            lambda: self.orders.terminate(employer, contract.key, on, self.today),
        )
        self.read(contract)

    @precondition(any_terminated)
    @rule(which=WHICH, wrongly=RARELY, then=st.sampled_from([0, 1, 1, 10, -1]), stranger=RARELY, free=RARELY)
    def reinstates(self, which: int, wrongly: bool, then: int, stranger: bool, free: bool) -> None:
        employer, contract = self.chosen(which, stranger=stranger, status=TERMINATED)
        of = (contract.terminated or self.today) + wrongly * DAY
        on = of + then * DAY
        on = on if free else max(of, min(on, self.today))
        said = {
            "terminated_on": of, "reinstated_on": on, "reinstatement_order_number": "2-118",
            "reinstatement_order_date": on, "reinstatement_organization_code": "1",
            "reinstatement_court_code": "16",
        }  # fmt: skip
        self.entry(
            self.command(
                "ReinstateEmployee", {"reference": {"contract_id": contract.key}, "contract": said}, employer
            ),
            lambda: self.orders.reinstate(employer, contract.key, of, on, self.today),
        )
        self.read(contract)

    @precondition(any_contract)
    @rule(
        which=WHICH, leave=st.none() | WHICH, ago=AGO, days=st.sampled_from([126, 184, 185, 0]), unpaid=RARELY,
        stranger=RARELY,
    )  # fmt: skip
    def records_a_leave(
        self, which: int, leave: int | None, ago: int, days: int, unpaid: bool, stranger: bool
    ) -> None:
        """Or, with `leave`, corrects one."""
        employer, contract = self.chosen(which, stranger=stranger)
        starts = self.today - ago * DAY
        ends, kind = starts + (days - 1) * DAY, "2" if unpaid else MATERNITY
        external_id = f"e{uuid7().hex[1:]}" if leave is None else self.leave_of(contract, leave)
        said = {
            "external_id": external_id, "leave_type_code": kind, "personnel_number": "0042",
            "starts_on": starts, "ends_on": ends,
            **({} if unpaid else {"first_working_day_on": ends + DAY}),
        }  # fmt: skip
        operation = "RecordLeave" if leave is None else "CorrectLeave"
        command = self.command(
            operation, {"reference": {"contract_id": contract.key}, "leave": said}, employer
        )
        new, own_id = Leave(external_id, kind, starts, ends), external_id if leave is None else None
        self.entry(command, lambda: self.orders.leave(employer, contract.key, own_id, new, self.today))
        self.read(contract)

    @precondition(any_leave)
    @rule(which=WHICH, leave=WHICH, wrongly=RARELY, stranger=RARELY)
    def deletes_a_leave(self, which: int, leave: int, wrongly: bool, stranger: bool) -> None:
        employer, contract = self.chosen(which, stranger=stranger, has="leaves")
        key, named = self.leave_of(contract, leave), self.named(contract, wrongly=wrongly)
        values = {
            "reference": {"contract_id": contract.key},
            "leave_reference": {"external_id": key},
            "employee_reference": {"iin": named},
        }
        self.entry(
            self.command("DeleteLeave", values, employer),
            lambda: self.orders.delete_leave(employer, contract.key, key, named),
        )
        self.read(contract)

    def leave_of(self, contract: Contract, which: int) -> str:
        keys = [one.key for one in contract.leaves]
        return keys[which % len(keys)] if keys else f"e{uuid7().hex[1:]}"

    @rule(who=st.integers(0, 1), former=st.integers(0, 2), iin=st.sampled_from([0, 1, 2, None]))
    def changes_an_iin(self, who: int, former: int, iin: int | None) -> None:
        employer, old = self.employers[who], self.people[former]
        new = self.register.iin() if iin is None else self.people[iin]
        values = {"iin_change": {"former_iin": old, "iin": new}}
        decision = self.entry(
            self.command("ChangeEmployeeIin", values, employer),
            lambda: self.orders.change_iin(employer, old, new),
        )
        if isinstance(decision, Accepted):
            self.people[former] = new

    @rule(
        who=st.integers(0, 1), which=st.none() | WHICH, ago=AGO, then=THEN, number=NUMBERS, itself=RARELY,
        officer=RARELY,
    )  # fmt: skip
    def gives_contracts_away(
        self, who: int, which: int | None, ago: int, then: int, number: str, itself: bool, officer: bool
    ) -> None:
        employer, to = self.employers[who], self.employers[who if itself else 1 - who]
        contract = (
            None if which is None or not self.orders.contracts else self.chosen(which, stranger=False)[1]
        )
        on = self.today - ago * DAY
        concluded = on + then * DAY
        transfer = {"receiver": to, "reorganized_on": on, "number": number, "concluded_on": concluded}
        values: dict[str, Any] = {"transfer": transfer}
        if contract is not None:
            values["reference"] = {"contract_id": contract.key}
        agreement = Amendment(None, number, concluded, on, None, self.today)
        key = None if contract is None else contract.key
        decision = self.entry(
            self.command("TransferContracts", values, employer, officer=officer),
            lambda: self.orders.transfer(employer, key, to, on, agreement, self.today),
            by_itself=True,
        )
        if isinstance(decision, Accepted):
            for one in decision.answer["transferred"]:
                moved = self.orders.find(to, one["contract_id"])
                assert moved is not None
                moved.amendments[-1].key = one["amendment_id"]
                self.read(moved)

    @rule(
        who=st.integers(0, 1), ago=st.sampled_from([0, 5, -1]), until=st.sampled_from([None, -1, 0, 3]),
        officer=RARELY,
    )  # fmt: skip
    def entrusts_the_officer(self, who: int, ago: int, until: int | None, officer: bool) -> None:
        """`until`: the last day of the act, in days from now."""
        employer = self.employers[who]
        begins, ends = self.today - ago * DAY, None if until is None else self.today + until * DAY
        act = {"delegate_iin": self.officer, "act_number": "12-П", "act_date": begins, "valid_to": ends}
        self.entry(
            self.command("RecordDelegation", {"delegation": act}, employer, officer=officer),
            lambda: self.orders.entrust(employer, self.officer, begins, ends, self.today),
            by_itself=True,
        )

    # What the register shows.

    def read(self, contract: Contract) -> None:
        """GetContract: terms, leaves, and every entry with its lateness; or that there is nothing to be told."""
        values = {"reference": {"contract_id": contract.key}}
        decision = self.register.ask(self.command("GetContract", values, contract.employer), self.now())
        if contract.status == DELETED:
            assert isinstance(decision, Refused)
            assert [refusal.code for refusal in decision.refusals] == ["SCSE025"]
            return
        assert isinstance(decision, Accepted)
        leaves = [(row["external_id"], row["starts_on"], row["ends_on"]) for row in decision.answer["leaves"]]
        known = sorted((one.starts, one.key, one.ends) for one in contract.leaves if not one.deleted)
        assert leaves == [(key, starts, ends) for starts, key, ends in known]
        assert shown(decision.answer["contract"]) == held(contract)
        history = decision.answer["history"]
        assert [(row["event"], row["days_late"]) for row in history] == contract.entries
        assert [row["version"] for row in history] == list(range(1, len(history) + 1))

    @invariant()
    def each_finds_its_own(self) -> None:
        """FindContracts: the employer's contracts but for deleted ones; now of the one, now of the other.

        Every other time those alone that were changed since some moment at which one was.
        """
        employer = self.employers[self.seconds % 2]
        own = [one for one in self.orders.contracts if one.employer == employer and one.status != DELETED]
        search = {"page_number": 1, "page_size": 100}
        if own and self.seconds // 2 % 2:
            rows = self.all_rows(
                "SELECT id, changed_at FROM contract WHERE id = ANY(%s)", [one.key for one in own]
            )
            changed = {row["id"]: row["changed_at"] for row in rows}
            since = sorted(changed.values())[len(own) // 2]
            own = [one for one in own if changed[one.key] >= since]
            search["changed_since"] = since
        decision = self.register.ask(self.command("FindContracts", {"search": search}, employer), self.now())
        assert isinstance(decision, Accepted)
        found = {row["id"]: shown(row) for row in decision.answer["contracts"]}
        assert found == {one.key: held(one) for one in own}
        assert decision.answer["found"]["total"] == len(own)

    @invariant()
    def nothing_is_as_it_must_never_be(self) -> None:
        """Whatever the model says, by the tables alone."""
        ids = [one.key for one in self.orders.contracts]
        contracts = self.all_rows("SELECT * FROM contract WHERE employer = ANY(%s)", self.employers)
        events = self.all_rows(
            "SELECT * FROM contract_event WHERE contract_id = ANY(%s) ORDER BY version", ids
        )
        leaves = self.all_rows("SELECT * FROM leave WHERE contract_id = ANY(%s) AND status <> 'deleted'", ids)
        amendments = self.all_rows(
            "SELECT * FROM amendment WHERE contract_id = ANY(%s) AND status <> 'deleted'", ids
        )
        # Nothing is erased (353/14).
        assert {row["id"] for row in contracts} == set(ids)
        assert len(events) == sum(len(one.entries) for one in self.orders.contracts)
        # No two contracts in the register have one number.
        live = [(row["employer"], row["number"]) for row in contracts if row["status"] != DELETED]
        assert len(live) == len(set(live))
        for row in contracts:
            of_it = [
                [one for one in rows if one["contract_id"] == row["id"]]
                for rows in (events, leaves, amendments)
            ]
            self.is_possible(row, *of_it)

    def is_possible(self, contract: Mapping[str, Any], events: Rows, leaves: Rows, amendments: Rows) -> None:
        """A contract with what belongs to it: leaves and amendments without the deleted ones."""
        # Who was dismissed works again by a reinstatement alone (353/10), and is dismissed once before each.
        turns = [
            row["event"] for row in events if row["event"] in {"ContractTerminated", "EmployeeReinstated"}
        ]
        assert turns[::2] == ["ContractTerminated"] * len(turns[::2])
        assert turns[1::2] == ["EmployeeReinstated"] * len(turns[1::2])
        if contract["status"] == DELETED:
            return
        assert (contract["status"] == ACTIVE) == (len(turns) % 2 == 0) == (contract["terminated_on"] is None)
        # Nobody is on leave from a contract that has not begun, nor is one amended before it has (353/6, 353/8).
        agreed = [row["concluded_on"] for row in amendments if "employer" not in row["terms"]]
        assert all(day >= contract["starts_on"] for day in (*agreed, *(row["starts_on"] for row in leaves)))

    def all_rows(self, query: str, keys: list[Any]) -> Rows:
        return self.register.rows.execute(query, [keys]).fetchall()


def shown(row: Mapping[str, Any]) -> tuple[Any, ...]:
    columns = (
        "status",
        "number",
        "employee_iin",
        "starts_on",
        "ends_on",
        "established_post",
        "terminated_on",
    )
    return tuple(row[column] for column in columns)


def held(one: Contract) -> tuple[Any, ...]:
    return one.status, one.number, one.employee, one.starts, one.end, one.post, one.terminated
