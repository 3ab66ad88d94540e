"""Fixtures signed by the test CA's identities, with the project's own contracts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from esutd_bus.settings import packaged
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import Verifier
from esutd_bus.soap.envelope import open_envelope
from esutd_bus.testbed.composing import compose
from esutd_bus.testbed.fixtures import load_fixtures
from esutd_bus.testbed.placeholders import Filling
from esutd_bus.testbed.replay import Stage
from esutd_bus.testbed.stage import open_stage
from esutd_bus.testbed.test_ca import TestCa

FIXTURES = load_fixtures(packaged("fixtures"))


@pytest.fixture(scope="module")
def stage(ca: TestCa) -> Stage:
    return open_stage("http://127.0.0.1:8080", ca.directory, contracts_dir=packaged("."))


@pytest.mark.parametrize(
    "name",
    [
        "register",
        "register-with-binary-security-token",
        "register-with-x509-data",
        "register-by-an-individual-employer",
        "register-signed-with-ecdsa",
        "register-in-utf-16",
        "register-with-other-prefixes",
        "get-personal-file",
        "register-signed-as-a-document",
        "register-signed-as-a-document-with-gost",
        "register-signed-by-employee-and-employer",
        "register-signed-as-a-document-inside-a-signed-envelope",
    ],
)
def test_a_composed_message_verifies_as_its_signers(name: str, stage: Stage, ca: TestCa) -> None:
    fixture = FIXTURES[name]
    filling = Filling(now=stage.clock(), calendar=stage.calendar)
    outgoing = compose(fixture, filling, stage.signatories, stage.services)
    service = "personal-file" if name == "get-personal-file" else "contracts"
    assert outgoing.path == f"/soap/{service}"
    assert outgoing.headers["SOAPAction"] == f'"urn:esutd-bus:{service}:v1:{fixture.operation}"'
    verifier = Verifier(TrustStore.from_directory(ca.trust_dir))
    verified = verifier.verify(open_envelope(outgoing.body), datetime.now(UTC))
    assert {report.profile for report in verified.report.signatures} == {
        signature.profile for signature in fixture.expect.all_signatures
    }
    assert len(verified.report.signatures) == len(fixture.expect.all_signatures)
    assert verified.signer.employer_id == stage.signatories(fixture.expect.speaker or "").employer


def test_the_signers_employer_is_what_the_certificate_says(stage: Stage) -> None:
    assert stage.signatories("employer").employer == "990440000385"
    assert stage.signatories("individual-employer").employer == "660501200403"
    assert stage.signatories("no-identifiers").employer is None
    with pytest.raises(LookupError, match="no test identity 'nobody'"):
        stage.signatories("nobody")


def test_the_clock_can_be_set(ca: TestCa) -> None:
    then = datetime.fromisoformat("2026-01-12T09:30:00+05:00")
    assert open_stage("http://x", ca.directory, now=then).clock() == then


def test_a_directory_without_a_test_ca_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_stage("http://x", tmp_path)
