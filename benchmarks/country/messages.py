"""Registrations as employers send them; those of the country's past bear filler in place of signature values."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256, shake_128
from io import BytesIO
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from benchmarks.country import people
from benchmarks.country.form import Form
from esutd_bus.register.calendar import ALMATY
from esutd_bus.signature import canonical, names
from esutd_bus.signature.signing import sign_wsse
from esutd_bus.store.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from lxml.etree import _Element as Element

    from benchmarks.country.plan import Plan
    from esutd_bus.testbed.test_ca import TestIdentity

EXAMPLE_SIGNER: Final = "employer"
"""The identity whose messages the forms are made of; all heads of employers are called like it."""

EXAMPLE_BIN: Final = "990440000385"
EXAMPLE_HEAD: Final = "850315100105"

HEADS: Final = 100_000_000
"""From this number on people are heads of employers."""

_MESSAGE: Final = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    '<RegisterContract xmlns="urn:esutd-bus:contracts:v1" xmlns:c="urn:esutd-bus:common:v1">'
    "<requestHeader><c:requestId>%(request_id)s</c:requestId><c:sentAt>%(sent_at)s</c:sentAt>"
    "<c:system>1C:ЗУП 3.1</c:system></requestHeader><employer><c:bin>%(employer)s</c:bin></employer>"
    "<contract><externalId>%(external_id)s</externalId><number>%(number)s</number>"
    "<concludedOn>%(concluded_on)s</concludedOn><employee><iin>%(iin)s</iin><surname>%(surname)s</surname>"
    "<name>%(name)s</name><patronymic>%(patronymic)s</patronymic></employee><startsOn>%(starts_on)s</startsOn>"
    "<term><termCode>1</termCode></term><positionCode>%(position_code)s</positionCode>"
    "<establishedPost>%(post)s</establishedPost><employmentTypeCode>2</employmentTypeCode>"
    "<workingTime><workingHoursCode>3</workingHoursCode><tariffRate>0.5</tariffRate>"
    "<restNote>Два выходных дня: суббота и воскресенье</restNote></workingTime>"
    "<remoteWorkCode>3</remoteWorkCode><workPlace><countryCode>398</countryCode><katoCode>%(kato)s</katoCode>"
    "<address>%(address)s</address></workPlace>"
    "<liableForMilitaryService>true</liableForMilitaryService></contract>"
    "</RegisterContract></soap:Body></soap:Envelope>"
)
"""About 4.8 KB when it is signed."""

_LATE_BY: Final = (0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 12)
"""How many days after its conclusion a contract is told of: the last is too late."""

_SIGNATURE_OCTETS: Final = 256
_MODULUS_OCTETS: Final = 256
_FILLER_OCTETS: Final = _MODULUS_OCTETS + _SIGNATURE_OCTETS + 20
"""And a serial number: at most 20 octets (RFC 5280, 4.1.2.2)."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What one message says, and when it came."""

    employer: int
    """Its number in the plan."""

    at: datetime
    """When it came, with zone."""

    late_by: int
    """Days from the contract's conclusion to the message."""

    values: Mapping[str, str]
    """What fills the gaps of `_MESSAGE`."""

    post: people.Post
    concluded_on: date

    @property
    def signed_by(self) -> str:
        """The BIN."""
        return self.values["employer"]


def registration(plan: Plan, contract: int) -> Registration:
    """The message that brought a contract of the plan."""
    return _registration(contract, plan.employer_of(contract), plan.moment(contract), f"ТД-{contract}")


def registration_now(contract: int, employer: int, at: datetime) -> Registration:
    """One that no plan knows of."""
    return _registration(contract, employer, at, f"Н-{uuid7()}")


def _registration(contract: int, employer: int, at: datetime, number: str) -> Registration:
    day = at.astimezone(ALMATY)
    late_by = _LATE_BY[contract % len(_LATE_BY)]
    concluded_on = day.date() - timedelta(days=late_by)
    surname, name, patronymic = people.full_name(contract)
    posts, districts = people.posts(), people.districts()
    post = posts[contract * 31 % len(posts)]
    request_id, external_id = _ids(contract, number)
    values = {
        "request_id": request_id,
        "sent_at": day.isoformat(timespec="seconds"),
        "employer": people.bin_of(employer),
        "external_id": external_id,
        "number": number,
        "concluded_on": concluded_on.isoformat(),
        "starts_on": concluded_on.isoformat(),
        "iin": people.iin(contract),
        "surname": surname,
        "name": name,
        "patronymic": patronymic,
        "position_code": post.code,
        "post": post.name,
        "kato": districts[contract * 17 % len(districts)],
        "address": people.address(contract),
    }
    return Registration(employer, at, late_by, values, post, concluded_on)


def _ids(contract: int, number: str) -> tuple[str, str]:
    """Two UUIDs as chance would make them, and the same each time."""
    told = shake_128(b"%d %b" % (contract, number.encode())).hexdigest(32)
    return _uuid(told[:32]), _uuid(told[32:])


def _uuid(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def unsigned(registration: Registration) -> bytes:
    """The message before it is signed."""
    return (_MESSAGE % registration.values).encode()


@dataclass(frozen=True, slots=True)
class Signed:
    """A message with what the verifier would tell of it."""

    raw: bytes
    payload_sha256: bytes
    report: bytes
    """As `MessageReport.to_dict` tells it, in JSON already, its keys in the order of the journal's hashes."""

    head: str
    """IIN of who has signed."""


class _Holder(NamedTuple):
    """Who signs for an employer."""

    head: str
    """IIN."""

    certificate: bytes
    """In base64."""

    told: Mapping[str, bytes]
    """What a report says of it."""


class Envelopes:
    """Signed envelopes of the past: their digests hold, their signatures and certificates are filler.

    Made of one that the signer of the example has really signed: all of its parts that differ from message to message
    are gaps.
    """

    def __init__(self, signer: TestIdentity) -> None:
        """Of the identity `EXAMPLE_SIGNER`."""
        example = sign_wsse((_MESSAGE % _names()).encode(), signer)
        tree = etree.fromstring(example)
        body = _found(tree, names.BODY)
        gaps = {name: text.encode() for name, text in _names().items()}
        gaps["body_id"] = str(body.attrib[names.WSU_ID]).encode()
        self._canonical_body = Form.like(canonical.exclusive(body), gaps)
        self._canonical_payload = Form.like(canonical.exclusive(body[0]), gaps)
        for name, tag in (("digest", names.DIGEST_VALUE), ("signature", names.SIGNATURE_VALUE)):
            gaps[name] = (_found(tree, tag).text or "").encode()
        certificate = signer.certificate.public_bytes(Encoding.DER)
        gaps["certificate"] = base64.b64encode(certificate)
        self._envelope = Form.like(example, gaps)
        key = signer.certificate.public_key()
        if not isinstance(key, RSAPublicKey):
            raise TypeError(key)
        number = signer.certificate.serial_number
        serial = number.to_bytes(number.bit_length() // 8 + 1)  # as DER has it
        self._serial_octets = len(serial)
        self._certificate = Form.like(
            certificate,
            {
                "employer": EXAMPLE_BIN.encode(),
                "head": EXAMPLE_HEAD.encode(),
                "serial": serial,
                "modulus": key.public_numbers().n.to_bytes(_MODULUS_OCTETS, "big"),
                "signature": signer.certificate.signature,
            },
        )
        self._told = {
            "employer": EXAMPLE_BIN,
            "head": EXAMPLE_HEAD,
            "serial": f"{number:x}",
            "fingerprint": sha256(certificate).hexdigest(),
        }
        self._report: Form | None = None
        self._holder = lru_cache(maxsize=1)(self._holder_of)  # an employer tells of some contracts in a row

    def learn(self, report: Mapping[str, Any]) -> None:
        """What a verifier told of a message that the signer of the example has signed."""
        (signature,) = report["signatures"]
        told = {**self._told, "verified_at": report["verified_at"], "reference": signature["reference"]}
        self._report = Form.like(
            orjson.dumps(report, option=orjson.OPT_SORT_KEYS),
            {name: text.encode() for name, text in told.items()},
        )

    def sign(self, registration: Registration, verified_at: datetime) -> Signed:
        """The envelope, and what would have been told of it then."""
        if self._report is None:
            raise AssertionError
        holder = self._holder(registration.employer)
        values = {name: text.encode() for name, text in registration.values.items()}
        values["body_id"] = f"id-{registration.values['external_id'][::-1]}".encode()
        signature = shake_128(values["request_id"]).digest(_SIGNATURE_OCTETS)
        values["digest"] = base64.b64encode(sha256(self._canonical_body.fill(values)).digest())
        values["signature"] = base64.b64encode(signature)
        values["certificate"] = holder.certificate
        told = {
            **holder.told,
            "verified_at": verified_at.isoformat().encode(),
            "reference": b"#" + values["body_id"],
        }
        return Signed(
            self._envelope.fill(values),
            sha256(self._canonical_payload.fill(values)).digest(),
            self._report.fill(told),
            holder.head,
        )

    def _holder_of(self, employer: int) -> _Holder:
        """Of a certificate as long as the example's, with a subject, a number, a key and a signature of its own."""
        number, head = people.bin_of(employer), people.iin(HEADS + employer)
        filler = BytesIO(shake_128(number.encode()).digest(_FILLER_OCTETS))
        serial = b"\x40" + filler.read(self._serial_octets - 1)
        told = {"employer": number.encode(), "head": head.encode()}
        certificate = self._certificate.fill(
            {
                **told,
                "serial": serial,
                "modulus": b"\xc0" + filler.read(_MODULUS_OCTETS - 1),  # of as many bits as the example's
                "signature": filler.read(_SIGNATURE_OCTETS),
            }
        )
        told["serial"] = serial.hex().encode()
        told["fingerprint"] = sha256(certificate).hexdigest().encode()
        return _Holder(head, base64.b64encode(certificate), told)


def _found(tree: Element, tag: str) -> Element:
    return next(tree.iter(tag))


def _names() -> dict[str, str]:
    """Texts to stand in an example's gaps."""
    return {field: f"@{field}@" for field in re.findall(r"%\((\w+)\)s", _MESSAGE)}
