"""Nothing outside a message is looked at, and messages of one thread do not disturb another's."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from lxml import etree
from stranger_contract import Stranger

from esutd_bus.soap.contract import Operation, load_contracts
from esutd_bus.soap.envelope import SoapError, open_envelope
from esutd_bus.soap.problem import Decoded

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
IN_OPEN = 0x20


class Watch:
    """Counts how often a file was opened, and connections to a port, by whatever library."""

    def __init__(self, file: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self.file = file
        self._notify = libc.inotify_init1(os.O_NONBLOCK)
        assert libc.inotify_add_watch(self._notify, os.fsencode(file), IN_OPEN) >= 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.setblocking(False)
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}/schema.xsd"

    def opened(self) -> bool:
        try:
            return bool(os.read(self._notify, 4096))
        except BlockingIOError:
            return False

    def called(self) -> bool:
        try:
            self._server.accept()[0].close()
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        os.close(self._notify)
        self._server.close()


@contextmanager
def watching(file: Path) -> Iterator[Watch]:
    watch = Watch(file)
    try:
        yield watch
    finally:
        watch.close()


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    file = tmp_path / "outside.xsd"
    file.write_text('<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:x"/>')
    with watching(file) as watch:
        yield watch


def test_the_watch_sees(watch: Watch) -> None:
    etree.parse(watch.file)
    assert watch.opened()
    with socket.create_connection(("127.0.0.1", int(watch.url.split(":")[2].split("/")[0]))):
        assert watch.called()


@pytest.mark.parametrize("name", ["schemaLocation", "noNamespaceSchemaLocation"])
@pytest.mark.parametrize(
    "place",
    ["<c:RegisterContract ", "<c:number", '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'],
)
def test_schema_locations_in_a_message_are_not_followed(
    decode: Callable[..., Decoded], watch: Watch, name: str, place: str
) -> None:
    xml_signature = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/></c:RegisterContract>'
    for target in (str(watch.file), watch.file.as_uri(), watch.url):
        location = f"urn:x {target}" if name == "schemaLocation" else target
        decoded = decode(
            ("</c:RegisterContract>", xml_signature), (place, f'{place} {XSI} xsi:{name}="{location}" ')
        )
        assert not watch.opened()
        assert not watch.called()
        if "Signature" not in place:
            at = "" if "Register" in place else "contract/number/"
            assert [(p.path, p.kind) for p in decoded.problems] == [(f"{at}@{name}", "unexpected")]


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE a SYSTEM "{url}">',
        '<!DOCTYPE a [<!ENTITY e SYSTEM "{url}">]>',
        '<!DOCTYPE a [<!ENTITY % e SYSTEM "{url}"> %e;]>',
    ],
)
def test_document_types_are_not_followed(watch: Watch, doctype: str) -> None:
    for target in (str(watch.file), watch.file.as_uri(), watch.url):
        with pytest.raises(SoapError, match="ESB002"):
            open_envelope(f"{doctype.format(url=target)}<a>&e;</a>".encode())
    assert not watch.opened()
    assert not watch.called()


def test_loading_looks_at_the_contract_only(stranger: Stranger, watch: Watch) -> None:
    stranger.xsd = stranger.xsd.replace(
        "{body}", '<xs:import namespace="urn:x" schemaLocation="{at}"/>{body}'
    )
    for target in (watch.url, watch.file.as_uri(), str(watch.file), "../outside.xsd"):
        xsd = stranger.xsd.replace("{at}", target)
        (stranger.folder / "wsdl" / "Stranger.wsdl").write_text(stranger.wsdl)
        (stranger.folder / "xsd" / "stranger.xsd").write_text(
            xsd.replace("{body}", '<xs:element name="Ask"/>')
        )
        with pytest.raises(Exception, match=r"outside\.xsd|schema\.xsd"):
            load_contracts(stranger.folder)
    assert not watch.opened()
    assert not watch.called()


def test_threads_do_not_mix_their_verdicts(register: Operation, register_xml: str) -> None:
    wrong = register_xml.replace("<c:number>17</c:number>", "")
    disagreed = register_xml.replace(">2026-03-02T10:00:00+05:00<", "> 2026-03-02T10:00:00+05:00 <")

    def verdict(number: int) -> bool:
        xml = (register_xml, wrong, disagreed)[number % 3]
        problems = register.request_plan.decode(etree.fromstring(xml)).problems
        return [p.path for p in problems] == (["contract/number"] if xml is wrong else [])

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(verdict, range(1500)))
