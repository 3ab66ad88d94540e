"""The synchronous channel of the bus, called with zeep: `SendMessage`.

zeep makes the request from the WSDL. The answer is read by local names (`lenient`): in real traffic `data`
carries prefixes, types and escaped text that a reading to the letter of the schema refuses.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import zeep
from zeep.xsd import AnyObject, String

from esutd_bus.registries.channel_answer import answered
from esutd_bus.registries.lenient import (
    UnreadableXmlError,
    descend,
    parse,
    text_at,
)
from esutd_bus.registries.transport import ChannelTransport, HttpAnswer
from esutd_bus.registries.upstream import UpstreamRefused, UpstreamUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from lxml.etree import _Element as Element

    from esutd_bus.registries.access import BusAccess
    from esutd_bus.registries.answer_signature import AnswerSignatures
    from esutd_bus.registries.exchange import ExchangeKeeper

_BINDING = "{http://bip.bee.kz/SyncChannel/v10/Interfaces/Binding2}SyncChannelHttpBinding"
_TEXT = String()  # type: ignore[no-untyped-call]  # zeep annotates in part
_SUCCESS = frozenset({"scss001", "success"})
_HTTP_OK = 200


class SyncChannel:
    """Asks services of the bus and waits for their answers. Safe to use from many threads.

    Args:
        access: where the bus is, and as whom it is called.
        contracts: the directory with `wsdl/` and `xsd/`; nothing is read from anywhere else.
        keep: told of every call, for the journal.
        signatures: judges the document signatures of answers; without it nobody looks at them.
    """

    def __init__(
        self,
        access: BusAccess,
        contracts: Path,
        keep: ExchangeKeeper,
        signatures: AnswerSignatures | None = None,
    ) -> None:
        self.access = access
        self._signatures = signatures
        self._schemas = contracts.resolve() / "xsd" / "shep"
        self._client = zeep.Client(  # type: ignore[no-untyped-call]  # zeep annotates in part
            str(contracts.resolve() / "wsdl" / "shep" / "SyncChannel.wsdl"),
            transport=ChannelTransport(access, contracts, keep),
            settings=zeep.Settings(raw_response=True, forbid_dtd=True, forbid_external=True),
        )
        self._service = self._client.create_service(  # type: ignore[no-untyped-call]  # zeep annotates in part
            _BINDING, access.url
        )

    def payload_type(self, schema: str, name: str) -> Any:
        """The zeep type (Clark name) that a service expects in `data`, from a file beside the channel's."""
        self._client.wsdl.types.add_document_by_url(str(self._schemas / schema))
        return self._client.get_type(name)  # type: ignore[no-untyped-call]  # zeep annotates in part

    def send(
        self, service_id: str, payload_type: Any, payload: dict[str, Any], message_id: str | None = None
    ) -> Element:
        """Sends business data to a service.

        Returns:
            The element whose children are the answer's business data: `data`, or the root of the text in it; of signed
            data the very document that was verified.

        Raises:
            UpstreamTimeout, UpstreamUnavailable, UpstreamRefused, AnswerNotBelieved: see there.
        """
        return self._send(
            service_id,
            message_id or str(uuid4()),
            AnyObject(payload_type, payload_type(**payload)),  # type: ignore[no-untyped-call]  # zeep annotates in part
        )

    def send_text(self, service_id: str, document: str) -> Element:
        """Sends business data that travel as text: a signed document, say. Otherwise as `send`."""
        return self._send(service_id, str(uuid4()), AnyObject(_TEXT, document))  # type: ignore[no-untyped-call]  # zeep annotates in part

    def _send(self, service_id: str, message_id: str, data: AnyObject) -> Element:
        answer = self._service.SendMessage(
            request={
                "requestInfo": {
                    "messageId": message_id,
                    "serviceId": service_id,
                    "messageDate": datetime.now(UTC),
                    "sender": {"senderId": self.access.sender_id, "password": self.access.password},
                },
                "requestData": {"data": data},
            }
        )
        return self._business_data(_response(answer), answer.body)

    def _business_data(self, response: Element, raw: bytes) -> Element:
        data = descend(response, "responseData/data")
        if data is None:
            raise UpstreamUnavailable("the answer has no data")
        if len(data):
            return self._signatures.of_element(data, raw) if self._signatures else data
        text = (data.text or "").strip()
        try:
            root = parse(text.encode(), encoding="utf-8")
        except UnreadableXmlError as error:
            raise UpstreamUnavailable(f"the answer's data: {error}") from error
        return self._signatures.of_document(root, text) if self._signatures else root


def _response(answer: HttpAnswer) -> Element:
    """`SendMessageResponse/response` of an answer that succeeded."""
    response = answered(answer, "SendMessageResponse/response", "synchronous")
    status = descend(response, "responseInfo/status")
    code = text_at(status, "code")
    if code is not None and code.casefold() not in _SUCCESS:
        raise UpstreamRefused(code, text_at(status, "message") or "")
    return response
