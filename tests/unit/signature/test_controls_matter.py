"""Each control of the verifier is needed: with any one taken out, an attack gets through.

The controls are found in the source (`controls`), so a new one that no attack meets turns this red. What no
attack can show stands below with its reason, and that it still is so is shown too.
"""

from __future__ import annotations

import hmac
import re
import subprocess
import sys
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import cached_property
from hashlib import sha1
from types import ModuleType
from typing import Any

import pytest
import requests
from controls import Control, controls, taken_out
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ObjectIdentifier
from trials import TRIALS, Trial, known

from esutd_bus.signature import algorithms, certificates, names, place, trust
from esutd_bus.signature.algorithms import RsaPkcs1
from esutd_bus.signature.report import SignatureRefused
from esutd_bus.signature.revocation.knowledge import RevocationKnowledge
from esutd_bus.signature.revocation.period import Tolerance
from esutd_bus.signature.revocation.revocation import Revocation
from esutd_bus.signature.revocation.revocation_list import read_revocation_list
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import Verifier
from esutd_bus.soap import envelope
from esutd_bus.soap.envelope import SoapError, open_envelope
from esutd_bus.testbed.ca_server import CaServer
from support.attacks import ATTACKS
from support.attacks.attack import Attack, Forge

OF_THE_VERIFIER = {"SCSE001", "ESB001", "ESB002"}
"""Answers that come from envelope and signature; the others come from rooms behind them."""

OF_THE_READER = {"profile"}
"""Reasons that are found out when it is known who has signed."""

_OURS = """
import sys, esutd_bus.signature.verifier, esutd_bus.signature.revocation.revocation
print(*[module for module in sys.modules if module.startswith("esutd_bus.")])
"""
MODULES = subprocess.run(
    [sys.executable, "-c", _OURS], capture_output=True, check=True, text=True
).stdout.split()
"""What the verifier is made of: all that comes with it when it alone is imported."""

CONTROLS = [control for module in MODULES for control in controls(module)]

CANNOT_GO_ON = {
    "signature.algorithms.RsaPkcs1.fits: return isinstance(public_key, rsa.RSAPublicKey)",
    "signature.algorithms.Ecdsa.fits: return isinstance(public_key, ec.EllipticCurvePublicKey)",
    "signature.gost.algorithms.GostSignature.fits: …",
    "signature.algorithms.signature_algorithm: raise _refusal(identifier, 'SignatureMethod')",
    "signature.algorithms.digest_function: raise _refusal(identifier, 'DigestMethod')",
    "signature.canonical.exclusive: raise _no_form() from None",
    "signature.canonical.inclusive: raise _no_form() from None",
    "signature.certificates.Certificate.require_holder: raise Refusal(Reason.SUBJECT_WITHOUT_BIN_OR_IIN, …",
    "signature.certificates.read_certificate: raise Refusal(Reason.ALGORITHM, …",
    "signature.certificates.read_certificate: raise Refusal(Reason.CERTIFICATE_MALFORMED, …",
    "signature.certificates._holder: len(iins) != 1",
    "signature.key_info.certificate_octets: not isinstance(children[0].tag, str)",
    "signature.key_info._issuer_serial: raise Refusal(Reason.KEY_INFO, 'X509SerialNumber is no whole number')",
    "signature.place.in_envelope: raise _no_signature(…",
    "signature.place.in_element: raise _no_signature(…",
    "signature.place._transport: raise _no_signature(…",
    "signature.signed_info._reference: not children",
    "signature.structure.decode_base64: raise Refusal(reason, f'{what} is not base64') from None",
    "signature.trust.require_valid: raise refusals[0]",
    "signature.trust.TrustStore._find_paths: raise Refusal(Reason.UNTRUSTED, …",
    "signature.verifier.Verifier._verify_signature: raise Refusal(Reason.ALGORITHM, …",
    "soap.envelope.open_envelope: not parts",
    "soap.envelope.open_envelope: raise SoapError('ESB002', 'the Envelope has no Body where it belongs')",
    "soap.envelope.open_document: raise SoapError('ESB001', …",
    "soap.envelope._parse: raise SoapError('ESB001', f'not well-formed XML …",
}
"""Without these the code comes to a value that is not there, or of another type, and ends with an exception."""

REFUSED_AGAIN = {
    "signature.key_info._issuer_serial: raise Refusal(Reason.CERTIFICATE_UNKNOWN, …",
    "signature.certificates.Certificate.require_strength: raise Refusal(Reason.ALGORITHM, …",
    "signature.key_info._token_reference: token is None",
    "signature.signed_info.read_signature: raise Refusal(Reason.SEVERAL_REFERENCES, …",
    "signature.signed_info._reference: children[0].tag != names.TRANSFORMS",
    "signature.signed_info._reference: raise Refusal(Reason.TRANSFORM, …",
    "signature.structure.decode_base64: not octets",
    "soap.envelope.open_envelope: raise SoapError('ESB002', 'SOAP 1.2; this service speaks SOAP 1.1')",
    "soap.envelope.open_envelope: parts[0].tag != _BODY",
    "soap.envelope._in_utf8: raise SoapError('ESB001', f'bytes that are not …",
}
"""Without these another control refuses the same messages: they only tell the reason better."""

NO_CONTROLS = {
    "soap.envelope.is_envelope: …",
    "soap.lexical.…",
    # These judge a key, before there is a message: test_certificates, and gost/test_keys.
    "signature.gost.curves.Curve.contains: …",
    "signature.gost.point.has_prime_order: …",
}
"""These say no to other ends than to refuse a message."""


def excused(control: Control, excuses: set[str]) -> bool:
    """Whether a control is among these; `…` stands for whatever its text goes on with."""
    return any(fnmatchcase(str(control), _pattern(excuse)) for excuse in excuses)


def _pattern(excuse: str) -> str:
    return re.sub(r"([\[*?])", r"[\1]", excuse).replace("…", "*")


@dataclass(frozen=True)
class Verdict:
    """What became of a message."""

    said: str
    """`accepted`, a reason, an answer code, or the name of an exception that is no verdict."""
    lines: frozenset[tuple[str, int]] = frozenset()
    """(file, line) of each step down to the place that refused."""

    @property
    def refused(self) -> bool:
        """Whether it is a verdict, and not that one."""
        return bool(self.lines)


class Door:
    """The verifier as messages meet it."""

    def __init__(self, forge: Forge, lists: Mapping[str, bytes]) -> None:
        """`lists`: address → the test CA's revocation list, DER."""
        self._forge = forge
        test_ca = TrustStore.from_directory(forge.ca.trust_dir)
        self._authorities = (*test_ca.authorities, *(one.certificate for one in forge.attestors.all()))
        self._lists = {url: read_revocation_list(der, self._authorities) for url, der in lists.items()}

    def verifier(self) -> Verifier:
        """One that remembers nothing from before a control was taken out."""
        knowledge = RevocationKnowledge(Tolerance(), answer_lifetime=timedelta(hours=1))
        knowledge.replace_lists(self._lists)
        return Verifier(
            TrustStore(self._authorities),
            known=known(self._forge),
            revocation=Revocation(knowledge, required=False),
        )

    def verdict(self, attack: Attack | Trial, verifier: Verifier | None = None) -> Verdict:
        """What a verifier says of an attack."""
        verifier = verifier or self.verifier()
        try:
            if isinstance(attack, Trial):
                attack.make(self._forge, verifier)
            else:
                verifier.verify(open_envelope(self._forge.made(attack)), self._forge.now)
        except SignatureRefused as refused:
            return Verdict(str(refused.report.reason), _lines(refused.__cause__))
        except SoapError as error:
            return Verdict(error.code, _lines(error))
        except Exception as error:  # noqa: BLE001  # a control may be what kept the code from crashing
            return Verdict(type(error).__name__)
        return Verdict("accepted")

    @cached_property
    def untouched(self) -> dict[str, Verdict]:
        """Attack → verdict, with every control in its place."""
        verifier = self.verifier()
        return {attack.name: self.verdict(attack, verifier) for attack in (*TRIALS, *ATTACKS)}

    def near(self, control: Control) -> list[Attack | Trial]:
        """The attacks that the control refuses; all, where a verdict is not made on the spot."""
        attacks = [attack for attack in (*TRIALS, *ATTACKS) if self.untouched[attack.name].refused]
        place = (control.file, control.line)
        return [attack for attack in attacks if place in self.untouched[attack.name].lines] or attacks

    def verdicts(self, attacks: Iterable[Attack | Trial]) -> set[str]:
        """What is said of the attacks, up to the first that is accepted."""
        verifier, said = self.verifier(), set[str]()
        for attack in attacks:
            said.add(self.verdict(attack, verifier).said)
            if "accepted" in said:
                break
        return said


def _lines(error: BaseException | None) -> frozenset[tuple[str, int]]:
    lines = set()
    while error is not None:
        lines |= {(frame.filename, frame.lineno or 0) for frame in traceback.extract_tb(error.__traceback__)}
        error = error.__cause__
    return frozenset(lines)


@pytest.fixture(scope="module")
def door(forge: Forge, ca_server: CaServer) -> Door:
    return Door(forge, {url: requests.get(url, timeout=10).content for url in ca_server.list_urls})


def test_no_attack_gets_through(door: Door) -> None:
    """Each is refused, for the reason listed for it."""
    wrong = {}
    for attack in ATTACKS:
        if attack.code in OF_THE_VERIFIER and attack.reason not in OF_THE_READER:
            said = door.untouched[attack.name].said
            expected = {attack.reason} if attack.code == "SCSE001" else {"ESB001", "ESB002"}
            if said not in expected:
                wrong[attack.name] = said
    assert wrong == {}


@pytest.mark.parametrize("trial", TRIALS, ids=lambda one: one.name)
def test_no_trial_gets_through(trial: Trial, door: Door) -> None:
    assert door.untouched[trial.name].said == trial.reason


EXCUSED = CANNOT_GO_ON | REFUSED_AGAIN | NO_CONTROLS


@pytest.mark.parametrize("control", [one for one in CONTROLS if not excused(one, EXCUSED)], ids=str)
def test_without_the_control_an_attack_gets_through(control: Control, door: Door) -> None:
    attacks = door.near(control)  # seen with every control in its place
    with taken_out(control):
        assert "accepted" in door.verdicts(attacks)


@pytest.mark.parametrize(
    "control", [one for one in CONTROLS if excused(one, CANNOT_GO_ON | REFUSED_AGAIN)], ids=str
)
def test_an_excuse_holds(control: Control, door: Door) -> None:
    attacks = door.near(control)  # seen with every control in its place
    with taken_out(control):
        said = door.verdicts(attacks)
    assert "accepted" not in said
    assert any(word.endswith("Error") for word in said) == excused(control, CANNOT_GO_ON)


@pytest.mark.parametrize("excuse", sorted(EXCUSED))
def test_what_is_excused_is_there(excuse: str) -> None:
    assert any(excused(control, {excuse}) for control in CONTROLS)


# Closed lists and limits: with one more in the list, what it kept out gets in.


@dataclass(frozen=True)
class Loosened:
    where: ModuleType
    what: str
    value: Any
    attack: str


class _Hmac:
    """A signature that everybody can compute who has seen the certificate."""

    identifier = f"{names.DS.replace('2000/09/xmldsig', '2001/04/xmldsig-more')}hmac-sha256"

    @staticmethod
    def fits(_: Any) -> bool:
        return True

    @staticmethod
    def verify(public_key: Any, signature: bytes, data: bytes) -> bool:
        secret = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hmac.digest(secret, data, "sha256") == signature


_SHA1 = f"{names.DS}rsa-sha1"

_SPELLINGS = ("Id", "ID", "id", "AssertionID")


LOOSENED = (
    Loosened(algorithms, "SIGNATURES", {**algorithms.SIGNATURES, _SHA1: RsaPkcs1(_SHA1, "", hashes.SHA1())},
             "wsse: RSA-SHA1 by XMLDSig's name, really signed"),
    Loosened(algorithms, "SIGNATURES", {**algorithms.SIGNATURES, _Hmac.identifier: _Hmac},
             "document: HMAC-SHA256 with the public key as its secret"),
    Loosened(algorithms, "DIGESTS", {**algorithms.DIGESTS, f"{names.DS}sha1": lambda data: sha1(data).digest()},
             "document: digest by SHA-1, really computed"),
    Loosened(certificates, "MIN_RSA_BITS", 1024, "header: signed by the identity weak-key"),
    Loosened(certificates, "CURVES", (ec.EllipticCurve,), "wsse: certificate on the curve secp256k1"),
    Loosened(certificates, "PROCESSED_EXTENSIONS",
             certificates.PROCESSED_EXTENSIONS | {ObjectIdentifier("1.2.398.3.9.9")},
             "wsse: certificate with a critical extension nobody knows"),
    Loosened(trust, "_HASHES", (*trust._HASHES, hashes.SHA224), "wsse: certificate over SHA-224"),
    Loosened(trust, "MAX_PATH", 5, "document: certificate below four authorities"),
    Loosened(place, "_TO_US", place._TO_US | {"urn:another"}, "wsse: forgery: security header for another actor"),
    Loosened(place, "MAX_CO_SIGNATURES", 9, "document: co-signatures: nine"),
    *(
        Loosened(place, "_IDENTIFIERS", place._IDENTIFIERS - {name},
                 f"wsse: identifier twice, in a header block by {name}")
        for name in _SPELLINGS
    ),
    Loosened(place, "_IDENTIFIERS", {"Id"},
             "wsse: identifier twice, in a header block by {http://www.w3.org/XML/1998/namespace}id"),
    Loosened(place, "_NO_IDENTIFIERS", {"Id"}, "wsse: identifier twice, in a header block by Id"),
    Loosened(envelope, "UNDERSTOOD_HEADERS", {"{urn:t}Transaction", f"{{{names.WSSE}}}Security"},
             "wsse: envelope: a header that must be understood"),
    Loosened(envelope, "_TOO_DEEP", lambda _: False, "wsse: envelope: elements 70 deep"),
)  # fmt: skip


@pytest.mark.parametrize("loosened", LOOSENED, ids=lambda one: f"{one.what}: {one.attack}")
def test_with_one_more_in_the_list_an_attack_gets_through(
    loosened: Loosened, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    attack = next(attack for attack in ATTACKS if attack.name == loosened.attack)
    assert door.verdict(attack).refused
    monkeypatch.setattr(loosened.where, loosened.what, loosened.value)
    assert door.verdict(attack).said == "accepted"
