"""Distinct RegisterContract messages, signed beforehand: generators of load must not spend their time on that."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from benchmarks.messages import EMPLOYER
from esutd_bus.register.calendar import ALMATY, today
from esutd_bus.signature.signing import sign_wsse
from esutd_bus.testbed.placeholders import invented_iin
from esutd_bus.testbed.test_ca import TestCa

if TYPE_CHECKING:
    from collections.abc import Iterable

_MESSAGE: Final = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    '<{operation} xmlns="urn:esutd-bus:contracts:v1" xmlns:c="urn:esutd-bus:common:v1">'
    "<requestHeader><c:requestId>{request}</c:requestId><c:sentAt>{sent_at}</c:sentAt>"
    "<c:system>1C:ЗУП 3.1</c:system></requestHeader><employer><c:iin>660501200403</c:iin></employer>"
    "{contracts}</{operation}></soap:Body></soap:Envelope>"
)
_CONTRACT: Final = (
    "<contract><externalId>{external}</externalId><number>ТД-{external}</number>"
    "<concludedOn>{day}</concludedOn><employee><iin>{iin}</iin></employee><startsOn>{day}</startsOn>"
    "<term><termCode>1</termCode></term><positionCode>2511-1-002</positionCode>"
    "<establishedPost>Системный аналитик</establishedPost><employmentTypeCode>2</employmentTypeCode>"
    "<workingTime><workingHoursCode>3</workingHoursCode><tariffRate>0.5</tariffRate></workingTime>"
    "<remoteWorkCode>3</remoteWorkCode><workPlace><countryCode>398</countryCode><katoCode>751410000</katoCode>"
    "<address>г. Алматы, Бостандыкский район, пр. Абая, 10</address></workPlace></contract>"
)

_AT_ONCE: Final = 250


def registration(ca: TestCa, day: date) -> bytes:
    """A signed RegisterContract, about 3.9 KB: a contract of its own, concluded on the day, with its own employee."""
    return _signed(ca, "RegisterContract", _contract(day))


def batch(ca: TestCa, day: date, contracts: int) -> bytes:
    """A signed SubmitBatch of so many such contracts."""
    return _signed(ca, "SubmitBatch", "".join(_contract(day) for _ in range(contracts)))


def _contract(day: date) -> str:
    return _CONTRACT.format(external=uuid4(), day=day, iin=invented_iin(uuid4))


def _signed(ca: TestCa, operation: str, contracts: str) -> bytes:
    sent_at = datetime.now(ALMATY).isoformat(timespec="seconds")
    text = _MESSAGE.format(operation=operation, request=uuid4(), sent_at=sent_at, contracts=contracts)
    return sign_wsse(text.encode(), ca.identity(EMPLOYER))


def write_registrations(file: Path, ca: Path, count: int) -> None:
    """So many messages into a file, in the form of `distinct.lua`; by both cores."""
    day = today(datetime.now(UTC))
    with ProcessPoolExecutor() as pool, file.open("wb") as out:
        for start in range(0, count, _AT_ONCE * 8):
            sizes = [
                min(_AT_ONCE, count - at) for at in range(start, min(start + _AT_ONCE * 8, count), _AT_ONCE)
            ]
            out.writelines(pool.map(_some, [ca] * len(sizes), sizes, [day] * len(sizes)))


def write_batches(file: Path, ca: TestCa, count: int, contracts: int) -> None:
    """So many batches of so many contracts, likewise."""
    day = today(datetime.now(UTC))
    file.write_bytes(b"".join(_framed(batch(ca, day, contracts) for _ in range(count))))


def _some(ca: Path, count: int, day: date) -> bytes:
    return b"".join(_framed(registration(_opened(ca), day) for _ in range(count)))


def _framed(messages: Iterable[bytes]) -> Iterable[bytes]:
    for message in messages:
        yield b"%d\n%b" % (len(message), message)


@cache
def _opened(ca: Path) -> TestCa:
    return TestCa.ensure(ca)
