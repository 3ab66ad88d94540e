"""An attack: a forged or abusive message, the answer it must get, and what its forger has at hand."""

from __future__ import annotations

import base64
import copy
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.serialization import Encoding
from forgery import NS, Forgery, Message, canonical
from issuing import Issued, authority, employer
from lxml import etree

from esutd_bus.signature.keys import ServiceKey, SigningKey
from esutd_bus.signature.signing import sign_document, sign_header, sign_wsse
from esutd_bus.testbed.test_ca import TestCa
from support.messages import COMMON, CONTRACTS, contract, register

EVIL_NUMBER = "ТД-подлог-"
"""What the number of each contract begins with that only a forger wants."""

SIGN: dict[str, Callable[..., bytes]] = {"wsse": sign_wsse, "header": sign_header, "document": sign_document}
"""Profile → how it is signed."""

PROFILES = tuple(SIGN)


@dataclass(kw_only=True)
class Bearer(Message):
    """A signed message as a tree, of any profile, to be forged in place."""

    forge: Forge

    @property
    def header(self) -> etree._Element:
        return self.at("/soap:Envelope/soap:Header")

    @property
    def signed(self) -> etree._Element:
        """The element that is signed."""
        return self.payload if self.profile == "document" else self.body

    @property
    def identifier(self) -> str:
        """The attribute that names the signed element, where one does."""
        return f"{{{NS['wsu']}}}Id" if self.profile == "wsse" else "Id"

    @property
    def certificate(self) -> etree._Element:
        """The element whose text is the certificate, as messages usually bear it."""
        return self.at("//wsse:KeyIdentifier" if self.profile == "wsse" else "//ds:X509Certificate")

    def write(self, path: str, octets: bytes) -> None:
        """Octets in base64 as an element's text."""
        self.at(path).text = base64.b64encode(octets).decode()

    def octets_to_digest(self) -> bytes:
        """The signed element's canonical form by the profile."""
        if self.profile != "document":
            return canonical(self.body)
        document = self.document()
        document.remove(document[-1])
        return etree.tostring(document, method="c14n", with_comments=False)

    def digest(self) -> None:
        """DigestValue over the signed element as it is now."""
        self.write("//ds:DigestValue", hashlib.sha256(self.octets_to_digest()).digest())


Change = Callable[[Bearer], Any]


class Forge:
    """What a forger has at hand: a good message nobody has sent yet, keys, and authorities that err."""

    def __init__(self, ca: TestCa, attestors: Attestors, number: str | None = None) -> None:
        self.ca = ca
        self.attestors = attestors
        self.now = datetime.now(UTC)
        """The moment the messages are made for."""
        self.number = number or f"ТД-жертва-{uuid4().hex[:12]}"
        """The number of the contract in the good message."""
        self._made: dict[str, bytes] = {}

    def made(self, attack: Attack) -> bytes:
        """The attack's octets: the same at each of the doors."""
        if attack.name not in self._made:
            self._made[attack.name] = attack.make(self)
        return self._made[attack.name]

    @cached_property
    def _contract(self) -> Any:
        return contract(number=self.number)

    @cached_property
    def unsigned(self) -> bytes:
        """The good message before it is signed; its payload's prefixes are declared on the Envelope."""
        return _dressed(register(contract=self._contract), {"v1": CONTRACTS, "c": COMMON}, {})

    @cached_property
    def self_contained(self) -> bytes:
        """The same with the payload's prefixes declared where they are used: a document of its own."""
        return _dressed(register(contract=self._contract), {}, {"m": CONTRACTS, "c": COMMON})

    def to_sign(self, profile: str) -> bytes:
        """The good message in the form that the profile can sign."""
        return self.self_contained if profile == "document" else self.unsigned

    def signed(self, signer: str | SigningKey = "employer", profile: str = "wsse", **how: Any) -> bytes:
        """The good message with a signature of a named identity, or of any key."""
        key = self.ca.identity(signer) if isinstance(signer, str) else signer
        return SIGN[profile](self.to_sign(profile), key, **how)

    def message(self, signer: str | SigningKey = "employer", profile: str = "wsse", **how: Any) -> Bearer:
        """The same as a tree."""
        return self.as_tree(self.signed(signer, profile, **how), profile)

    def as_tree(self, raw: bytes, profile: str) -> Bearer:
        """A signed message as a tree."""
        employer, other = self.ca.identity("employer"), self.ca.identity("other-employer")
        return Bearer(etree.fromstring(raw), employer, other, profile, forge=self)

    def certificate(self, identity: str) -> str:
        """A named identity's certificate in base64."""
        octets = self.ca.identity(identity).certificate.public_bytes(Encoding.DER)
        return base64.b64encode(octets).decode()


def _dressed(message: bytes, outside: dict[str, str], inside: dict[str, str]) -> bytes:
    """A message with these prefixes declared on its Envelope, and on its payload."""
    payload = etree.fromstring(message)[-1][0]
    envelope = etree.Element(f"{{{NS['soap']}}}Envelope", nsmap={"soap": NS["soap"], **outside})
    dressed = etree.SubElement(etree.SubElement(envelope, f"{{{NS['soap']}}}Body"), payload.tag, nsmap=inside)
    dressed[:] = list(payload)
    etree.cleanup_namespaces(envelope, keep_ns_prefixes=[*outside, *inside])
    return etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)


@dataclass(frozen=True)
class Attestors:
    """Trusted authorities that certify whatever they are asked to, each with a limit of its own."""

    any: Issued
    ended: Issued
    """Its own certificate ended yesterday."""
    shallow: Issued
    """Below one that allows no authority below itself."""
    deep: Issued
    """The fourth of a chain: a signer below it makes a path of five."""
    withdrawn: Issued
    """An employer's certificate, rightly issued, that the operator has withdrawn."""
    above: tuple[Issued, ...]
    """The authorities above these, trusted too."""

    @classmethod
    def make(cls) -> Attestors:
        """New ones."""
        wide = (-3650, 3650)
        root = authority("ESUTD-BUS ATTESTOR ROOT", days=wide)
        second = authority("ESUTD-BUS ATTESTOR SECOND", root, days=wide)
        third = authority("ESUTD-BUS ATTESTOR THIRD", second, days=wide)
        any_ = authority("ESUTD-BUS ATTESTOR", days=wide)
        alone = authority("ESUTD-BUS ATTESTOR WITH NOBODY BELOW", path_length=0, days=wide)
        return cls(
            any=any_,
            ended=authority("ESUTD-BUS ATTESTOR OF YESTERDAY", days=(-3650, -1)),
            shallow=authority("ESUTD-BUS ATTESTOR BELOW", alone, days=wide),
            deep=authority("ESUTD-BUS ATTESTOR FOURTH", third, days=wide),
            withdrawn=employer(any_),
            above=(root, second, third, alone),
        )

    def all(self) -> tuple[Issued, ...]:
        """Everything that goes into the trust directory."""
        return (self.any, self.ended, self.shallow, self.deep, *self.above)


@dataclass(frozen=True)
class Attack:
    """One message that must not be accepted."""

    name: str
    make: Callable[[Forge], bytes]
    reason: str
    """What the fault's `reason` begins with: for SCSE001 a word of the verifier's vocabulary; "" for none."""

    code: str = "SCSE001"


def from_forgery(forgery: Forgery) -> Attack:
    """A forgery of the verifier's tests, made of a message that the register would take."""

    def make(forge: Forge) -> bytes:
        how = {} if forgery.profile == "document" else {"key_info": forgery.key_info}
        message = forge.message(profile=forgery.profile, **how)
        forgery.change(message)
        if forgery.sealed:
            message.seal()
        return message.octets()

    name = forgery.name.removeprefix(f"{forgery.profile}: ")
    return Attack(f"{forgery.profile}: forgery: {name}", make, forgery.reason)


@dataclass(frozen=True)
class Recipe:
    """What is done to the tree of a signed message."""

    name: str
    reason: str
    change: Change = lambda _: None
    sealed: bool = False
    """Whether digest and signature are made anew after the change, with the employer's RSA key."""
    code: str = "SCSE001"
    signer: str | Callable[[Forge], Issued] = "employer"
    """A named identity, or whoever is certified for the purpose."""
    how: Mapping[str, Any] = field(default_factory=dict)
    """More that the profile's signing takes."""

    def by(self, profile: str) -> Attack:
        """The attack it makes of a message of a profile."""

        def make(forge: Forge) -> bytes:
            signer: str | SigningKey = "employer"
            if isinstance(self.signer, str):
                signer = self.signer
            else:
                issued = self.signer(forge)
                signer = ServiceKey(issued.key, issued.certificate)
            message = forge.message(signer, profile, **self.how)
            self.change(message)
            if self.sealed:
                message.digest()
                message.seal()
            return message.octets()

        return Attack(f"{profile}: {self.name}", make, self.reason, self.code)


def each(*recipes: Recipe, profiles: Iterable[str] = PROFILES) -> tuple[Attack, ...]:
    """Every recipe on every profile."""
    return tuple(recipe.by(profile) for profile in profiles for recipe in recipes)


def rewritten(
    name: str,
    reason: str,
    change: Callable[[bytes], bytes],
    profile: str = "wsse",
    *,
    code: str = "SCSE001",
    **how: Any,
) -> Attack:
    """What a change of the signed octets makes."""

    def make(forge: Forge) -> bytes:
        return change(forge.signed(profile=profile, **how))

    return Attack(f"{profile}: {name}", make, reason, code)


def evil_copy(payload: etree._Element) -> etree._Element:
    """A payload that the register would take for a new message: its own requestId, number and externalId."""
    evil = copy.deepcopy(payload)
    evil.tail = None
    fresh = {
        "requestId": str(uuid4()),
        "externalId": str(uuid4()),
        "number": f"{EVIL_NUMBER}{uuid4().hex[:12]}",
    }
    for element in evil.iter(etree.Element):
        name = etree.QName(element).localname
        if name in fresh:
            element.text = fresh[name]
    return evil
