"""From a fixture to the HTTP request that is sent: filled in, signed, tampered with, encoded."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from esutd_bus.testbed.bus_wrapping import SYNC_PATH, in_send_message, with_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esutd_bus.testbed.expectation import ChannelName, ExpectedSignature
    from esutd_bus.testbed.fixtures import Fixture
    from esutd_bus.testbed.placeholders import Filling

_XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>\s*")


class Signatory(Protocol):
    """A test identity that can sign."""

    @property
    def employer(self) -> str | None:
        """BIN or IIN of the certificate; none where it has neither."""

    def sign(self, document: bytes, signature: ExpectedSignature) -> bytes:
        """The document with one signature more."""


Signatories = Callable[[str], Signatory]
"""Name → identity; raises LookupError for a name that the test CA does not know."""


@dataclass(frozen=True, slots=True)
class Service:
    """Where the operations of one namespace live."""

    path: str
    soap_actions: Mapping[str, str]
    """Clark name of the payload → SOAPAction."""

    name: str
    """The WSDL's name: the bus's serviceId."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One HTTP request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    envelope: bytes
    """The filled-in envelope before signing, in UTF-8: what `${from:OTHER/request/…}` reads."""

    channel: ChannelName = "direct"


def compose(
    fixture: Fixture,
    filling: Filling,
    signatories: Signatories,
    services: Mapping[str, Service],
    channel: ChannelName = "direct",
) -> Outgoing:
    """The request of a fixture. `services` is keyed by namespace. Whose message it is fills in `${employer}`.

    `channel`: by which it goes, where the fixture does not say.

    Raises:
        PlaceholderError: a placeholder cannot be filled.
        ExpectationError: a tampering finds nothing to change.
        NotSignableError: a signature cannot be made.
        LookupError: no service has the payload's namespace, and no endpoint is stated; or the test CA does not
            know a signer.
    """
    expect = fixture.expect
    if expect.speaker is not None:
        filling.employer = signatories(expect.speaker).employer
    asked = expect.http.request
    service = _service(fixture, services)
    channel = expect.channel or channel
    bus = _by_bus(fixture, filling, services, service) if channel == "sync" else None
    if fixture.request_name == "request.bin":
        envelope = body = fixture.template
    else:
        envelope = filling.fill(fixture.template.decode()).encode()
        text = _signed(envelope, fixture, signatories, bus).decode()
        for step in expect.tamper:
            text = step.apply(text)
        body = _encoded(text, asked.encoding) if fixture.request_name == "request.xml" else text.encode()
    return Outgoing(
        method=asked.method,
        path=SYNC_PATH if bus else expect.endpoint or _path(fixture, service),
        headers={
            "Content-Type": asked.content_type,
            "SOAPAction": f'"{_soap_action(fixture, service)}"',
            **asked.headers,
        },
        body=body,
        envelope=envelope,
        channel=channel,
    )


Wrap = Callable[[str], str]
"""An envelope → the bus's around the same payload."""


def _by_bus(
    fixture: Fixture, filling: Filling, services: Mapping[str, Service], service: Service | None
) -> Wrap:
    # Where a path is stated, it is that service which is asked, be it for what it does not know.
    stated = next((each for each in services.values() if each.path == fixture.expect.endpoint), None)
    asked = stated or service
    return lambda envelope: in_send_message(envelope, "" if asked is None else asked.name, filling.now)


def _signed(envelope: bytes, fixture: Fixture, signatories: Signatories, bus: Wrap | None) -> bytes:
    if bus is None:
        return _with(envelope, fixture.expect.all_signatures, signatories)
    documents, transport = with_document(fixture.expect)
    return _with(bus(_with(envelope, documents, signatories).decode()).encode(), transport, signatories)


def _with(envelope: bytes, signatures: Sequence[ExpectedSignature], signatories: Signatories) -> bytes:
    for signature in signatures:
        envelope = signatories(signature.signer).sign(envelope, signature)
    return envelope


def _encoded(envelope: str, encoding: str) -> bytes:
    if encoding == "utf-8":
        return envelope.encode()
    # Signatures are over canonical UTF-8 (C14N 1.0, 1.1): a change of encoding leaves them valid.
    declaration = f'<?xml version="1.0" encoding="{encoding.upper()}"?>\n'
    return (declaration + _XML_DECLARATION.sub("", envelope)).encode(encoding)


def _service(fixture: Fixture, services: Mapping[str, Service]) -> Service | None:
    if fixture.payload_tag is None:
        return None
    namespace = fixture.payload_tag.rpartition("}")[0].lstrip("{")
    return services.get(namespace)


def _path(fixture: Fixture, service: Service | None) -> str:
    if service is None:
        raise LookupError(f"no service has the namespace of {fixture.payload_tag}: state `endpoint`")
    return service.path


def _soap_action(fixture: Fixture, service: Service | None) -> str:
    if service is None or fixture.payload_tag is None:
        return ""
    return service.soap_actions.get(fixture.payload_tag, "")
