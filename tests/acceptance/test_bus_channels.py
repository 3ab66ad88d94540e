"""The bus's channels as the wire has them: envelopes written by hand, in every shape the field is known to send."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4
from xml.sax.saxutils import escape

import psycopg
import pytest
import zeep
from click.testing import CliRunner
from lxml import etree
from zeep.transports import Transport

from esutd_bus.cli import main
from esutd_bus.settings import packaged
from esutd_bus.signature.signing import sign, sign_document, sign_wsse
from esutd_bus.testbed.test_ca import TestCa
from support import bus, messages
from support.batches import batch
from support.messages import COMMON, Reply, contract, register
from support.services import Service, esutd_bus, until

BRACED = re.compile(r"\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}")


@pytest.fixture
def document(ca: TestCa) -> str:
    """A contract to register, signed by its employer."""
    return bus.payload_of(sign_document(register(), ca.identity("employer")))


def by_bus(service: Service, ca: TestCa, message: bytes, channel: str = "sync", **how: Any) -> Reply:
    """What the bus is answered."""
    return bus.post(service.url, channel, sign(message, ca.identity("bus"), "wsse", **how))


def rows(service: Service, query: str, *values: Any) -> list[Any]:
    with psycopg.connect(service.database_url) as connection:
        return connection.execute(query, values).fetchall()


def registered(service: Service, request_id: str) -> int:
    """How many contracts came by a request."""
    found = rows(
        service,
        "SELECT count(*) FROM contract_event e JOIN message m ON m.id = e.message_id WHERE m.request_id = %s",
        request_id,
    )
    return int(found[0][0])


def request_id_of(document: str) -> str:
    found = etree.fromstring(document).find(f".//{{{COMMON}}}requestId")
    assert found is not None
    return str(found.text)


@pytest.mark.parametrize("around", [bus.plain, bus.prefixed, bus.as_text, bus.as_cdata])
def test_data_come_in_every_shape_of_the_field(
    service: Service, ca: TestCa, document: str, around: Any
) -> None:
    reply = by_bus(service, ca, bus.send_message(around(document)))
    assert (reply.status, bus.status(reply)) == (200, ("SCSS001", "Данные успешно обработаны"))
    answer = bus.data(reply)
    assert answer.tag == "{urn:esutd-bus:contracts:v1}RegisterContractResponse"
    UUID(answer.findtext("{*}contractId"))
    assert registered(service, request_id_of(document)) == 1


@pytest.mark.parametrize("spelling", ["Types", "types"])
def test_types_are_spelt_either_way(asgi: Service, ca: TestCa, document: str, spelling: str) -> None:
    declared = f' xmlns:xsi="{bus.XSI}" xmlns:q="http://bip.bee.kz/SyncChannel/v10/{spelling}/Request"'
    message = bus.send_message(
        bus.plain(document), declared=declared, types=' xsi:type="q:SyncSendMessageRequest"'
    )
    assert bus.status(by_bus(asgi, ca, message))[0] == "SCSS001"
    wrong = message.replace(b"q:SyncSendMessageRequest", b"q:SyncSendMessageResponse")
    assert bus.error_info(by_bus(asgi, ca, wrong))["errorCode"] == "ESB002"


@pytest.mark.parametrize("braces", ["{}", "{{{}}}"])
def test_a_session_comes_in_loosely_and_goes_out_in_braces(
    asgi: Service, ca: TestCa, document: str, braces: str
) -> None:
    session = bus.session()
    properties = "<properties><key>CONNECTOR_CLIENT</key><value>true</value></properties>"
    reply = by_bus(
        asgi,
        ca,
        bus.send_message(
            bus.plain(document),
            session_id=braces.format(session),
            correlation_id="chain-7",
            properties=properties,
        ),
    )
    info = reply.root.find(".//responseInfo")
    assert (info.findtext("sessionId"), info.findtext("correlationId")) == (f"{{{session}}}", "chain-7")
    (kept,) = rows(
        asgi,
        "SELECT session_id, correlation_id, service_id, sender_id, properties FROM bus_message WHERE message_id = %s",
        info.findtext("messageId"),
    )
    assert kept == (
        session,
        "chain-7",
        "EmploymentContracts",
        "hr-system",
        [{"key": "CONNECTOR_CLIENT", "value": "true"}],
    )


@pytest.mark.parametrize("session", ["{7}", "&lt;x/&gt;", "{{}}"])
def test_a_session_that_is_none_does_not_come_back(
    asgi: Service, ca: TestCa, document: str, session: str
) -> None:
    info = bus.error_info(by_bus(asgi, ca, bus.send_message(bus.plain(document), session_id=session)))
    assert info["errorCode"] == "ESB002"
    assert "sessionId" not in info


@pytest.mark.parametrize(
    "empty", ["<{0}/>", '<{0} xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:nil="true"/>']
)
def test_what_is_empty_is_absent(asgi: Service, ca: TestCa, document: str, empty: str) -> None:
    message = bus.send_message(bus.plain(document), correlation_id="chain", session_id=bus.session())
    for name in ("correlationId", "sessionId"):
        message = re.sub(f"<{name}>[^<]*</{name}>".encode(), empty.format(name).encode(), message)
    reply = by_bus(asgi, ca, message)
    assert bus.status(reply)[0] == "SCSS001"
    assert reply.text("correlationId") is reply.text("sessionId") is None


@pytest.mark.parametrize("key_info", ["KeyIdentifier", "BinarySecurityToken", "X509Data", "X509IssuerSerial"])
def test_the_bus_names_its_certificate_in_any_form(
    asgi: Service, ca: TestCa, document: str, key_info: str
) -> None:
    reply = by_bus(asgi, ca, bus.send_message(bus.plain(document)), key_info=key_info)
    assert bus.status(reply)[0] == "SCSS001"


def test_a_refusal_is_a_status_and_tells_everything(service: Service, ca: TestCa) -> None:
    wrong = contract(number="", startsOn="2020-13-40", employee={"iin": "000000000001"})
    refused = sign_document(register(contract=wrong), ca.identity("employer"))
    reply = by_bus(service, ca, bus.send_message(bus.plain(bus.payload_of(refused))))
    directly = messages.post(service.url, refused)
    code, message = bus.status(reply)
    assert reply.status == 200
    assert message is not None
    assert code == directly.codes[0]
    assert len(message) <= 250
    fault = bus.data(reply)
    assert fault.tag == f"{{{COMMON}}}RegisterFault"
    assert reply.fields == directly.fields
    assert len(reply.fields) > 2


def test_a_refused_signature_is_a_status(service: Service, ca: TestCa, document: str) -> None:
    reply = by_bus(service, ca, bus.send_message(bus.plain(document.replace("Инженер", "Директор"))))
    assert (reply.status, bus.status(reply)[0]) == (200, "SCSE001")
    assert bus.data(reply).findtext(f"{{{COMMON}}}error/{{{COMMON}}}reason") == "digest-mismatch"


def test_a_long_text_is_shortened_and_whole_in_the_data(asgi: Service, ca: TestCa) -> None:
    other = bus.payload_of(sign_document(register(), ca.identity("employee")))
    reply = by_bus(asgi, ca, bus.send_message(bus.plain(other)))
    code, message = bus.status(reply)
    assert code == "ESB005"
    assert message is not None
    whole = bus.data(reply).findtext(f"{{{COMMON}}}error/{{{COMMON}}}messageRu")
    assert len(whole) > 250
    assert (len(message), whole.startswith(message[:-1])) == (250, True)


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        ((b"<serviceId>EmploymentContracts", b"<serviceId>Nobody"), "ESB003", "serviceId"),
        ((b"<messageDate>2026-02", b"<messageDate>yesterday"), "ESB002", "messageDate"),
        ((b"<senderId>hr-system</senderId>", b""), "ESB002", "senderId"),
        ((b"<password>123</password>", b"<password>1</password><role/>"), "ESB002", "role"),
        ((b"SendMessage", b"GetMessage"), "ESB003", "GetMessage"),
        ((b"requestData>", b"payload>"), "ESB002", "payload"),
        ((b"<request>", b"<request>loose text"), "ESB002", "text|content"),
    ],
)
def test_a_broken_wrapper_is_an_error_info(
    service: Service, ca: TestCa, document: str, change: tuple[bytes, bytes], code: str, reason: str
) -> None:
    session = bus.session()
    reply = by_bus(service, ca, bus.send_message(bus.plain(document), session_id=session).replace(*change))
    info = bus.error_info(reply)
    assert (reply.status, reply.text("faultcode")) == (500, "soap:Client")
    assert info["element"] == f"{{{bus.SYNC}}}SendMessageFault1_SendMessageFault"
    assert info["errorCode"] == code
    assert re.search(reason, info["errorData"] or "")
    assert BRACED.fullmatch(info.get("sessionId") or f"{{{session}}}")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("<data/>", "ESB002"),
        ("<data>not XML</data>", "ESB001"),
        ("<data>&lt;!DOCTYPE a&gt;&lt;a/&gt;</data>", "ESB002"),
        ("<data>{0}{0}</data>", "ESB002"),
        ("<data>text {0}</data>", "ESB002"),
        ("", "ESB002"),
    ],
)
def test_data_that_carry_no_message_are_an_error_info(
    asgi: Service, ca: TestCa, document: str, data: str, code: str
) -> None:
    session = bus.session()
    info = bus.error_info(by_bus(asgi, ca, bus.send_message(data.format(document), session_id=session)))
    assert info["errorCode"] == code


@pytest.mark.parametrize(
    ("message", "content_type", "status", "code"),
    [
        (b"{}", "text/xml", 500, "ESB001"),
        (b"<a/>", "text/xml", 500, "ESB002"),
        (b"x" * 200_000, "application/json", 415, "ESB002"),
    ],
)
def test_what_is_no_envelope_is_an_error_info_too(
    service: Service, message: bytes, content_type: str, status: int, code: str
) -> None:
    answer = messages.requests.post(
        f"{service.url}/shep/sync", data=message, headers={"Content-Type": content_type}, timeout=30
    )
    reply = Reply(answer.status_code, answer.content, answer.headers)
    assert (reply.status, bus.error_info(reply)["errorCode"]) == (status, code)


def test_an_unknown_root_is_refused_by_the_service_that_was_asked(asgi: Service, ca: TestCa) -> None:
    reply = by_bus(asgi, ca, bus.send_message('<data><a xmlns="urn:nobody"/></data>'))
    assert (reply.status, bus.status(reply)[0]) == (200, "ESB003")


def test_a_payload_without_its_own_signature_passes_where_the_senders_entry_says_so(
    asgi: Service, ca: TestCa
) -> None:
    def sent() -> Reply:
        message = bus.send_message(bus.plain(bus.payload_of(register("940340000421"))))
        return bus.post(asgi.url, "sync", sign_wsse(message, ca.identity("other-employer")))

    reply = sent()
    assert (bus.status(reply)[0], reply.text("reason")) == ("SCSE001", "absent")
    change = esutd_bus(
        "partners",
        "add",
        "940340000421",
        "--kind",
        "employer",
        "--no-document-required",
        settings=asgi.environment,
    )
    assert change.returncode == 0, change.stderr
    until(lambda: bus.status(sent())[0] == "SCSS001")


def test_one_answer_however_a_request_comes(service: Service, ca: TestCa) -> None:
    """Directly, by the bus, and directly again: one contract, and the same answer, byte for byte."""
    message = sign_document(register(), ca.identity("employer"))
    document = bus.payload_of(message)
    first = bus.data(by_bus(service, ca, bus.send_message(bus.plain(document))))
    directly = messages.post(service.url, message)
    again = by_bus(service, ca, bus.send_message(bus.as_text(document), session_id=bus.session()))
    assert directly.status == 200
    canonical = etree.tostring(first, method="c14n", exclusive=True)
    assert etree.tostring(directly.root[0][0], method="c14n", exclusive=True) == canonical
    assert etree.tostring(bus.data(again), method="c14n", exclusive=True) == canonical
    assert messages.post(service.url, message).body == messages.post(service.url, message).body
    assert registered(service, request_id_of(document)) == 1


def test_a_refusal_of_before_is_told_either_way(asgi: Service, ca: TestCa) -> None:
    message = sign_document(register(contract=contract(positionCode="0000-0-000")), ca.identity("employer"))
    by_the_bus = by_bus(asgi, ca, bus.send_message(bus.plain(bus.payload_of(message))))
    directly = messages.post(asgi.url, message)
    assert (directly.status, directly.text("faultcode")) == (500, "soap:Client")
    assert (directly.text("faultstring") or "").startswith("SCSE")
    assert directly.codes == by_the_bus.codes
    assert directly.text("correlationId") == by_the_bus.text("correlationId")


class Signing(Transport):
    """zeep's transport, whose messages the bus's key signs."""

    def __init__(self, ca: TestCa) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._key = ca.identity("bus")

    def post(self, address: str, message: bytes, headers: Any) -> Any:
        return super().post(address, sign_wsse(message, self._key), headers)  # type: ignore[no-untyped-call]


def test_a_zeep_client_of_the_bus_gets_what_a_direct_one_gets(service: Service, ca: TestCa) -> None:
    client = zeep.Client(f"{service.url}/shep/sync?wsdl", transport=Signing(ca))  # type: ignore[no-untyped-call]
    message = sign_document(register(), ca.identity("employer"))
    response = client.service.SendMessage(
        request={
            "requestInfo": {
                "messageId": str(uuid4()),
                "serviceId": "EmploymentContracts",
                "messageDate": "2026-02-03T04:05:06Z",
                "sender": {"senderId": "zeep"},
                "sessionId": f"{{{bus.session()}}}",
            },
            "requestData": {"data": bus.payload_of(message)},
        }
    )
    assert response.responseInfo.status.code == "SCSS001"
    (answer,) = response.responseData.data
    directly = messages.post(service.url, message).root[0][0]
    assert answer.findtext("{*}contractId") == directly.findtext("{*}contractId")


def test_an_unsigned_wrapper_of_a_signed_document_is_taken_as_a_direct_one_is(
    asgi: Service, document: str
) -> None:
    assert bus.status(bus.post(asgi.url, "sync", bus.send_message(bus.plain(document))))[0] == "SCSS001"


@pytest.mark.parametrize(
    "data",
    [
        "{signed}<data>{evil}</data>",
        "<data>{evil}</data><data>{signed}</data>",
        "<data>{signed}</data><data>{evil}</data>",
        "<data><data>{signed}</data></data>",
        "<data>{evil}{signed}</data>",
        "<data>{escaped}{signed}</data>",
        "<data>{signed}{escaped}</data>",
        "</requestData></request><request><requestInfo/><requestData><data>{evil}</data>",
        "<data>{inside}</data>",
    ],
)
def test_what_is_not_the_one_signed_payload_has_no_effect(asgi: Service, document: str, data: str) -> None:
    """A signed document goes elsewhere in an unsigned wrapper, and another one takes its place."""
    evil = bus.payload_of(register())
    inside = evil.replace("</v1:RegisterContract>", f"{document}</v1:RegisterContract>")
    shapes = {"signed": document, "evil": evil, "escaped": escape(evil), "inside": inside}
    reply = bus.post(asgi.url, "sync", bus.send_message(data.format(**shapes)))
    assert reply.codes != ["SCSS001"]
    assert reply.text("code") != "SCSS001"
    assert registered(asgi, request_id_of(document)) == registered(asgi, request_id_of(evil)) == 0


def test_a_batch_by_the_bus_may_be_as_large_as_a_direct_one(service: Service, ca: TestCa) -> None:
    entries = [contract(establishedPost="Ж" * 250) for _ in range(120)]
    data = bus.plain(bus.payload_of(sign_document(batch(*entries), ca.identity("employer"))))
    assert len(data) > 102_400
    assert bus.status(by_bus(service, ca, bus.send_message(data)))[0] == "SCSS001"
    large = register(contract=contract(establishedPost="Ж" * 110_000))
    refused = by_bus(service, ca, bus.send_message(bus.plain(bus.payload_of(large))))
    assert (refused.status, bus.error_info(refused)["errorCode"]) == (413, "SCSE999")


# --- the asynchronous channel


def test_a_request_is_acknowledged_and_its_answer_waits_to_be_sent(
    service: Service, ca: TestCa, document: str
) -> None:
    message_id, correlation_id, session = str(uuid4()), str(uuid4()), bus.session()
    message = bus.delivered(
        bus.plain(document), message_id=message_id, correlation_id=correlation_id, session_id=session
    )
    reply = by_bus(service, ca, message, "async")
    told = reply.root.find(f".//{{{bus.CLIENT}}}sendMessageResponse/response")
    assert reply.status == 200
    assert [part.tag for part in told] == ["messageId", "correlationId", "responseDate", "sessionId"]
    assert [told.findtext(name) for name in ("messageId", "correlationId", "sessionId")] == [
        message_id,
        correlation_id,
        f"{{{session}}}",
    ]
    ((service_id, code, data, asked),) = rows(
        service,
        "SELECT o.service_id, m.code, o.body, o.message_id FROM outbox o JOIN message m USING (id)"
        " WHERE o.correlation_id = %s",
        correlation_id,
    )
    answer = etree.fromstring(data)
    assert (service_id, code) == ("EmploymentContracts", "SCSS001")
    assert answer.tag == "{urn:esutd-bus:contracts:v1}RegisterContractResponse"
    assert answer.findtext(f"{{*}}receipt/{{{COMMON}}}messageId") == str(asked)
    assert registered(service, request_id_of(document)) == 1


@pytest.mark.parametrize("around", [bus.plain, bus.prefixed, bus.as_text, bus.as_cdata])
def test_what_is_delivered_again_has_its_one_effect(
    asgi: Service, ca: TestCa, document: str, around: Any
) -> None:
    message = bus.delivered(around(document), message_id=str(uuid4()), correlation_id=str(uuid4()))
    replies = [by_bus(asgi, ca, message, "async") for _ in range(3)]
    assert (
        len({(reply.status, reply.text("messageId"), reply.text("correlationId")) for reply in replies}) == 1
    )
    count = "SELECT count(*) FROM outbox WHERE correlation_id = %s"
    assert rows(asgi, count, replies[0].text("correlationId")) == [(1,)]
    assert registered(asgi, request_id_of(document)) == 1


def test_what_is_delivered_to_all_workers_at_once_has_its_one_effect(
    asgi: Service, ca: TestCa, document: str
) -> None:
    chain = str(uuid4())
    message = bus.delivered(bus.plain(document), message_id=str(uuid4()), correlation_id=chain)
    with ThreadPoolExecutor(12) as senders:
        replies = list(senders.map(lambda _: by_bus(asgi, ca, message, "async"), range(24)))
    assert {(reply.status, reply.text("correlationId")) for reply in replies} == {(200, chain)}
    assert rows(asgi, "SELECT count(*) FROM outbox WHERE correlation_id = %s", chain) == [(1,)]
    assert rows(asgi, "SELECT count(*) FROM bus_message WHERE correlation_id = %s", chain) == [(1,)]
    assert registered(asgi, request_id_of(document)) == 1


def test_a_request_that_is_asked_anew_is_answered_anew(asgi: Service, ca: TestCa, document: str) -> None:
    """The sender sends again: the bus has another message, and one contract is registered."""
    chains = [str(uuid4()) for _ in range(2)]
    for chain in chains:
        message = bus.delivered(bus.plain(document), message_id=str(uuid4()), correlation_id=chain)
        assert by_bus(asgi, ca, message, "async").status == 200
    answers = rows(asgi, "SELECT body FROM outbox WHERE correlation_id = ANY(%s)", chains)
    assert len(answers) == 2
    assert len(set(answers)) == 1
    assert registered(asgi, request_id_of(document)) == 1


def test_a_refusal_goes_back_as_a_response(asgi: Service, ca: TestCa) -> None:
    chain = str(uuid4())
    refused = sign_document(register("940340000421"), ca.identity("employer"))
    message = bus.delivered(bus.plain(bus.payload_of(refused)), message_id=str(uuid4()), correlation_id=chain)
    assert by_bus(asgi, ca, message, "async").status == 200
    ((code, data),) = rows(
        asgi, "SELECT m.code, o.body FROM outbox o JOIN message m USING (id) WHERE correlation_id = %s", chain
    )
    assert (code, etree.fromstring(data).tag) == ("SCSE046", f"{{{COMMON}}}RegisterFault")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ((b"EmploymentContracts", b"Nobody"), "ESB003"),
        ((b"REQUEST", b"NOTIFICATION"), "ESB003"),
        ((b"REQUEST", b"COMMAND"), "ESB002"),
        (("Инженер".encode(), "Директор".encode()), "SCSE001"),
    ],
)
def test_what_is_not_taken_is_a_typed_fault_and_nothing_is_sent(
    service: Service, ca: TestCa, document: str, change: tuple[bytes, bytes], code: str
) -> None:
    chain = str(uuid4())
    message = bus.delivered(bus.plain(document), message_id=str(uuid4()), correlation_id=chain)
    reply = by_bus(service, ca, message.replace(*change), "async")
    info = bus.error_info(reply)
    assert (reply.status, info["errorCode"]) == (500, code)
    assert info["element"] == f"{{{bus.CLIENT}}}sendMessageFault1_sendMessageFault"
    assert rows(service, "SELECT 1 FROM outbox WHERE correlation_id = %s", chain) == []


def test_a_status_of_a_message_of_ours_is_kept_once(service: Service, ca: TestCa) -> None:
    notification, ours = str(uuid4()), str(uuid4())
    for _ in range(2):
        reply = by_bus(service, ca, bus.status_changed(notification, ours), "async")
        told = reply.root.find(f".//{{{bus.CLIENT}}}changeMassageStatusNotificationResponse/response")
        assert [part.tag for part in told] == ["responseDate", "sessionId"]
        assert BRACED.fullmatch(told.findtext("sessionId"))
    kept = "SELECT kind, state, code, told FROM bus_notice WHERE bus_message_id = %s"
    assert rows(service, kept, ours) == [("status", "NOT_DELIVERED", "SCE001", "нет связи")]


def test_a_status_is_believed_from_the_bus_alone(asgi: Service, ca: TestCa) -> None:
    ours = str(uuid4())
    message = bus.status_changed(str(uuid4()), ours)
    strange = bus.post(asgi.url, "async", sign_wsse(message, ca.identity("employer")))
    unsigned = bus.post(asgi.url, "async", message)
    for reply, code in ((strange, "ESB005"), (unsigned, "SCSE001")):
        info = bus.error_info(reply)
        assert (reply.status, info["errorCode"]) == (500, code)
        name = "changeMassageStatusNotificationFault1_changeMassageStatusNotificationFault"
        assert info["element"] == f"{{{bus.CLIENT}}}{name}"
    assert rows(asgi, "SELECT 1 FROM bus_notice WHERE bus_message_id = %s", ours) == []


def test_a_response_to_a_request_of_ours_is_kept_for_whoever_waits(asgi: Service, ca: TestCa) -> None:
    chain = str(uuid4())
    message = bus.delivered(
        "<data><anything/></data>",
        message_id=str(uuid4()),
        correlation_id=chain,
        message_type="RESPONSE",
        service_id="GBDFL_UniversalServiceSync",
    )
    for _ in range(2):
        assert by_bus(asgi, ca, message, "async").text("correlationId") == chain
    kept = rows(asgi, "SELECT kind, answer FROM bus_notice WHERE correlation_id = %s", chain)
    assert kept == [("answer", b"<anything/>")]
    without = re.sub(rb"<correlationId>[^<]*</correlationId>", b"", message)
    assert bus.error_info(by_bus(asgi, ca, without, "async"))["errorCode"] == "ESB002"


# --- documents


@pytest.mark.parametrize("channel", ["sync", "async"])
def test_the_contracts_are_served_whole(service: Service, channel: str) -> None:
    address = f"{service.url}/shep/{channel}"
    client = zeep.Client(f"{address}?wsdl")  # type: ignore[no-untyped-call]
    (served,) = client.wsdl.services.values()
    (port,) = served.ports.values()
    assert port.binding_options["address"] == address
    original = (
        packaged("wsdl") / "shep" / ("SyncChannel.wsdl" if channel == "sync" else "AsyncChannelClient.wsdl")
    )
    assert served.name == zeep.Client(str(original)).wsdl.services.popitem()[0]  # type: ignore[no-untyped-call]
    assert messages.requests.get(f"{address}?singleWsdl", timeout=10).status_code == 404
    assert messages.requests.get(f"{address}?xsd=nothing.xsd", timeout=10).status_code == 404


def test_an_operator_is_told_of_a_message_that_came_by_the_bus(
    asgi: Service, ca: TestCa, document: str
) -> None:
    chain = str(uuid4())
    message = bus.delivered(bus.plain(document), message_id=str(uuid4()), correlation_id=chain)
    by_bus(asgi, ca, message, "async")
    ((asked,),) = rows(asgi, "SELECT message_id FROM bus_message WHERE correlation_id = %s", chain)
    for number in (str(asked), request_id_of(document)):
        done = CliRunner().invoke(main, ["explain", number, "--json"], env=dict(asgi.environment))
        assert done.exit_code == 0, done.output
        assert {chain, "SCSS001", str(asked)} <= set(re.findall(r'"([^"]*)"', done.stdout))
