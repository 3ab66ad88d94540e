"""Signature wrapping: the signed Body goes elsewhere, an evil one takes its place.

Every place × every way to treat the identifiers. What is refused first tells the reason: what stands beside the
signature is judged first, then identifiers, then the signature's parts, the Reference, KeyInfo; the digest last.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

from forgery import NS, parse
from lxml import etree

from support.attacks.attack import Attack, Bearer, Recipe, each, evil_copy

_BODY = f"{{{NS['soap']}}}Body"
_WSU_ID = f"{{{NS['wsu']}}}Id"
_XML_ID = "{http://www.w3.org/XML/1998/namespace}id"

AFTER_BODY = "the Envelope has something after its Body"

Put = Callable[[Bearer, etree._Element, etree._Element], object]
"""(message, signed Body, evil Body): the signed one is nowhere yet, the evil one in its place."""


@dataclass(frozen=True)
class Place:
    """Where the signed Body goes."""

    name: str
    put: Put
    reason: str | None = None
    """Why the place alone is refused."""
    judged: str = "first"
    """When: `first`, after the `identifiers`, or after the `reference`."""
    code: str = "SCSE001"
    profiles: tuple[str, ...] = ("wsse", "header")


@dataclass(frozen=True)
class Treatment:
    """Which identifiers the two Bodies bear."""

    name: str
    reason: str
    mark: Callable[[str, etree._Element, etree._Element], object]
    """(the profile's attribute, signed Body, evil Body)."""


def _into(path: str) -> Put:
    return lambda message, signed, _: message.at(path).append(signed)


def _into_new(path: str, xml: str) -> Put:
    def put(message: Bearer, signed: etree._Element, _: etree._Element) -> None:
        element = parse(xml)
        message.at(path).append(element)
        element.append(signed)

    return put


_HEADER = "/soap:Envelope/soap:Header"
_INSIDE = {"reason": "structure", "judged": "identifiers"}

PLACES = (
    Place("the Header", _into(_HEADER)),
    Place("a block of the Header", _into_new(_HEADER, '<w:Wrapper xmlns:w="urn:w"/>')),
    Place("a block for another actor", _into_new(_HEADER, '<w:Wrapper xmlns:w="urn:w" soap:actor="urn:another"/>')),
    Place("an Envelope in the Header", _into_new(_HEADER, "<soap:Envelope/>")),
    Place("another actor's security header", _into_new(_HEADER, '<wsse:Security soap:actor="urn:another"/>')),
    Place("the security header", _into("//wsse:Security"), "structure", profiles=("wsse",)),
    Place("the Signature", _into("//ds:Signature"), **_INSIDE),
    Place("an Object of the Signature", _into_new("//ds:Signature", "<ds:Object/>"), **_INSIDE),
    Place("SignatureValue", _into("//ds:SignatureValue"), **_INSIDE),
    Place("KeyInfo", _into("//ds:KeyInfo"), "key-info", "reference"),
    Place("a Timestamp", _into_new("//wsse:Security", "<wsu:Timestamp/>"), "timestamp", "reference",
          profiles=("wsse",)),
    Place("the evil payload", lambda _, signed, evil: evil[0].append(signed)),
    Place("a leaf of the evil payload", lambda _, signed, evil: evil[0][-1][0].append(signed)),
    Place("the end of the Envelope", lambda message, signed, _: message.root.append(signed), AFTER_BODY,
          code="ESB002"),
    Place("the beginning of the Envelope", lambda message, signed, _: message.root.insert(0, signed), AFTER_BODY,
          code="ESB002"),
    Place("nowhere", lambda *_: None),
)  # fmt: skip


def _same(attribute: str) -> Callable[[str, etree._Element, etree._Element], object]:
    return lambda own, signed, evil: evil.set(attribute or own, signed.get(own) or "")


def _take_over(own: str, signed: etree._Element, evil: etree._Element) -> None:
    evil.set(own, signed.attrib.pop(own))


_SAME = "with the same one"

TREATMENTS = (
    Treatment("without identifier", "reference-target", lambda *_: None),
    Treatment("with one of its own", "reference-target", lambda own, _, evil: evil.set(own, "evil")),
    Treatment("with one that differs in case", "reference-target",
              lambda own, signed, evil: evil.set(own, (signed.get(own) or "").upper())),
    Treatment("with one that differs by a blank", "reference-target",
              lambda own, signed, evil: evil.set(own, f"{signed.get(own)} ")),
    Treatment(_SAME, "duplicate-id", _same("")),
    *(
        Treatment(f"{_SAME} in {name}", "duplicate-id", _same(attribute))
        for name, attribute in (
            ("wsu:Id", _WSU_ID),
            ("Id", "Id"),
            ("ID", "ID"),
            ("id", "id"),
            ("xml:id", _XML_ID),
            ("AssertionID", "AssertionID"),
            ("Id of another namespace", "{urn:another}Id"),
        )
    ),
    Treatment("with the signed one's, which loses it", "digest-mismatch", _take_over),
)  # fmt: skip

_OWN = {"wsse": f"{_SAME} in wsu:Id", "header": f"{_SAME} in Id"}
"""The treatment that is `_SAME` already, by profile."""


def _reason(place: Place, treatment: Treatment) -> str:
    if place.name == "nowhere" and treatment.reason == "duplicate-id":
        # The signed Body is gone: its identifier stands once, and names the Body only in the profile's attribute.
        return "digest-mismatch" if treatment.name == _SAME else "reference-target"
    if place.judged == "identifiers" and treatment.reason == "duplicate-id":
        return treatment.reason
    if place.judged == "reference" and treatment.reason != "digest-mismatch":
        return treatment.reason
    return place.reason or treatment.reason


def _wrapped(place: Place, treatment: Treatment, profile: str) -> Attack:
    def change(message: Bearer) -> None:
        signed = message.body
        evil = etree.Element(_BODY, nsmap=signed.nsmap)
        evil.append(evil_copy(signed[0]))
        message.root.replace(signed, evil)
        treatment.mark(message.identifier, signed, evil)
        place.put(message, signed, evil)

    name = f"wrapping: signed Body into {place.name}, evil one {treatment.name}"
    return Recipe(name, _reason(place, treatment), change, code=place.code).by(profile)


def _inside_the_payload(message: Bearer) -> None:
    inner = copy.deepcopy(message.root)
    payload = message.payload
    message.body.replace(payload, evil_copy(payload))
    message.payload.append(inner)


def _inside_the_header(message: Bearer) -> None:
    inner = copy.deepcopy(message.root)
    message.body.replace(message.payload, evil_copy(message.payload))
    message.header.append(inner)


WRAPPINGS = (
    *(
        _wrapped(place, treatment, profile)
        for profile in ("wsse", "header")
        for place in PLACES
        if profile in place.profiles
        for treatment in TREATMENTS
        if treatment.name != _OWN[profile]
    ),
    *each(
        Recipe(
            "wrapping: the whole good message inside the evil payload", "duplicate-id", _inside_the_payload
        ),
        Recipe(
            "wrapping: the whole good message inside the evil one's Header",
            "duplicate-id",
            _inside_the_header,
        ),
        profiles=("wsse", "header"),
    ),
)
