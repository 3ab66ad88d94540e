"""Signed messages for the measurements: of employers of the country, of its portal, of the labour authority."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from benchmarks.country.employers import Employer, employer
from benchmarks.country.messages import HEADS, registration_now, unsigned
from benchmarks.country.people import bin_of
from esutd_bus.register.calendar import ALMATY
from esutd_bus.signature.signing import sign_wsse
from esutd_bus.testbed.test_ca import TestCa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date
    from pathlib import Path
    from uuid import UUID

    from esutd_bus.signature.keys import SigningKey

    Make = Callable[[Path, Any], bytes]

CONTRACTS: Final = "/soap/contracts"
CABINET: Final = "/soap/cabinet"
AUTHORITY: Final = "/soap/authority"

_NEW_PEOPLE: Final = 2 * HEADS
"""From this number on people are those whom the measurements register."""

_AT_ONCE: Final = 250

_OPENING: Final = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    '<{operation} xmlns="urn:esutd-bus:{service}:v1" xmlns:c="urn:esutd-bus:common:v1">'
    "<requestHeader><c:requestId>{request}</c:requestId><c:sentAt>{sent_at}</c:sentAt>"
    "<c:system>{system}</c:system></requestHeader>"
)
_CLOSING: Final = "</{operation}></soap:Body></soap:Envelope>"
_EMPLOYER: Final = "<employer><c:bin>{bin}</c:bin></employer>"
_REFERENCE: Final = "<contractRef><c:contractId>{contract}</c:contractId></contractRef>"
_PAGE: Final = "<page><number>1</number><size>10</size></page>"
_AMENDMENT: Final = (
    "<amendment><externalId>{fresh}</externalId><number>ДС-{fresh}</number><concludedOn>{day}</concludedOn>"
    "<startsOn>{day}</startsOn><changes><positionCode>2512-1-002</positionCode>"
    "<establishedPost>Инженер-программист</establishedPost></changes></amendment>"
)


@dataclass(frozen=True, slots=True)
class Known:
    """A contract that the register holds."""

    id: UUID
    employer: int
    """Its number in the plan."""

    employee_iin: str


def register(ca: Path, numbered: tuple[int, int]) -> bytes:
    """RegisterContract: (a number that no other message has, the employer's)."""
    number, of = numbered
    told = registration_now(_NEW_PEOPLE + number, of, datetime.now(UTC))
    return sign_wsse(unsigned(told), _employer(ca, of))


def amend(ca: Path, known: Known) -> bytes:
    """AmendContract: another post."""
    more = _EMPLOYER + _REFERENCE + _AMENDMENT.replace("{fresh}", str(uuid4()))
    return _of_employer(ca, known, "AmendContract", more)


def get_contract(ca: Path, known: Known) -> bytes:
    """GetContract."""
    return _of_employer(ca, known, "GetContract", _EMPLOYER + _REFERENCE)


def find_contracts(ca: Path, known: Known) -> bytes:
    """FindContracts: the first page of the employer's."""
    return _of_employer(ca, known, "FindContracts", _EMPLOYER + "<criteria></criteria>" + _PAGE)


def get_employee_contracts(ca: Path, known: Known) -> bytes:
    """GetEmployeeContracts: as a portal asks."""
    whose = f"<employee><iin>{known.employee_iin}</iin></employee>"
    return _signed(_identity(ca, "portal"), "GetEmployeeContracts", "cabinet", whose + _PAGE)


def get_statistics(ca: Path, period: tuple[date, date], more: str = "") -> bytes:
    """GetStatistics of a period, in one figure each, or by what `more` says."""
    told = f"<period><firstDay>{period[0]}</firstDay><lastDay>{period[1]}</lastDay></period>{more}"
    return _signed(_identity(ca, "authority-officer"), "GetStatistics", "authority", told)


def write(file: Path, make: Make, ca: Path, subjects: Sequence[object]) -> None:
    """A message about each subject into a file, in the form of `distinct.lua`; by both cores."""
    some = [(make, ca, subjects[at : at + _AT_ONCE]) for at in range(0, len(subjects), _AT_ONCE)]
    if len(some) == 1:
        file.write_bytes(_some(*some))
        return
    with ProcessPoolExecutor() as pool, file.open("wb") as out:
        out.writelines(pool.map(_some, some))


def _some(given: tuple[Make, Path, Sequence[object]]) -> bytes:
    make, ca, subjects = given
    return b"".join(_framed(make(ca, subject) for subject in subjects))


def _framed(messages: Iterable[bytes]) -> Iterable[bytes]:
    for message in messages:
        yield b"%d\n%b" % (len(message), message)


def _of_employer(ca: Path, known: Known, operation: str, more: str) -> bytes:
    told = more.replace("{bin}", bin_of(known.employer)).replace("{contract}", str(known.id))
    day = datetime.now(ALMATY).date().isoformat()
    return _signed(_employer(ca, known.employer), operation, "contracts", told.replace("{day}", day))


def _signed(key: SigningKey, operation: str, service: str, more: str) -> bytes:
    opening = _OPENING.format(
        operation=operation,
        service=service,
        request=uuid4(),
        sent_at=datetime.now(ALMATY).isoformat(timespec="seconds"),
        system="1C:ЗУП 3.1",
    )
    return sign_wsse((opening + more + _CLOSING.format(operation=operation)).encode(), key)


@cache
def _opened(ca: Path) -> TestCa:
    return TestCa.load(ca)


@cache
def _employer(ca: Path, number: int) -> Employer:
    return employer(_opened(ca), number)


def _identity(ca: Path, name: str) -> SigningKey:
    return _opened(ca).identity(name)
