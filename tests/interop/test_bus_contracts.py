"""The bus's contracts as we serve them import in stock clients, and these call and understand them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import zeep
from stacks import HERE, Java, Node, Php, Stack, require, run

from esutd_bus.signature.signing import sign_document
from esutd_bus.testbed.test_ca import TestCa
from support import bus
from support.messages import register
from support.services import Service

OPERATIONS = ["changeMassageStatusNotification", "sendMessage"]


def wsdls(service: Service) -> dict[str, str]:
    return {"SYNC_WSDL": f"{service.url}/shep/sync?wsdl", "ASYNC_WSDL": f"{service.url}/shep/async?wsdl"}


@pytest.mark.interop
@pytest.mark.parametrize(
    ("stack", "program"),
    [(Php(), ["php", "php/bus.php"]), (Node(), ["node", "node/bus.js"])],
    ids=["php", "node"],
)
def test_a_program_imports_both_channels_and_calls(
    stack: Stack, program: list[str], asgi: Service, ca: TestCa, tmp_path: Path
) -> None:
    require(stack)
    document, session = tmp_path / "document.xml", bus.session()
    document.write_text(bus.payload_of(sign_document(register(), ca.identity("employer"))))
    command, script = program
    printed = json.loads(
        run([command, str(HERE / script)], **wsdls(asgi), DOCUMENT=str(document), SESSION=session)
    )
    assert sorted(printed.pop("operations")) == OPERATIONS
    assert printed == {
        "code": "SCSS001",
        "correlationId": "chain",
        "sessionId": f"{{{session}}}",
        "error": "ESB003",
    }


@pytest.mark.interop
def test_java_makes_its_classes_of_both_channels(asgi: Service, tmp_path: Path) -> None:
    require(Java())
    for number, url in enumerate(wsdls(asgi).values()):
        (tmp_path / str(number)).mkdir()
        run(
            ["wsimport", "-quiet", "-d", str(tmp_path / str(number)), url],
            WSIMPORT_OPTS="-XX:TieredStopAtLevel=1",
        )
    made = {path.stem for path in tmp_path.rglob("*.class")}
    assert {
        "ISyncChannel",
        "SyncSendMessageRequest",
        "IAsyncChannelClient",
        "ChangeStatusNotification",
    } <= made


def test_zeep_knows_the_operations(asgi: Service) -> None:
    client = zeep.Client(wsdls(asgi)["ASYNC_WSDL"])  # type: ignore[no-untyped-call]
    (binding,) = client.wsdl.bindings.values()
    assert sorted(binding.all()) == OPERATIONS
