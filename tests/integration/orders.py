"""A small model of the orders: what the register must say to each entry, and what it must hold afterwards.

Written from order 353 and the texts of the answer codes, and from none of the service's code: no database, no
timeline, no rules apart. It knows one term without an end ("1") and one of a year at least ("2"); of a contract's terms
only its post is amended. Clauses are those of order 353.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from support.wall_calendar import worked, working_day

DAY = timedelta(days=1)
ACTIVE, TERMINATED, DELETED = "active", "terminated", "deleted"
MATERNITY, MOST_DAYS = "1", 184
EXTENSIONS = 2

TERMS = {
    "353/7": (5, True, "SCSE088"),
    "353/8": (15, False, "SCSE089"),
    "353/9": (30, True, "SCSE090"),
    "353/10": (10, True, "SCSE093"),
    "353/12": (3, True, "SCSE091"),
    "353/13-1": (15, True, "ESB011"),
}
"""Clause → days, whether they are working days, what is told of a late entry."""

Told = tuple[str, date, int, str | None]
"""What a receipt says of a deadline: clause, due day, days late, warning."""


def lasts_a_year(first: date, last: date) -> bool:
    anniversary = date(first.year + 1, first.month, first.day)
    return last + DAY >= anniversary


def told(clause: str, event: date, today: date) -> Told:
    days, working, warning = TERMS[clause]
    due = working_day(event, days) if working else event + days * DAY
    if today <= due:
        return clause, due, 0, None
    return clause, due, max(1, worked(due, today)) if working else (today - due).days, warning


def window_is_over(first_entered: date, today: date) -> bool:
    """353/9: thirty working days from the first entry."""
    return today > working_day(first_entered, TERMS["353/9"][0])


@dataclass
class Amendment:
    key: Any
    number: str
    concluded: date
    starts: date
    post: str | None
    """None: the agreement by which the contract got another employer."""
    entered: date
    deleted: bool = False


@dataclass
class Leave:
    key: Any
    kind: str
    starts: date
    ends: date
    deleted: bool = False


@dataclass
class Consent:
    key: Any
    person: str
    employer: str
    purpose: str
    valid_to: date
    withdrawn: bool = False

    def permits(self, employer: str, person: str, purpose: str, today: date) -> bool:
        """353/17: to this employer about this person for this purpose, until the end of its last day."""
        asked = (employer, person, purpose)
        return (
            (self.employer, self.person, self.purpose) == asked
            and not self.withdrawn
            and today <= self.valid_to
        )


@dataclass
class Contract:
    key: Any
    employer: str
    external_id: str
    number: str
    employee: str
    concluded: date
    starts: date
    ends: date | None
    registered_post: str
    entered: date
    status: str = ACTIVE
    terminated: date | None = None
    reinstated: date | None = None
    amendments: list[Amendment] = field(default_factory=list)
    leaves: list[Leave] = field(default_factory=list)
    extensions: list[tuple[date, date | None]] = field(default_factory=list)
    entries: list[tuple[str, int | None]] = field(default_factory=list)
    """What GetContract shows: event, days late."""

    @property
    def standing(self) -> list[Amendment]:
        return [one for one in self.amendments if not one.deleted]

    @property
    def post(self) -> str:
        """The last amendment's, in the order of their first days, holds (353/8)."""
        posts = [one.post for one in sorted(self.standing, key=lambda one: one.starts) if one.post]
        return posts[-1] if posts else self.registered_post

    @property
    def end(self) -> date | None:
        """Of the term; None: it has none."""
        return self.extensions[-1][1] if self.extensions else self.ends


Codes = Iterator[tuple[str, bool]]
"""Code → whether it must be told."""


class Orders:
    """The register as the orders want it: what it says to each entry, the codes of a refusal or the deadline told."""

    def __init__(self) -> None:
        self.contracts: list[Contract] = []
        self.used: set[tuple[str, str]] = set()
        """Ids of amendments and leaves, by employer: each is used once."""
        self.former: dict[str, str] = {}
        self.acts: dict[tuple[str, str], tuple[date, date | None]] = {}
        self.consents: list[Consent] = []

    def find(self, employer: str, key: Any) -> Contract | None:
        """By the register's id or the sender's; another's contract, or a deleted one, is not there."""
        own = (one for one in self.contracts if one.employer == employer and one.status != DELETED)
        return next((one for one in own if key in (one.key, one.external_id)), None)

    def holder(self, employer: str, number: str) -> Contract | None:
        own = (one for one in self.contracts if one.employer == employer and one.status != DELETED)
        return next((one for one in own if one.number == number), None)

    def external_id_is_used(self, employer: str, external_id: str) -> bool:
        return any((one.employer, one.external_id) == (employer, external_id) for one in self.contracts)

    def may(self, employer: str, person: str, today: date) -> bool:
        """353/5: the newest act entrusts the person today."""
        begins, ends = self.acts.get((employer, person), (date.max, None))
        return begins <= today and (ends is None or today <= ends)

    # Entries: each tells its codes first; with none, it takes effect.

    def register(self, contract: Contract, today: date) -> set[str] | Told:
        codes = _true(
            ("SCSE086", self.external_id_is_used(contract.employer, contract.external_id)),
            ("SCSE014", self.holder(contract.employer, contract.number) is not None),
            ("SCSE059", contract.concluded > today),
            *_period(contract.starts, contract.ends),
        )
        if codes:
            return codes
        self.contracts.append(contract)
        return _entered(contract, "ContractRegistered", told("353/7", contract.concluded, today))

    def amend(
        self, employer: str, key: Any, external_id: str, new: Amendment, today: date
    ) -> set[str] | Told:
        found = self.find(employer, key)
        codes = _in_force(found) | _true(
            ("SCSE086", (employer, external_id) in self.used), *_agreement(new, found, today)
        )
        if codes or found is None:
            return codes
        self.used.add((employer, external_id))
        found.amendments.append(new)
        return _entered(found, "ContractAmended", told("353/8", new.concluded, today))

    def correct_amendment(
        self, employer: str, key: Any, amendment: Any, said: dict[str, Any], today: date
    ) -> set[str] | Told:
        found, codes = self._amendment(employer, key, amendment, "SCSE044", today)
        codes |= _true(("SCSE062", said.get("concluded", today) > today))
        if found is not None:
            contract, old = found
            codes |= _true(*_agreement(Amendment(**{**vars(old), **said}), contract, today, but=old))
        if codes or found is None:
            return codes
        vars(old).update(said)
        return _entered(contract, "AmendmentCorrected", told("353/9", old.entered, today))

    def delete_amendment(
        self, employer: str, key: Any, amendment: Any, employee: str, today: date
    ) -> set[str] | Told:
        found, codes = self._amendment(employer, key, amendment, "SCSE052", today)
        contract = self.find(employer, key)
        codes |= _true(("SCSE049", contract is not None and contract.employee != employee))
        if codes or found is None:
            return codes
        found[1].deleted = True
        return _entered(found[0], "AmendmentDeleted", told("353/9", found[1].entered, today))

    def _amendment(
        self, employer: str, key: Any, amendment: Any, missing: str, today: date
    ) -> tuple[tuple[Contract, Amendment] | None, set[str]]:
        contract = self.find(employer, key)
        codes = _in_force(contract)
        if contract is None:
            return None, codes
        one = next((one for one in contract.standing if one.key == amendment), None)
        if one is None:
            return None, codes | {missing}
        codes |= _true(("SCSE119", one.post is None), ("SCSE090", window_is_over(one.entered, today)))
        return (contract, one), codes

    def extend(self, employer: str, key: Any, on: date, until: date | None, today: date) -> set[str] | Told:
        """353/13-1, Labour Code 30(1)(2): when the term ends, without an end, or for it once more: twice at most."""
        found = self.find(employer, key)
        codes = _in_force(found) | _true(("SCSE110", on > today))
        if until is not None:
            codes |= _true(
                ("SCSE158", until <= on), ("SCSE115", until > on and not lasts_a_year(on + DAY, until))
            )
        if found is not None and found.end is None:
            codes.add("SCSE111")
        elif found is not None:
            last = found.extensions[-1][0] if found.extensions else date.min
            codes |= _true(
                ("SCSE112", on < last),
                ("SCSE120", on == last),
                ("SCSE116", on > last and on != found.end),
                ("SCSE113", until is not None and len(found.extensions) >= EXTENSIONS),
            )
        if codes or found is None:
            return codes
        found.extensions.append((on, until))
        return _entered(found, "ContractExtended", told("353/13-1", on, today))

    def correct(self, employer: str, key: Any, said: dict[str, Any], today: date) -> set[str] | Told:
        """353/9: data of clause 3, within the window."""
        found = self.find(employer, key)
        holder = self.holder(employer, said["number"]) if "number" in said else None
        codes = _in_force(found) | _true(("SCSE014", holder is not None and holder is not found))
        if found is None:
            return codes
        starts = said.get("starts", found.starts)
        codes |= _true(
            ("SCSE090", window_is_over(found.entered, today)),
            ("SCSE063", "starts" in said and any(one.concluded < starts for one in found.standing)),
            (
                "SCSE147",
                "starts" in said and any(one.starts < starts for one in found.leaves if not one.deleted),
            ),
            *_period(starts, found.ends),
            *_period(starts, found.end),
        )
        if codes:
            return codes
        vars(found).update(said)
        return _entered(found, "ContractCorrected", told("353/9", found.entered, today))

    def delete(self, employer: str, key: Any, employee: str, today: date) -> set[str] | Told:
        """353/9: an entry with the wrong employee or employer, within the window."""
        found = self.find(employer, key)
        codes = _in_force(found)
        if found is not None:
            codes |= _true(
                ("SCSE047", found.employee != employee), ("SCSE090", window_is_over(found.entered, today))
            )
        if codes or found is None:
            return codes
        found.status = DELETED
        return _entered(found, "ContractDeleted", told("353/9", found.entered, today))

    def terminate(self, employer: str, key: Any, on: date, today: date) -> set[str] | Told:
        found = self.find(employer, key)
        codes = _in_force(found) | _true(("SCSE066", on > today))
        if found is not None:
            codes |= _true(("SCSE067", on < max(found.starts, found.reinstated or date.min)))
        if codes or found is None:
            return codes
        found.status, found.terminated = TERMINATED, on
        return _entered(found, "ContractTerminated", told("353/12", on, today))

    def reinstate(self, employer: str, key: Any, of: date, on: date, today: date) -> set[str] | Told:
        """353/10: `of` is the termination that is undone."""
        found = self.find(employer, key)
        codes = _true(
            ("SCSE025", found is None),
            ("SCSE095", found is not None and found.status == ACTIVE),
            ("SCSE096", found is not None and found.status == TERMINATED and found.terminated != of),
            ("SCSE094", on > today),
            # The entries made here date the order by the day of the reinstatement.
            ("SCSE222", on > today),
            ("SCSE102", on < of),
            ("SCSE182", on == of),
        )
        if codes or found is None:
            return codes
        found.status, found.terminated, found.reinstated = ACTIVE, None, on
        return _entered(found, "EmployeeReinstated", told("353/10", on, today))

    def leave(
        self, employer: str, key: Any, external_id: str | None, new: Leave, today: date
    ) -> set[str] | None:
        """353/6: a new leave; without an id, what an earlier one is corrected to."""
        found = self.find(employer, key)
        old = _standing_leave(found, new.key)
        codes = _in_force(found) | _true(
            ("SCSE086", (employer, external_id) in self.used),
            ("SCSE126", new.starts > today),
            ("SCSE127", new.starts > new.ends),
            ("SCSE143", new.kind == MATERNITY and (new.ends - new.starts).days >= MOST_DAYS),
        )
        if found is not None:
            others = [one for one in found.leaves if one is not old and not one.deleted]
            compared = external_id is not None or old is not None
            codes |= _true(
                ("SCSE137", external_id is None and old is None),
                ("SCSE121", compared and any(one.starts == new.starts for one in others)),
                ("SCSE147", new.starts < found.starts),
            )
        if codes or found is None:
            return codes
        if external_id is None:
            found.leaves = [new if one is old else one for one in found.leaves]
            return _quietly(found, "LeaveCorrected")
        self.used.add((employer, external_id))
        found.leaves.append(new)
        return _quietly(found, "LeaveRecorded")

    def delete_leave(self, employer: str, key: Any, leave: Any, employee: str) -> set[str] | None:
        found = self.find(employer, key)
        old = _standing_leave(found, leave)
        codes = _in_force(found) | _true(
            ("SCSE137", found is not None and old is None),
            ("SCSE132", found is not None and found.employee != employee),
        )
        if codes or found is None or old is None:
            return codes
        old.deleted = True
        return _quietly(found, "LeaveDeleted")

    def change_iin(self, employer: str, former: str, iin: str) -> set[str] | None:
        """What has ended stays as it ended (353/13); whose a number was before, everybody's entries tell."""
        own = [one for one in self.contracts if one.employer == employer and one.status != DELETED]
        theirs = [one for one in own if one.employee == former]
        in_force = [one for one in theirs if one.status == ACTIVE]
        codes = _true(
            ("SCSE117", iin == former),
            ("SCSE012", not theirs),
            ("SCSE092", bool(theirs) and not in_force),
            ("SCSE145", self.former.get(iin, former) != former),
        )
        if codes:
            return codes
        self.former[iin] = former
        for one in in_force:
            one.employee = iin
            _quietly(one, "EmployeeIinChanged")
        return None

    def transfer(
        self, employer: str, key: Any | None, to: str, on: date, agreement: Amendment, today: date
    ) -> set[str] | Told:
        """The contracts in force, or the one named, get another employer by a reorganisation."""
        named = self.find(employer, key) if key is not None else None
        codes = _in_force(named) if key is not None else set()
        moved = [one for one in self.contracts if (one.employer, one.status) == (employer, ACTIVE)]
        moved = [one for one in moved if key is None or one is named]
        codes |= _true(
            ("SCSE118", to == employer), ("SCSE156", on > today), ("SCSE062", agreement.concluded > today)
        )
        if to != employer:
            codes |= _true(
                ("SCSE155", any(one.concluded > on for one in moved)),
                ("SCSE070", any(_is_there(agreement, one) for one in moved)),
                ("SCSE014", any(self.holder(to, one.number) for one in moved)),
                ("SCSE086", any(self.external_id_is_used(to, one.external_id) for one in moved)),
            )
        if codes:
            return codes
        due = told("353/8", agreement.concluded, today)
        for one in moved:
            one.employer = to
            one.amendments.append(Amendment(**vars(agreement)))
            _entered(one, "ContractTransferred", due)
        return due

    def correct_by_authority(
        self, employer: str, key: Any, post: str | None, terminated: date | None, today: date
    ) -> set[str] | None:
        """353/13: after a termination the authority corrects, at any time, the contract's data or the termination's."""
        found = self.find(employer, key)
        codes = _true(
            ("SCSE025", found is None),
            ("SCSE092", found is not None and found.status == ACTIVE),
            ("SCSE066", terminated is not None and terminated > today),
        )
        if found is not None and found.status == TERMINATED and terminated is not None:
            codes |= _true(("SCSE067", terminated < max(found.starts, found.reinstated or date.min)))
        if codes or found is None:
            return codes
        found.registered_post = post or found.registered_post
        found.terminated = terminated or found.terminated
        return _quietly(found, "ContractCorrectedByAuthority")

    def consent(self, new: Consent, signer: str, today: date) -> set[str] | None:
        """353/17: the person's own word, on a day it still holds."""
        codes = _true(("SCSE275", new.person != signer), ("ESB004", new.valid_to < today))
        if not codes:
            self.consents.append(new)
        return codes or None

    def withdraw(self, key: Any, signer: str) -> set[str] | None:
        own = next((one for one in self.consents if (one.key, one.person) == (key, signer)), None)
        if own is None or own.withdrawn:
            return {"ESB005"}
        own.withdrawn = True
        return None

    def ask_about(
        self, employer: str, person: str, consent: Any, purpose: str, today: date
    ) -> set[str] | None:
        """353/18: a request names a consent that holds."""
        named = (one for one in self.consents if one.key == consent)
        return None if any(one.permits(employer, person, purpose, today) for one in named) else {"ESB005"}

    def entrust(
        self, employer: str, person: str, begins: date, ends: date | None, today: date
    ) -> set[str] | None:
        """353/5."""
        if begins > today:
            return {"ESB004"}
        self.acts[employer, person] = begins, ends
        return None


def _true(*codes: tuple[str, bool]) -> set[str]:
    return {code for code, holds in codes if holds}


def _in_force(contract: Contract | None) -> set[str]:
    """353/13: after a termination the employer changes nothing."""
    return _true(
        ("SCSE025", contract is None), ("SCSE092", contract is not None and contract.status == TERMINATED)
    )


def _period(starts: date, ends: date | None) -> Codes:
    if ends is not None:
        yield "SCSE061", starts > ends
        yield "SCSE068", starts <= ends and not lasts_a_year(starts, ends)


def _agreement(new: Amendment, contract: Contract | None, today: date, but: Amendment | None = None) -> Codes:
    yield "SCSE062", new.concluded > today
    yield "SCSE064", new.concluded > new.starts
    if contract is not None:
        yield "SCSE063", new.concluded < contract.starts
        yield "SCSE070", _is_there(new, contract, but)


def _standing_leave(contract: Contract | None, key: Any) -> Leave | None:
    leaves = contract.leaves if contract is not None else []
    return next((one for one in leaves if one.key == key and not one.deleted), None)


def _is_there(new: Amendment, contract: Contract, but: Amendment | None = None) -> bool:
    others = (one for one in contract.standing if one is not but)
    return any((one.number, one.concluded) == (new.number, new.concluded) for one in others)


def _entered(contract: Contract, event: str, due: Told) -> Told:
    contract.entries.append((event, due[2]))
    return due


def _quietly(contract: Contract, event: str) -> set[str] | None:
    """An entry for which no clause sets a day: nothing is told of one."""
    contract.entries.append((event, None))
    return None
