"""The messages that verifiers are timed on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esutd_bus.signature.signing import sign_wsse

if TYPE_CHECKING:
    from esutd_bus.signature.signing import KeyInfoForm
    from esutd_bus.testbed.test_ca import TestCa

EMPLOYER: Final = "individual-employer"
"""Who signs with RSA-2048: with that certificate the first message is of about 3.6 KB."""

GOST_EMPLOYER: Final = "gost-employer"

_OPENING: Final = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    '<{name} xmlns="urn:esutd-bus:contracts:v1" xmlns:c="urn:esutd-bus:common:v1">'
    "<requestHeader><c:requestId>0b9a3f5e-6f0c-4c8e-9a51-2f6d3c1b7e40</c:requestId>"
    "<c:sentAt>2024-05-20T10:15:30+05:00</c:sentAt><c:system>1C:ЗУП 3.1</c:system></requestHeader>"
    "<employer><c:iin>660501200403</c:iin></employer>"
)

_TERMINATION: Final = (
    _OPENING.format(name="TerminateContract")
    + "<contractRef><c:contractId>018f9d3a-52c1-7c44-b1e6-3d0f9a7b2c15</c:contractId></contractRef>"
    "<termination><terminatedOn>2024-05-20</terminatedOn><reasonCode>05</reasonCode></termination>"
    "</TerminateContract></soap:Body></soap:Envelope>"
)

CONTRACT: Final = (
    _OPENING.format(name="RegisterContract")
    + "<contract><externalId>5d0a6c2e-1f83-4b7a-8a0e-94c3b2d1e6f7</externalId><number>ТД-17/2024</number>"
    "<concludedOn>2024-05-20</concludedOn><employee><iin>850701100173</iin><surname>Жолдасов</surname>"
    "<name>Ернар</name><patronymic>Болатұлы</patronymic></employee><startsOn>2024-05-21</startsOn>"
    "<term><termCode>1</termCode></term><positionCode>2511-1-002</positionCode>"
    "<establishedPost>Системный аналитик</establishedPost><employmentTypeCode>2</employmentTypeCode>"
    "<workingTime><workingHoursCode>3</workingHoursCode><tariffRate>0.5</tariffRate>"
    "<restNote>Два выходных дня: суббота и воскресенье</restNote></workingTime>"
    "<remoteWorkCode>3</remoteWorkCode><workPlace><countryCode>398</countryCode><katoCode>751410000</katoCode>"
    "<address>г. Алматы, Бостандыкский район, пр. Абая, 10</address></workPlace>"
    "<liableForMilitaryService>true</liableForMilitaryService></contract>"
    "</RegisterContract></soap:Body></soap:Envelope>"
)


def termination(ca: TestCa, signer: str = EMPLOYER, key_info: KeyInfoForm = "KeyIdentifier") -> bytes:
    """A signed TerminateContract, in one line as clients' stacks write it: with RSA about 3.6 KB."""
    return sign_wsse(_TERMINATION.encode(), ca.identity(signer), key_info=key_info)


def contract(ca: TestCa) -> bytes:
    """A signed RegisterContract with all its parts: about 4.7 KB."""
    return sign_wsse(CONTRACT.encode(), ca.identity(EMPLOYER))
