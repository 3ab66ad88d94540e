"""What the client makes of answers that no decent server gives, sent to it over HTTP as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from raw_server import CONTRACTS, RawServer, http

from esutd_bus.registries.access import BusAccess
from esutd_bus.registries.gbdfl import GbdflRegistry
from esutd_bus.registries.sync_channel import SyncChannel
from esutd_bus.registries.upstream import UpstreamRefused, UpstreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from esutd_bus.registries.person_registry import Person

IIN = "890312200172"
SOAP = 'xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'
PROCESSED = "<messageResult><code>00000</code></messageResult>"
PERSON = f"<persons><person><iin>{IIN}</iin><surname>САРСЕНБАЕВА</surname></person></persons>"


def envelope(inside: str) -> str:
    return f"<soap:Envelope {SOAP}><soap:Body>{inside}</soap:Body></soap:Envelope>"


def response(data: str, status: str = "<status><code>SCSS001</code><message/></status>") -> str:
    info = f"<responseInfo><messageId/><responseDate/>{status}<sessionId>no-braces</sessionId></responseInfo>"
    inside = f"<response>{info}<responseData>{data}</responseData></response>"
    return envelope(
        f'<a:SendMessageResponse xmlns:a="http://bip.bee.kz/SyncChannel/v10/types">{inside}</a:SendMessageResponse>'
    )


def fault(detail: str) -> str:
    return envelope(
        f"<soap:Fault><faultcode>soap:Server</faultcode><faultstring>Ошибка</faultstring>{detail}</soap:Fault>"
    )


def find(answering: Callable[[bytes], RawServer], text: str | bytes, status: str = "200 OK") -> Person | None:
    body = text if isinstance(text, bytes) else text.encode()
    access = BusAccess(answering(http(body, status)).url, "sender", deadline=30.0)
    return GbdflRegistry(SyncChannel(access, CONTRACTS, lambda _: None)).find(IIN)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(f"<data>{PROCESSED}{PERSON}</data>", id="plain"),
        pytest.param(f'<n:data xmlns:n="urn:n">{PROCESSED}{PERSON}</n:data>', id="data in a namespace"),
        pytest.param(f'<data xmlns="urn:n">{PROCESSED}{PERSON}</data>', id="all in a namespace"),
        pytest.param(f"<data><Response>{PROCESSED}{PERSON}</Response></data>", id="wrapped"),
        pytest.param(f"<data><![CDATA[<data>{PROCESSED}{PERSON}</data>]]></data>", id="CDATA"),
        pytest.param(
            f"<data>\n<![CDATA[<?xml version='1.0' encoding='windows-1251'?><r>{PROCESSED}{PERSON}</r>]]>\n</data>",
            id="text that declares another encoding",
        ),
        pytest.param(
            f'<data xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:t="urn:types" i:type="t:None">'
            f"{PROCESSED}{PERSON}</data>",
            id="a type nobody knows",
        ),
        pytest.param(
            f"<data><!-- a --><?b?>{PROCESSED}{PERSON}<s:Signature xmlns:s='u'/></data>", id="signed"
        ),
    ],
)
def test_the_person_is_found_however_the_data_come(
    answering: Callable[[bytes], RawServer], data: str
) -> None:
    assert find(answering, response(data)) == {
        "person": {"iin": IIN, "surname": "САРСЕНБАЕВА"},
        "documents": [],
    }


@pytest.mark.parametrize("code", ["SCSS001", "Success", "SUCCESS"])
def test_success_has_several_names(answering: Callable[[bytes], RawServer], code: str) -> None:
    answer = response(f"<data>{PROCESSED}{PERSON}</data>", f"<status><code>{code}</code></status>")

    assert find(answering, answer) is not None


@pytest.mark.parametrize("persons", ["", "<persons/>", "<persons> </persons>"])
def test_nobody_is_found(answering: Callable[[bytes], RawServer], persons: str) -> None:
    assert find(answering, response(f"<data>{PROCESSED}{persons}</data>")) is None


def test_another_person_is_not_handed_on(answering: Callable[[bytes], RawServer]) -> None:
    other = PERSON.replace(IIN, "850701100173")

    with pytest.raises(UpstreamUnavailable, match="about another person") as caught:
        find(answering, response(f"<data>{PROCESSED}{other}</data>"))
    assert "850701100173" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"", "200 OK", "HTTP 200: not XML"),
        (b"", "503 Busy", "HTTP 503: not XML"),
        (b"<html><body>Error<br></body></html>", "500 Oh", "HTTP 500: not XML"),
        (b"<html><body>Error</body></html>", "500 Oh", "HTTP 500: no answer of the synchronous channel"),
        (b"", "302 Found", "HTTP 302: not XML"),
        (b"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "200 OK", "HTTP 200: XML with a DTD"),
        (envelope("").encode(), "200 OK", "HTTP 200: no answer of the synchronous channel"),
        (envelope("<a/>").encode(), "200 OK", "HTTP 200: no answer of the synchronous channel"),
        (
            response(f"<data>{PROCESSED}</data>").encode(),
            "500 Oh",
            "HTTP 500: no answer of the synchronous channel",
        ),
        (response("").encode(), "200 OK", "the answer has no data"),
        (response("<data/>").encode(), "200 OK", "the answer's data: not XML"),
        (response("<data>&lt;a></data>").encode(), "200 OK", "the answer's data: not XML"),
        (
            response("<data>&lt;!DOCTYPE a>&lt;a/></data>").encode(),
            "200 OK",
            "the answer's data: XML with a DTD",
        ),
        (response("<data><a/></data>").encode(), "200 OK", "the answer has no messageResult"),
        (response(f"<data>{PROCESSED}</data>").encode()[:-9], "200 OK", "HTTP 200: not XML"),
    ],
)
def test_it_is_no_answer(
    answering: Callable[[bytes], RawServer], body: bytes, status: str, message: str
) -> None:
    with pytest.raises(UpstreamUnavailable) as caught:
        find(answering, body, status)

    assert (caught.value.code, caught.value.message) == (None, message)


def error_info(code: str, text: str, below: str = "") -> str:
    return f"<errorCode>{code}</errorCode><errorMessage>{text}</errorMessage>{below}"


CAUSE = f"<subError>{error_info('E2', 'Нет прав')}</subError>"


@pytest.mark.parametrize(
    ("detail", "code", "message"),
    [
        ("", "Server", "Ошибка"),
        ("<detail/>", "Server", "Ошибка"),
        ("<detail><a/></detail>", "Server", "Ошибка"),
        (f"<detail><x:Any xmlns:x='u'>{error_info('E1', 'Нет прав')}</x:Any></detail>", "E1", "Нет прав"),
        (
            f"<detail><e>{error_info('E1', 'Сервис не ответил', CAUSE)}</e></detail>",
            "E2",
            "Сервис не ответил: Нет прав",
        ),
        ("<detail><e><errorCode/></e></detail>", "Server", "Ошибка"),
    ],
)
@pytest.mark.parametrize("status", ["500 Oh", "200 OK"])
def test_a_fault_is_told_in_the_upstream_s_words(
    answering: Callable[[bytes], RawServer], detail: str, code: str, message: str, status: str
) -> None:
    with pytest.raises(UpstreamRefused) as caught:
        find(answering, fault(detail), status)

    assert (caught.value.code, caught.value.message) == (code, message)
