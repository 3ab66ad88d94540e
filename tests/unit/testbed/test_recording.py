from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from fixture_folders import ANSWER, FAULT, Script, scripted_service, stage, write

from esutd_bus.testbed.recording import record
from esutd_bus.testbed.replay import Exchange, chosen_fixtures, send_all

ECHO = ANSWER.replace("<id>17</id>", "<id>{id}</id><contractId>{id}</contractId><on>2026-01-24</on><n>1</n>")


def echo(asked: object) -> tuple[int, str]:
    body: bytes = asked.body  # type: ignore[attr-defined]  # an Asked
    return 200, ECHO.replace("{id}", body.decode().split("<id>")[1].split("</id>")[0])


def sent(root: Path, script: Script) -> list[Exchange]:
    with scripted_service(script) as (endpoint, _):
        return send_all(*chosen_fixtures([root]), stage(endpoint))


def test_what_is_recorded_is_then_expected(tmp_path: Path) -> None:
    request = """\
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
  <Ask xmlns="urn:example"><id>${uuid:id}</id><on>${today+10d}</on><n>${fill:1}</n></Ask>
</s:Body></s:Envelope>"""
    folder = write(tmp_path, "ok/ask", "signer: employer\nkey_info: X509Data\nwarning: [SCSE088]\n", request)
    (exchange,) = sent(tmp_path, echo)
    assert record(exchange)
    written = yaml.safe_load((folder / "expect.yaml").read_text())
    assert written == {
        "signer": "employer",
        "key_info": "X509Data",
        "answer": (
            '<AskResponse xmlns="urn:example">\n  <receipt>\n    <code>SCSS001</code>\n  </receipt>\n'
            "  <id>${uuid:id}</id>\n  <contractId>…</contractId>\n  <on>${today+10d}</on>\n  <n>1</n>\n"
            "</AskResponse>\n"
        ),
        "volatile": ["contractId"],
    }
    (again,) = sent(tmp_path, echo)
    assert again.result.differences == ()
    assert not record(again)


def test_volatile_paths_that_a_fixture_names_are_kept(tmp_path: Path) -> None:
    folder = write(tmp_path, "ok/ask", "signer: none\nanswer: <AskResponse/>\nvolatile: [id, n]\n")
    (exchange,) = sent(tmp_path, echo)
    assert record(exchange)
    written = (folder / "expect.yaml").read_text()
    assert "<id>…</id>" in written
    assert "volatile: [id, n]" in written
    assert "<contractId>${uuid:id}</contractId>" in written


def test_an_answer_not_yet_stated_is_recorded_though_nothing_differs(tmp_path: Path) -> None:
    folder = write(tmp_path, "ok/ask", "signer: none\n")
    (exchange,) = sent(tmp_path, echo)
    assert exchange.result.as_expected
    assert record(exchange)
    assert "answer:" in (folder / "expect.yaml").read_text()


@pytest.mark.parametrize(
    ("came", "status", "recorded"),
    [
        (FAULT, 500, {"code": "SCSE003", "field": "contract/number"}),
        (FAULT.replace("s:Client", "s:Server"), 503, {"faultcode": "Server", "http": {"status": 503}}),
        (
            FAULT.replace("</error>", "</error><error><code>X</code></error>"),
            500,
            {"errors": [{"code": "X"}]},
        ),
    ],
)
def test_a_fault_is_recorded_with_all_its_errors(
    tmp_path: Path, came: str, status: int, recorded: dict[str, object]
) -> None:
    folder = write(
        tmp_path, "faults/001-ask", "signer: none\ncode: SCSE004\nhttp: {request: {method: PUT}}\n"
    )
    (exchange,) = sent(tmp_path, lambda _: (status, came))
    assert record(exchange)
    written = yaml.safe_load((folder / "expect.yaml").read_text())
    assert written["http"]["request"] == {"method": "PUT"}
    errors = written.pop("errors", [{"code": written.get("code"), "field": written.get("field")}])
    assert errors[0] == {"code": "SCSE003", "field": "contract/number"}
    for key, value in recorded.items():
        if key == "errors":
            assert errors[1:] == value
        elif key == "http":
            assert written["http"]["status"] == status
        else:
            assert written[key] == value


def test_what_is_no_envelope_is_not_recorded(tmp_path: Path) -> None:
    folder = write(tmp_path, "ok/ask", "signer: none\n")
    (exchange,) = sent(tmp_path, lambda _: (502, "<html/>"))
    assert not record(exchange)
    assert (folder / "expect.yaml").read_text() == "signer: none\n"
