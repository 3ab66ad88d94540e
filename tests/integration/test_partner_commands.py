"""`esutd-bus partners`: what an operator tells it, is told by it, and is refused."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import Encoding
from store_works import delegation, in_a_loop, rows, unit_of_work

from esutd_bus.cli import main
from esutd_bus.testbed.test_ca import TestCa

PORTAL, SYSTEM, EMPLOYER, PERSON = "020140000016", "020140000026", "990440000385", "660501200403"

Run = Callable[..., Result]


@pytest.fixture
def run(database: str) -> Run:
    """`esutd-bus partners …` on a database of the test's own."""

    def call(*arguments: str | Path) -> Result:
        settings = {"ESUTD_DATABASE_URL": database}
        return CliRunner().invoke(main, ["partners", *map(str, arguments)], env=settings)

    return call


def done(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def shown(run: Run, number: str) -> Any:
    return json.loads(done(run("show", number, "--json")))


def test_a_partner_is_added_changed_and_listed(run: Run) -> None:
    done(run("add", PORTAL, "--kind", "portal", "--name", "Портал", "--profiles", "wsse,header"))
    done(run("add", PERSON, "--kind", "individual-employer", "--sign-answers", "yes", "--by", "Айгуль"))
    told = done(
        run("change", PORTAL, "--sign-answers", "no", "--answer-key", "second", "--no-document-required")
    )
    assert "signed_answers: None → False" in told
    listed = json.loads(done(run("list", "--json")))
    assert [(row["number"], row["kind"], row["profiles"]) for row in listed] == [
        (PORTAL, "portal", ["header", "wsse"]),
        (PERSON, "individual-employer", None),
    ]
    assert (listed[0]["signed_answers"], listed[0]["answer_key"], listed[0]["document_required"]) == (
        False,
        "second",
        False,
    )
    table = done(run("list"))
    assert "not signed, key second" in table
    assert "header, wsse" in table
    assert [row["number"] for row in json.loads(done(run("list", "--kind", "portal", "--json")))] == [PORTAL]
    who = [event["done_by"] for number in (PORTAL, PERSON) for event in shown(run, number)["events"]]
    assert who == [getpass.getuser(), getpass.getuser(), "Айгуль"]


def test_default_takes_back_what_was_special(run: Run) -> None:
    special = ("--profiles", "document", "--sign-answers", "yes", "--answer-key", "second")
    done(run("add", PORTAL, "--kind", "portal", *special))
    done(
        run("change", PORTAL, "--profiles", "default", "--sign-answers", "default", "--answer-key", "default")
    )
    entry = shown(run, PORTAL)["partner"]
    assert (entry["profiles"], entry["signed_answers"], entry["answer_key"]) == (None, None, None)
    assert done(run("change", PORTAL, "--profiles", "default")) == "it is so already\n"


def test_an_employer_without_an_entry_can_be_shut_out(run: Run) -> None:
    done(run("block", EMPLOYER, "--note", "по письму"))
    done(run("block", PERSON))
    listed = json.loads(done(run("list", "--json")))
    assert [(row["kind"], row["blocked"], row["note"]) for row in listed] == [
        ("individual-employer", True, None),
        ("employer", True, "по письму"),
    ]
    assert "blocked" in done(run("list"))
    done(run("unblock", EMPLOYER))
    assert shown(run, EMPLOYER)["partner"]["blocked"] is False


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_a_certificate_is_recorded_and_withdrawn(
    run: Run, ca: TestCa, tmp_path: Path, encoding: Encoding
) -> None:
    file = tmp_path / "certificate"
    file.write_bytes(ca.identity("portal").certificate.public_bytes(encoding))
    done(run("add", PORTAL, "--kind", "portal"))
    assert "ПОРТАЛ РАБОТЫ" in done(run("add-certificate", PORTAL, file))
    (certificate,) = shown(run, PORTAL)["certificates"]
    assert certificate["withdrawn_at"] is None
    fingerprint = certificate["fingerprint"]
    spelt = ":".join(fingerprint[place : place + 2] for place in range(0, 64, 2)).upper()
    done(run("withdraw-certificate", PORTAL, spelt))
    assert shown(run, PORTAL)["certificates"][0]["withdrawn_at"]
    assert "certificate withdrawn" in done(run("show", PORTAL))


@pytest.mark.parametrize(
    ("identity", "words"),
    [
        ("government-system", "is of 020140000036, not of 020140000016"),
        ("authentication-key", "no message could be signed with it"),
        ("no-identifiers", "no message could be signed with it"),
        ("weak-key", "no message could be signed with it"),
        (None, "holds no X.509 certificate"),
    ],
)
def test_a_certificate_that_could_not_serve_is_refused(
    run: Run, ca: TestCa, tmp_path: Path, identity: str | None, words: str
) -> None:
    octets = ca.identity(identity).certificate.public_bytes(Encoding.DER) if identity else b"something"
    (tmp_path / "certificate").write_bytes(octets)
    done(run("add", PORTAL, "--kind", "portal"))
    refused = run("add-certificate", PORTAL, tmp_path / "certificate")
    assert refused.exit_code == 3
    assert words in refused.stderr


@in_a_loop
async def test_show_tells_systems_and_whom_the_employer_has_entrusted(run: Run, database: str) -> None:
    async with unit_of_work(database) as unit:
        await unit.submit(delegation("890412100119", "12-П"))
    done(run("add-system", EMPLOYER, SYSTEM, "--valid-to", "2030-01-31"))
    found = shown(run, EMPLOYER)
    assert found["partner"] is None
    assert [(row["system"], row["valid_to"]) for row in found["systems"]] == [(SYSTEM, "2030-01-31")]
    assert [(row["delegate_iin"], row["act_number"]) for row in found["delegations"]] == [
        ("890412100119", "12-П")
    ]
    assert "act_number=12-П" in done(run("show", EMPLOYER))
    done(run("remove-system", EMPLOYER, SYSTEM))
    assert shown(run, EMPLOYER)["systems"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("add", "020140000017", "--kind", "portal"), 2, "is no BIN and no IIN"),
        (("add", PERSON, "--kind", "portal"), 2, "portal is known by a BIN"),
        (("add", EMPLOYER, "--kind", "individual-employer"), 2, "individual-employer is known by an IIN"),
        (("add", EMPLOYER), 2, "--kind"),
        (("add", EMPLOYER, "--kind", "boss"), 2, "boss"),
        (
            ("add", EMPLOYER, "--kind", "portal", "--profiles", "wsse,x"),
            2,
            "name some of document, header, wsse",
        ),
        (("change", EMPLOYER), 2, "one option at least"),
        (("change", EMPLOYER, "--name", "x"), 3, "990440000385 is no partner: add it first"),
        (("unblock", EMPLOYER), 3, "is no partner"),
        (("show", EMPLOYER), 3, "nothing is known of 990440000385"),
        (("remove-system", EMPLOYER, SYSTEM), 3, "no system 020140000026 is recorded"),
        (("withdraw-certificate", EMPLOYER, "00"), 3, "no certificate 00 is recorded"),
        (("add-system", EMPLOYER, SYSTEM, "--valid-to", "31.12.2030"), 2, "31.12.2030"),
        (("add-certificate", EMPLOYER, "nowhere.pem"), 2, "nowhere.pem"),
    ],
)
def test_what_cannot_be_ends_with_a_word_and_changes_nothing(
    run: Run, database: str, arguments: tuple[str, ...], code: int, words: str
) -> None:
    refused = run(*arguments)
    assert refused.exit_code == code
    assert words in refused.stderr
    assert rows(database, "SELECT count(*) FROM partner_event") == [(0,)]


def test_a_database_without_tables_is_told(postgres: str) -> None:
    ended = CliRunner().invoke(main, ["partners", "list"], env={"ESUTD_DATABASE_URL": postgres})
    assert ended.exit_code == 3
    assert "esutd-bus db upgrade" in ended.stderr
