"""The entries of `random_entries`, and those beside them: batches, consents of people, corrections by the authority."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from orders import ACTIVE, DAY, TERMINATED, Consent
from random_entries import AGO, POSTS, RARELY, THEN, WHICH, Entries
from register_at_work import AUTHORITY, PORTAL

from esutd_bus.register.command import Command, Entry
from esutd_bus.register.event import Accepted
from esutd_bus.register.partners import PartnerKind
from esutd_bus.register.speaker import Speaker
from esutd_bus.store.ids import uuid7
from support.replacing import replace

PURPOSES = st.sampled_from(["приём на работу"] * 4 + ["проверка"])
ONE = st.tuples(st.sampled_from(["1", "2", "3", "4", "5", "6", "7"]), st.integers(0, 2), AGO, THEN, POSTS)
"""An entry of a batch: number, person, days ago, days until it starts, post."""


class AllEntries(Entries):
    """What all may do: employers, the people themselves, the authority."""

    @rule(who=st.integers(0, 1), ones=st.lists(ONE, min_size=1, max_size=4), officer=RARELY)
    def submits_a_batch(
        self, who: int, ones: Sequence[tuple[str, int, int, int, str]], officer: bool
    ) -> None:
        """Each of its entries is told what it would have been told by itself, after those before it."""
        made = [self.new_contract(who, *one[:4], None, one[4], again=False, officer=officer) for one in ones]
        command = self.command("SubmitBatch", {"batch": {}}, self.employers[who], officer=officer)
        entries = tuple(Entry(one, lambda refusals: refusals) for one, _ in made)
        decision = self.entry(replace(command, entries=entries), lambda: None)
        if not isinstance(decision, Accepted):
            return
        for told, (_, new) in zip(decision.answer["batch"]["entries"], made, strict=True):
            if "contract_id" in told:
                new.key = UUID(told["contract_id"])
            wanted = self.orders.register(new, self.today)
            if isinstance(wanted, set):
                assert {error["code"] for error in told["errors"]} == wanted
            else:
                assert told["warnings"] == ([wanted[3]] if wanted[3] else [])
                self.read(new)

    @precondition(Entries.any_terminated)
    @rule(
        which=WHICH,
        post=st.none() | POSTS,
        ago=st.none() | AGO,
        in_force=st.sampled_from([False, False, True]),
        stranger=RARELY,
        free=RARELY,
    )
    def the_authority_corrects(
        self, which: int, post: str | None, ago: int | None, in_force: bool, stranger: bool, free: bool
    ) -> None:
        """The contract's post, or the day of its termination, on an application of the employee."""
        status = ACTIVE if in_force else TERMINATED
        owner, contract = self.chosen(which, stranger=stranger, status=status)
        on = None if ago is None and post else self.today - (ago or 0) * DAY
        if on is not None and not free:
            on = max(contract.starts, contract.reinstated or contract.starts, min(on, self.today))
        termination = {"terminated_on": on, "termination_reason_code": "03-002"} if on else {}
        application = {"whose": "employee", "number": "ЖТ-1", "date": self.today, "reason": "ошибка"}
        values = {
            "owner": {"employer": owner},
            "reference": {"contract_id": contract.key},
            "application": application,
            "contract": {**({"established_post": post} if post else {}), **termination},
        }
        command = self.command("CorrectByAuthority", values, AUTHORITY)
        self.entry(
            replace(command, serves=frozenset({PartnerKind.AUTHORITY})),
            lambda: self.orders.correct_by_authority(owner, contract.key, post, on, self.today),
        )
        self.read(contract)

    @rule(who=st.integers(0, 1), person=st.integers(0, 2), signs=st.none() | st.integers(0, 2), purpose=PURPOSES,
          days=st.sampled_from([0, 3, 30, 400, -1]))  # fmt: skip
    def consents(self, who: int, person: int, signs: int | None, purpose: str, days: int) -> None:
        """`signs`: another person than the one whose data it is about, mostly nobody else."""
        iin, signer = self.people[person], self.people[person if signs is None else signs]
        valid_to = self.today + days * DAY
        values = {"consent": {
            "external_id": uuid7().hex, "employee_iin": iin, "employer": self.employers[who], "purpose": purpose,
            "valid_to": valid_to,
        }}  # fmt: skip
        command = self.of_a_person("GiveConsent", values, signer, who)
        new = Consent(command.new_id, iin, self.employers[who], purpose, valid_to)
        self.entry(command, lambda: self.orders.consent(new, signer, self.today))

    @precondition(lambda self: bool(self.orders.consents))
    @rule(which=WHICH, person=st.none() | st.integers(0, 2), who=st.integers(0, 1))
    def withdraws(self, which: int, person: int | None, who: int) -> None:
        """The one who has given it, or another."""
        consent = self.orders.consents[which % len(self.orders.consents)]
        signer = consent.person if person is None else self.people[person]
        values = {"consent_reference": {"consent_id": consent.key}}
        self.entry(
            self.of_a_person("WithdrawConsent", values, signer, who),
            lambda: self.orders.withdraw(consent.key, signer),
        )
        self.ask_by(consent, "", officer=False)

    @precondition(lambda self: bool(self.orders.consents))
    @rule(
        which=WHICH,
        otherwise=st.sampled_from(["", "", "", "employer", "person", "purpose", "consent"]),
        officer=RARELY,
    )
    def asks_for_labour_activity(self, which: int, otherwise: str, officer: bool) -> None:
        """By a consent as it was given; or otherwise in one point."""
        self.ask_by(self.orders.consents[which % len(self.orders.consents)], otherwise, officer=officer)

    def ask_by(self, consent: Consent, otherwise: str, *, officer: bool) -> None:
        others = [one for one in self.employers if one != consent.employer]
        employer = others[0] if otherwise == "employer" else consent.employer
        iin = self.officer if otherwise == "person" else consent.person
        purpose = "прочее" if otherwise == "purpose" else consent.purpose
        key = uuid7() if otherwise == "consent" else consent.key
        said = {"employee_iin": iin, "consent_id": key, "purpose": purpose}
        self.entry(
            self.command("RequestLabourActivity", {"labour_request": said}, employer, officer=officer),
            lambda: self.orders.ask_about(employer, iin, key, purpose, self.today),
        )

    @precondition(Entries.any_contract)
    @rule(which=WHICH, anothers=RARELY)
    def acknowledges(self, which: int, anothers: bool) -> None:
        """The newest entry about a contract, through a portal: by whom it is about, as often as it may be."""
        _, contract = self.chosen(which, stranger=False)
        iin = self.officer if anothers else contract.employee
        change = f"{contract.key}/{len(contract.entries)}"
        values = {"employee_reference": {"iin": iin}, "change_reference": {"id": change}}
        command = self.command("AcknowledgeChange", values, PORTAL)
        self.entry(
            replace(command, serves=frozenset({PartnerKind.PORTAL})), lambda: {"ESB004"} if anothers else None
        )

    @rule(ago=AGO, person=st.integers(0, 2))
    def the_authority_enters_a_paper(self, ago: int, person: int) -> None:
        """A request for labour activity that has come by today."""
        received_on = self.today - ago * DAY
        paper = {
            "applicant": self.employers[0],
            "number": "1",
            "received_on": received_on,
            "employee_iin": self.people[person],
            "purpose": "приём на работу",
            "consent": "на бумаге",
        }
        command = self.command("EnterPaperRequest", {"paper_request": paper}, AUTHORITY)
        self.entry(
            replace(command, serves=frozenset({PartnerKind.AUTHORITY})),
            lambda: {"ESB004"} if received_on > self.today else None,
        )

    def of_a_person(
        self, operation: str, values: dict[str, dict[str, object]], signer: str, who: int
    ) -> Command:
        """A document that a person has signed, in an employer's envelope."""
        command = self.command(operation, values, self.employers[who])
        person = Speaker(signer, signer, frozenset({"individual"}), certificate="p", via=command.speaker)
        return replace(command, speaker=person, serves=frozenset({PartnerKind.INDIVIDUAL_EMPLOYER}))
