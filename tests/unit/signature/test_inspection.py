"""A report on any bytes, and what it tells."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

import pytest
from forgery import PLAIN
from hypothesis import given, settings
from hypothesis import strategies as st

from esutd_bus.signature.evidence import CHECKS, MESSAGE_CHECKS
from esutd_bus.signature.inspection import inspect_file
from esutd_bus.signature.reason import Reason
from esutd_bus.signature.revocation.revocation import Revocation
from esutd_bus.signature.signing import sign_document, sign_wsse
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import Verifier
from esutd_bus.testbed.test_ca import TestCa
from support import bus
from support.messages import register


def test_a_valid_signatures_report(
    ca: TestCa, trust: TrustStore, revocation: Revocation, now: datetime
) -> None:
    verifier = Verifier(trust, revocation=revocation)
    report = inspect_file(sign_wsse(PLAIN, ca.identity("employer")), verifier, now)
    told = json.loads(json.dumps(report.to_dict()))
    assert told["valid"] is True
    assert told["reason"] is None
    assert told["verified_at"] == now.isoformat()
    assert [check["name"] for check in told["checks"]] == list(MESSAGE_CHECKS[1:])
    (told,) = told["signatures"]
    assert (told["profile"], told["position"]) == ("wsse", "Envelope/Header/Security/Signature")
    assert told["signed_node"] == "Envelope/Body"
    assert told["reference"].startswith("#id-")
    assert told["signature_algorithm"].endswith("#rsa-sha256")
    assert told["digest_algorithm"].endswith("#sha256")
    assert told["signer"]["bin"] == "990440000385"
    assert told["certificate"]["issuer"] == "C=KZ,CN=ESUTD-BUS TEST CA (RSA)"
    assert told["certificate"]["fingerprint"] == told["signer"]["fingerprint"]
    assert [check["name"] for check in told["checks"]] == list(CHECKS)
    assert all(check["ok"] for check in told["checks"])


def test_a_refused_signatures_report(ca: TestCa, trust: TrustStore, now: datetime) -> None:
    report = inspect_file(sign_wsse(PLAIN, ca.identity("expired")), Verifier(trust), now)
    told = json.loads(json.dumps(report.to_dict()))
    assert (told["valid"], told["reason"]) == (False, "expired")
    assert told["section"].startswith("RFC 5280")
    assert "истёк" in told["explanation"]["ru"]
    (told,) = told["signatures"]
    assert (told["valid"], told["reason"]) == (False, "expired")
    assert told["signer"] is None
    assert told["signed_node"] is None
    assert "SERIALNUMBER=IIN850315100105" in told["certificate"]["subject"]
    assert told["checks"][-1] == {"name": "validity", "ok": False}
    assert all(check["ok"] for check in told["checks"][:-1])


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"<a><b></a>", PLAIN[:-5]])
def test_bytes_that_are_no_envelope(raw: bytes, trust: TrustStore, now: datetime) -> None:
    report = inspect_file(raw, Verifier(trust), now)
    assert (report.valid, report.reason) == (False, "unreadable")
    assert [(check.name, check.ok) for check in report.checks] == [("xml", False)]


@settings(max_examples=100, deadline=None)
@given(raw=st.binary() | st.text().map(lambda text: f"<x>{text}</x>".encode("utf-8", "replace")))
def test_no_bytes_raise(raw: bytes, trust: TrustStore, now: datetime) -> None:
    assert inspect_file(raw, Verifier(trust), now).valid is False


@pytest.mark.parametrize("around", [bus.plain, bus.prefixed, bus.as_text])
def test_what_travels_in_the_buss_wrapper_is_judged_too(
    around: Callable[[str], str], ca: TestCa, trust: TrustStore, now: datetime
) -> None:
    document = bus.payload_of(sign_document(register(), ca.identity("employer")))
    raw = sign_wsse(bus.send_message(around(document)), ca.identity("bus"))
    report = inspect_file(raw, Verifier(trust), now)
    assert (report.valid, [each.profile for each in report.signatures]) == (True, ["wsse", "document"])
    changed = bus.send_message(around(document.replace("Инженер", "Директор")))
    assert inspect_file(changed, Verifier(trust), now).reason == Reason.DIGEST_MISMATCH
