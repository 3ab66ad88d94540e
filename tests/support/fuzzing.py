"""Fuzzing: good messages of every kind, what seeded chance makes of them, and how far it has come."""

from __future__ import annotations

import base64
import binascii
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

import pytest
from lxml import etree

from esutd_bus.signature.signing import sign_document, sign_wsse
from esutd_bus.soap.envelope import open_envelope
from support.attacks.attack import Forge
from support.mutations import flip, mutated

MESSAGES = 1500
"""How many are mutated unless it is said otherwise (`--fuzz`)."""

SEED = "esutd"


@dataclass(frozen=True)
class Budget:
    """How much is tried."""

    messages: int
    seed: str
    told: bool
    """Whether progress is told: where somebody asked for more than the suite's own share."""

    def share(self, part: int) -> Budget:
        """One part in so many."""
        return Budget(max(self.messages // part, 1), self.seed, self.told)


@dataclass(frozen=True)
class Mutant:
    """What has become of a good message."""

    number: int
    base: str
    octets: bytes


def good_messages(forge: Forge) -> dict[str, bytes]:
    """Messages that the register takes, signed in every way there is."""
    ca = forge.ca
    signed = {
        f"{profile} by {signer}": forge.signed(signer, profile)
        for profile in ("wsse", "header", "document")
        for signer in ("employer", "ec-employer", "gost-employer")
    }
    tokens = {
        f"wsse with {form}": forge.signed(key_info=form)
        for form in ("BinarySecurityToken", "X509Data", "X509IssuerSerial")
    }
    document = forge.signed(profile="document")
    return {
        **signed,
        **tokens,
        "wsse with a Timestamp": forge.signed(
            timestamp=(forge.now, forge.now.replace(year=forge.now.year + 1))
        ),
        "document in wsse": sign_wsse(document, ca.identity("employer")),
        "document by two": sign_document(document, ca.identity("employer")),
    }


def mutants(budget: Budget, good: Mapping[str, bytes]) -> Iterator[Mutant]:
    """As many as the budget has; each by a chance of its own, so that one can be made again alone."""
    names = list(good)
    for number in range(budget.messages):
        random = Random(f"{budget.seed} {number}")
        base = names[number % len(names)]
        mutate = _in_base64 if random.random() < 0.1 else mutated
        yield Mutant(number, base, mutate(random, good[base]))


def _in_base64(random: Random, raw: bytes) -> bytes:
    """One bit of what stands in base64: a certificate, a digest, a signature."""
    root = etree.fromstring(raw)
    leaves = [element for element in root.iter(etree.Element) if _octets(element)]
    element = random.choice(leaves)
    element.text = base64.b64encode(flip(random, _octets(element))).decode()
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _octets(element: etree._Element) -> bytes:
    try:
        octets = base64.b64decode(element.text or "", validate=True)
    except (binascii.Error, ValueError):
        return b""
    return octets if len(octets) >= 32 else b""


def meaning(raw: bytes) -> bytes:
    """What a message says, whoever has signed it: its payload's exclusive form without its signatures."""
    payload = open_envelope(raw).payload
    for signature in payload.findall("{http://www.w3.org/2000/09/xmldsig#}Signature"):
        payload.remove(signature)
    return etree.tostring(payload, method="c14n", exclusive=True, with_comments=False)


class Progress:
    """Counts outcomes, and tells them where somebody waits."""

    def __init__(self, budget: Budget, capture: pytest.CaptureFixture[str], what: str) -> None:
        self.outcomes: Counter[str] = Counter()
        self._budget = budget
        self._capture = capture
        self._what = what

    def count(self, outcome: str) -> None:
        """One more."""
        self.outcomes[outcome] += 1
        done = self.outcomes.total()
        if self._budget.told and (done % 1000 == 0 or done == self._budget.messages):
            told = ", ".join(f"{name} {count}" for name, count in self.outcomes.most_common(8))
            with self._capture.disabled():
                sys.stdout.write(f"\n{self._what}: {done} of {self._budget.messages}: {told}")
                sys.stdout.flush()
