"""Envelopes of the bus, written out by hand from what travels on the wire."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

import requests

from support.messages import SOAP, Reply

SYNC = "http://bip.bee.kz/SyncChannel/v10/Types"
CLIENT = "http://bip.bee.kz/AsyncChannel/v10/Types/Client"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def payload_of(envelope: bytes) -> str:
    """The Body's element as text, as it stands there: not a declaration more, for it may be signed."""
    found = re.search(r"<soap:Body[^>]*>(.*)</soap:Body>", envelope.decode(), re.DOTALL)
    assert found is not None
    return found[1]


def session() -> str:
    """A fresh session's id, without braces."""
    return str(uuid4())


def send_message(
    data: str,
    *,
    service_id: str = "EmploymentContracts",
    session_id: str | None = None,
    correlation_id: str | None = None,
    properties: str = "",
    types: str = "",
    declared: str = "",
    info: str | None = None,
) -> bytes:
    """`SendMessage` around `data`, which is the whole element. `types`: `xsi:type` of `request`; `declared`: xmlns."""
    optional = "" if correlation_id is None else f"<correlationId>{correlation_id}</correlationId>"
    ending = "" if session_id is None else f"<sessionId>{session_id}</sessionId>"
    said = (
        info
        if info is not None
        else (
            f"<messageId>{uuid4()}</messageId>{optional}<serviceId>{service_id}</serviceId>"
            "<messageDate>2026-02-03T04:05:06.789+05:00</messageDate>"
            f"<sender><senderId>hr-system</senderId><password>123</password></sender>{properties}{ending}"
        )
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><S:Envelope xmlns:S="{SOAP}"><S:Header/><S:Body>'
        f'<ns3:SendMessage xmlns:ns3="{SYNC}" xmlns=""{declared}><request{types}><requestInfo>{said}</requestInfo>'
        f"<requestData>{data}</requestData></request></ns3:SendMessage></S:Body></S:Envelope>"
    ).encode()


def plain(payload: str) -> str:
    """`data` that holds XML."""
    return f"<data>{payload}</data>"


def prefixed(payload: str) -> str:
    """`data` with a prefix and a type of its own, as it is seen in the field."""
    return (
        '<ns4:data xmlns:ns4="http://bip.bee.kz/SyncChannel/v10/Interfaces" xmlns:cs="urn:somebody"'
        f' xmlns:xsi="{XSI}" xsi:type="cs:Request">\n  {payload}\n</ns4:data>'
    )


def as_text(payload: str) -> str:
    """`data` that holds escaped text."""
    typed = f'xmlns:xsi="{XSI}" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xsi:type="xsd:string"'
    return f"<data {typed}>{escape(payload)}</data>"


def as_cdata(payload: str) -> str:
    """`data` that holds text in a CDATA section, with an XML declaration of its own."""
    return f'<data><![CDATA[<?xml version="1.0" encoding="windows-1251"?>{payload}]]></data>'


def delivered(
    data: str,
    *,
    message_id: str | None = None,
    correlation_id: str | None = None,
    message_type: str = "REQUEST",
    service_id: str = "EmploymentContracts",
    session_id: str | None = None,
) -> bytes:
    """The asynchronous channel's `sendMessage`, as the bus delivers it."""
    ids = "".join(
        f"<{name}>{value}</{name}>"
        for name, value in (("messageId", message_id), ("correlationId", correlation_id))
        if value is not None
    )
    ending = "" if session_id is None else f"<sessionId>{session_id}</sessionId>"
    return (
        f'<S:Envelope xmlns:S="{SOAP}"><S:Body><c:sendMessage xmlns:c="{CLIENT}"><request><messageInfo>{ids}'
        f"<serviceId>{service_id}</serviceId><messageType>{message_type}</messageType>"
        "<messageDate>2026-02-03T04:05:06Z</messageDate><sender><senderId>hr-system</senderId></sender>"
        f"<properties><key>ROUTE</key><value>7</value></properties>{ending}</messageInfo>"
        f"<messageData>{data}</messageData></request></c:sendMessage></S:Body></S:Envelope>"
    ).encode()


def status_changed(notification_id: str, message_id: str, *, state: str = "NOT_DELIVERED") -> bytes:
    """`changeMassageStatusNotification`."""
    return (
        f'<S:Envelope xmlns:S="{SOAP}"><S:Body><c:changeMassageStatusNotification xmlns:c="{CLIENT}"><request>'
        f"<notification><notificationId>{notification_id}</notificationId><messageId>{message_id}</messageId>"
        f"<notificationDate>2026-02-03T04:05:06Z</notificationDate><messageState>{state}</messageState>"
        "<status><statusCode>SCE001</statusCode><statusMessage>нет связи</statusMessage>"
        "<statusDate>2026-02-03T04:05:05Z</statusDate></status></notification>"
        "<requestDate>2026-02-03T04:05:06Z</requestDate></request></c:changeMassageStatusNotification>"
        "</S:Body></S:Envelope>"
    ).encode()


def post(url: str, channel: str, message: bytes) -> Reply:
    """Sends a message to `/shep/sync` or `/shep/async`."""
    answer = requests.post(
        f"{url}/shep/{channel}",
        data=message,
        headers={"Content-Type": "application/xml; charset=utf-8", "SOAPAction": '""'},
        timeout=30,
    )
    return Reply(answer.status_code, answer.content, answer.headers)


def status(reply: Reply) -> tuple[str | None, str | None]:
    """(code, message) of a `SendMessageResponse`."""
    info = reply.root.find(f".//{{{SYNC}}}SendMessageResponse/response/responseInfo")
    return info.findtext("status/code"), info.findtext("status/message")


def data(reply: Reply) -> Any:
    """What `data` of a `SendMessageResponse` holds."""
    (held,) = reply.root.find(f".//{{{SYNC}}}SendMessageResponse/response/responseData/data")
    return held


def error_info(reply: Reply) -> dict[str, str | None]:
    """The `ErrorInfo` of a fault, with the name of the element that is one."""
    (info,) = reply.root.find(f".//{{{SOAP}}}Fault/detail")
    return {"element": info.tag, **{part.tag: part.text for part in info}}
