"""The benchmarks' peers verify the very messages they are timed on, and refuse what is changed in them.

How fast anything is, nobody asks here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import signxml
import xmlsec
from benchmarks import messages, signature
from benchmarks.bouncycastle import BouncyCastle, lacking
from benchmarks.rounds import Here, Result, compare, run
from benchmarks.signature import Effort, GostSignature
from benchmarks.verifiers import Ours, Refused, Signxml, SignxmlPinned, SignxmlWithChain, Xmlsec

from esutd_bus.signature.report import SignatureRefused
from esutd_bus.testbed.test_ca import TestCa

REFUSALS = (SignatureRefused, signxml.exceptions.SignXMLException, xmlsec.Error, Refused)
NAMES = {
    "wsse-rsa-signxml",
    "wsse-rsa-xmlsec",
    "wsse-rsa-signxml-pinned",
    "wsse-rsa-large-signxml",
    "wsse-rsa-large-xmlsec",
    "wsse-rsa-chain-signxml",
    "gost-2015-512-bouncycastle",
    "gost-2015-512-first-bouncycastle",
}

Verifier = Callable[[bytes], object]


@pytest.fixture(scope="module")
def authorities(ca: TestCa, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return signature.authorities(ca, tmp_path_factory.mktemp("authorities"))


@pytest.fixture(params=["ours", "signxml", "signxml pinned", "xmlsec"])
def verifier(request: pytest.FixtureRequest, ca: TestCa) -> Verifier:
    certificate = ca.identity(messages.EMPLOYER).certificate
    makers: dict[str, Callable[[], Verifier]] = {
        "ours": lambda: Ours(ca.trust_dir),
        "signxml": lambda: Signxml(certificate),
        "signxml pinned": lambda: SignxmlPinned(certificate),
        "xmlsec": lambda: Xmlsec(certificate),
    }
    return makers[request.param]()


@pytest.fixture(scope="module")
def bouncycastle() -> Iterator[BouncyCastle]:
    missing = lacking()
    if missing:
        if os.environ.get("CI") == "true":
            pytest.fail(f"there is no {missing}")
        pytest.skip(f"there is no {missing}")
    with BouncyCastle() as peer:
        yield peer


@pytest.mark.parametrize("message", [messages.termination, messages.contract])
def test_every_verifier_takes_the_message(
    message: Callable[[TestCa], bytes], verifier: Verifier, ca: TestCa
) -> None:
    raw = message(ca)
    assert getattr(verifier(raw), "tag", "").endswith(("}TerminateContract", "}RegisterContract"))
    with pytest.raises(REFUSALS):
        verifier(raw.replace(b"660501200403", b"660501200404"))


def test_the_message_is_of_about_the_size_that_is_told(ca: TestCa) -> None:
    assert 3500 < len(messages.termination(ca)) < 3850
    assert len(messages.contract(ca)) > len(messages.termination(ca)) + 500


def test_a_stranger_is_known_to_none_that_asks(
    verifier: Verifier, ca: TestCa, request: pytest.FixtureRequest
) -> None:
    raw = messages.termination(
        ca, "stranger"
    )  # with the employer's key, and a certificate of another authority
    if "pinned" in request.node.name:
        assert verifier(raw) is not None
    else:
        with pytest.raises(REFUSALS):
            verifier(raw)


def test_a_second_body_of_the_same_identifier_is_refused(verifier: Verifier, ca: TestCa) -> None:
    raw = messages.termination(ca)
    start, end = raw.index(b"<soap:Body"), raw.index(b"</soap:Body>") + len(b"</soap:Body>")
    wrapped = raw[: raw.index(b"</wsse:Security>")] + raw[start:end] + raw[raw.index(b"</wsse:Security>") :]
    assert wrapped.count(b"<soap:Body") == 2
    with pytest.raises(REFUSALS):
        verifier(wrapped)


def test_signxml_follows_the_chain(ca: TestCa, authorities: Path) -> None:
    verifier = SignxmlWithChain(ca.identity(messages.EMPLOYER).certificate, authorities)
    assert verifier(messages.termination(ca, key_info="X509Data")).tag.endswith("}TerminateContract")
    with pytest.raises(REFUSALS):
        verifier(messages.termination(ca, "stranger", key_info="X509Data"))


@pytest.mark.interop
def test_bouncycastle_takes_the_signature_and_no_other(ca: TestCa, bouncycastle: BouncyCastle) -> None:
    signed = GostSignature.of(ca)
    signed.verify_seen()
    signed.verify_first()
    bouncycastle.load(signed.key, signed.value, signed.data)
    assert bouncycastle.verifies()
    bouncycastle.load(signed.key, signed.value, signed.data + b" ")
    assert not bouncycastle.verifies()
    bouncycastle.load(signed.key, signed.value[64:] + signed.value[:64], signed.data)
    assert not bouncycastle.verifies()


@pytest.mark.interop
def test_each_line_is_measured(bouncycastle: BouncyCastle) -> None:
    del bouncycastle  # it can be started
    told: dict[str, object] = {"versions": {}}
    lines = list(signature.measure(Effort(rounds=1, slices=1, seconds=0, warming_seconds=0), told))
    assert {line.name for line in lines} == NAMES
    assert all(line.comparison.ratio > 0 and line.name in str(line) for line in lines)
    assert {"octets", "versions", "wsse-gost, ours"} <= told.keys()


def test_a_rounds_figure_is_the_median_of_its_slices_and_a_ratio_that_of_the_rounds() -> None:
    ours, theirs = Result(cpu=[1, 2, 4], clock=[1, 1, 1]), Result(cpu=[3, 4, 4], clock=[2, 2, 8])
    comparison = compare(ours, theirs)
    assert (comparison.ratio, comparison.lowest, comparison.highest) == (2, 1, 3)
    assert (comparison.clock_ratio, comparison.ours, comparison.theirs) == (2, 2, 4)
    worked: list[str] = []
    first, second = (Here(lambda name=name: worked.append(name)) for name in "ab")
    results = run([first, second], rounds=2, slices=3, seconds=0)
    assert [len(one.cpu) for one in results] == [2, 2]
    assert "".join(worked[6:]) == "abbaab" + "baabba"
