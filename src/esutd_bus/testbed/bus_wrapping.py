"""A fixture by the bus: its message inside of `SendMessage`, and what `SendMessageResponse` says in place of an answer.

What is signed stays what it is: text is put around the payload, none of it is rewritten.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

from lxml import etree

from esutd_bus.testbed.answers import Answer, read_answer
from esutd_bus.testbed.expectation import ExpectedSignature
from esutd_bus.testbed.xml import SOAP, body_element, parse

if TYPE_CHECKING:
    from datetime import datetime

    from esutd_bus.testbed.expectation import Expectation

SYNC_PATH = "/shep/sync"

_TYPES = "http://bip.bee.kz/SyncChannel/v10/Types"
_RESPONSE = f"{{{_TYPES}}}SendMessageResponse"
_BODY = re.compile(r"(<(?:[\w.-]+:)?Body(?:\s[^>]*)?>)(.*)(</(?:[\w.-]+:)?Body\s*>)", re.DOTALL)
_MESSAGE_LENGTH = 250
_SUCCESS = "SCSS001"
_SERVERS = frozenset({"ESB007", "ESB008"})
"""Codes that a direct answer tells as `soap:Server`."""


def in_send_message(envelope: str, service_id: str, made_at: datetime) -> str:
    """The envelope with `SendMessage` around what its Body holds; one without a Body as it is."""
    before = (
        f'<bus:SendMessage xmlns:bus="{_TYPES}"><request><requestInfo><messageId>{uuid4()}</messageId>'
        f"<correlationId>{uuid4()}</correlationId><serviceId>{service_id}</serviceId>"
        f"<messageDate>{made_at.isoformat()}</messageDate><sender><senderId>replay</senderId></sender>"
        f"<sessionId>{{{uuid4()}}}</sessionId></requestInfo><requestData><data>"
    )
    after = "</data></requestData></request></bus:SendMessage>"
    # An envelope out of the ordinary (nested, or without a Body) is wrapped where it can be, and only there.
    return _BODY.sub(lambda found: f"{found[1]}{before}{found[2]}{after}{found[3]}", envelope, count=1)


def with_document(expect: Expectation) -> tuple[list[ExpectedSignature], list[ExpectedSignature]]:
    """(what signs the document, what signs the envelope): a `signer` of the envelope signs its document too."""
    documents = [each for each in expect.all_signatures if each.profile == "document"]
    transport = [each for each in expect.all_signatures if each.profile != "document"]
    if transport and not documents and not expect.signatures:
        documents = [ExpectedSignature(signer=transport[0].signer, profile="document")]
    return documents, transport


def direct_equivalent(answer: Answer, sent: bytes) -> Answer:
    """What a direct answer would have been that says the same; what breaks the bus's own rules is `unreadable`.

    `sent`: the request's bytes, whose ids must come back.
    """
    if answer.faultcode is not None:
        return answer
    if answer.payload is None or answer.payload.tag != _RESPONSE:
        return replace(answer, unreadable=answer.unreadable or "neither SendMessageResponse nor a Fault")
    response = answer.payload
    data = response.findall("response/responseData/data/*")
    code = response.findtext("response/responseInfo/status/code", "")
    if len(data) != 1:
        return replace(answer, unreadable=f"data holds {len(data)} elements")
    inner = etree.tostring(data[0], encoding="unicode", with_tail=False)
    succeeded = code == _SUCCESS
    envelope = (
        inner
        if succeeded
        else f"<Fault xmlns='{SOAP}'>{_fault(code)}<detail xmlns=''>{inner}</detail></Fault>"
    )
    direct = read_answer(
        200 if succeeded else 500,
        answer.headers,
        f"<Envelope xmlns='{SOAP}'><Body>{envelope}</Body></Envelope>".encode(),
    )
    return replace(direct, unreadable=direct.unreadable or _broken(answer, response, direct, sent))


def _fault(code: str) -> str:
    return f"<faultcode xmlns=''>soap:{'Server' if code in _SERVERS else 'Client'}</faultcode>"


def _broken(answer: Answer, response: etree._Element, direct: Answer, sent: bytes) -> str | None:
    """Which rule of the bus the response breaks."""
    if answer.status != 200:  # noqa: PLR2004  # HTTP
        return f"a SendMessageResponse came with HTTP {answer.status}"
    info = response.find("response/responseInfo")
    asked = body_element(parse(sent))
    said = None if asked is None else asked.find("request/requestInfo")
    if info is None or said is None:
        return "no responseInfo"
    for name in ("correlationId", "sessionId"):
        if info.findtext(name) != said.findtext(name):
            return f"{name} did not come back: {info.findtext(name)}"
    code, message = info.findtext("status/code"), info.findtext("status/message", "")
    first = direct.errors[0].code if direct.errors else _SUCCESS
    if code != first:
        return f"status {code}, but the data's first error is {first}"
    if not 0 < len(message) <= _MESSAGE_LENGTH:
        return f"a status message of {len(message)} characters"
    return None
