"""spyne as a binding generated at start-up: an Application and a Service of each service contract.

spyne routes a message to the method of its operation and carries bytes in and out. It neither decodes nor
models the message: `ContractSoap11` puts the bytes where spyne expects documents, and the engine does the
work. So none of what spyne's own decoding does to a message can happen: elements of foreign namespaces taken
for validated fields, `href` followed, `xsi:nil="false"` read as nil, empty bodies raising, bodies in the log.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from esutd_bus.edge.reply import Reply
from esutd_bus.edge.spyne_compatibility import (
    AnyXml,
    Application,
    InterfaceDocumentsBase,
    Service,
    Soap11,
    WsgiApplication,
    rpc,
)
from esutd_bus.passage import Incoming
from esutd_bus.soap.envelope import SoapError, open_envelope

if TYPE_CHECKING:
    from esutd_bus.soap.served import ServedContract

HandOver = Callable[[Incoming, dict[str, Any]], Reply]
"""Gives a message and the request's WSGI environment to the engine, and waits for the reply."""

_ANY_OPERATION = "AnyOperation"


def spyne_server(contract: ServedContract, hand_over: HandOver, max_body_bytes: int) -> WsgiApplication:
    """Spyne's WSGI application for the messages of one service contract. `hand_over` must not raise."""
    service = type(contract.name, (Service,), _methods(contract, hand_over))
    application = Application(
        [service],
        tns=contract.namespace,
        name=contract.name,
        in_protocol=ContractSoap11(contract.path),
        out_protocol=ContractSoap11(contract.path),
        documents_container=_NoDocuments,
    )
    return WsgiApplication(application, max_content_length=max_body_bytes)


def status_line(status: int) -> str:
    """`200 OK`."""
    return f"{status} {HTTPStatus(status).phrase}"


class ContractSoap11(Soap11):  # type: ignore[misc]  # spyne publishes no types
    """SOAP 1.1 whose documents are the message's bytes, in and out."""

    def __init__(self, service_path: str) -> None:
        super().__init__()
        self._service_path = service_path

    def create_in_document(self, ctx: Any, charset: str | None = None) -> None:
        """The document is the body as it came; the edge has judged its encoding."""
        del charset
        ctx.in_document = b"".join(ctx.in_string)

    def decompose_incoming_envelope(self, ctx: Any, message: Any = Soap11.REQUEST) -> None:
        """Look which operation is asked for; what is wrong with the envelope is the engine's to tell."""
        del message
        ctx.in_body_doc = ctx.in_document
        try:
            ctx.method_request_string = open_envelope(ctx.in_document).payload.tag
        except SoapError:
            ctx.method_request_string = _ANY_OPERATION

    def get_call_handles(self, ctx: Any) -> list[Any]:
        """The operation's method, or the one for every message of no known operation."""
        methods = self.app.interface.service_method_map
        known: list[Any] | None = methods.get(ctx.method_request_string)
        return known or methods[f"{{{self.app.tns}}}{_ANY_OPERATION}"]

    def deserialize(self, ctx: Any, message: Any) -> None:
        """The method's one argument is the message for the engine."""
        del message
        ctx.in_object = Incoming(self._service_path, ctx.in_document)

    def serialize(self, ctx: Any, message: Any) -> None:
        """The method's result is the whole reply: status, headers, bytes."""
        del message
        if ctx.out_error is not None:
            raise ctx.out_error
        reply: Reply = ctx.out_object[0]
        ctx.transport.resp_code = status_line(reply.status)
        ctx.transport.resp_headers.update(reply.headers)
        ctx.out_document = reply.body

    def create_out_string(self, ctx: Any, charset: str | None = None) -> None:
        """The reply's bytes, as they are."""
        del charset
        ctx.out_string = [ctx.out_document]


class _NoDocuments(InterfaceDocumentsBase):  # type: ignore[misc]  # spyne publishes no types
    """The contract's own WSDL is served, not one of spyne's making."""

    def __init__(self, interface: Any) -> None:
        super().__init__(interface, wsdl11=None)


def _methods(contract: ServedContract, hand_over: HandOver) -> dict[str, Any]:
    methods = {operation.name: _method(tag, hand_over) for tag, operation in contract.operations.items()}
    methods[_ANY_OPERATION] = _method(f"{{{contract.namespace}}}{_ANY_OPERATION}", hand_over)
    return methods


def _method(tag: str, hand_over: HandOver) -> Any:
    """A method of spyne's for the request element `tag` (Clark notation)."""

    def method(ctx: Any, incoming: Any) -> Any:
        return hand_over(incoming, ctx.transport.req_env)

    method.__name__ = tag.rpartition("}")[2]  # by which spyne tells methods apart
    names = {"_in_message_name": tag, "_out_message_name": f"{tag}Response"}
    return rpc(AnyXml, _returns=AnyXml, _body_style="bare", **names)(method)
