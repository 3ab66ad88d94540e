"""What goes wrong on the bus, as its caller, the operator and the metrics see it: over real HTTP, by script."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from esutd_bus.cli import main
from esutd_bus.settings import packaged
from esutd_bus.testbed.fault_script import Deed, Fault
from esutd_bus.testbed.fixtures import Fixture, load_fixtures
from esutd_bus.testbed.http_door import HttpDoor
from esutd_bus.testbed.replay import Exchange, Replay
from esutd_bus.testbed.simulated_bus import SimulatedBus
from esutd_bus.testbed.stage import open_stage
from esutd_bus.testbed.test_ca import TestCa
from esutd_bus.testbed.wire import HttpReply, HttpRequest
from support.messages import EMPLOYER, register, send
from support.services import ESUTD_BUS, Service, asgi_service, environment_with, until

GBDFL = "GBDFLUniversal_token"
FIXTURES = packaged("fixtures")
REGISTRY_HANGS = """\
after: [give-consent]
signer: employer
upstream:
  - do: hang
    service: GBDFLUniversal_token
code: ESB007
faultcode: Server
upstream_message: no answer within 1 s
"""


@pytest.fixture(scope="module")
def hurried(
    asgi: Service, service_environment: dict[str, str], session_folder: Path, registry: SimulatedBus
) -> Iterator[Service]:
    """A service that waits for the bus no longer than a second, remembers no answer, and sends what is put out."""
    del asgi  # brings the database up to date, and records the partners
    settings = {
        "ESUTD_UPSTREAM_DEADLINE_SECONDS": "1",
        "ESUTD_REGISTRY_CACHE_SECONDS": "0",
        "ESUTD_BUS_ASYNC_URL": registry.async_url,
    }
    log = session_folder / "hurried.log"
    with asgi_service({**service_environment, **settings}, log, workers=1) as running:
        yield running


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Fixture]:
    """A personal file asked for, once on a good day, once while ГБД ФЛ hangs as the fixture itself says."""
    root = tmp_path_factory.mktemp("fixtures")
    for name in ("give-consent", "get-personal-file"):
        shutil.copytree(FIXTURES / "ok" / name, root / "ok" / name)
    hangs = root / "faults" / "001-registry-hangs"
    hangs.mkdir(parents=True)
    shutil.copy(FIXTURES / "ok" / "get-personal-file" / "request.xml", hangs)
    (hangs / "why.md").write_text("The registry hangs.\n", encoding="utf-8")
    (hangs / "expect.yaml").write_text(REGISTRY_HANGS, encoding="utf-8")
    return load_fixtures(root)


def asked(service: Service, ca: TestCa, catalogue: Mapping[str, Fixture]) -> Exchange:
    """A personal file asked for, on a consent of its own."""
    replay = Replay(catalogue, open_stage(service.url, ca.directory))
    return replay.send(catalogue["get-personal-file"])


def operator_does(service: Service, *command: str) -> str:
    """What the command line says to that."""
    done = CliRunner().invoke(main, list(command), env=dict(service.environment))
    assert done.exit_code == 0, done.output
    return done.output


def counted(service: Service, code: str) -> float:
    """How many personal files were refused with a code, by the metrics."""
    text = requests.get(f"{service.url}/metrics", timeout=10).text
    lines = [line for line in text.splitlines() if line.startswith("esutd_http_requests_total{")]
    wanted = [x for x in lines if f'code="{code}"' in x and 'operation="GetPersonalFile"' in x]
    return sum(float(line.rpartition(" ")[2]) for line in wanted)


@pytest.mark.code("ESB007")
@pytest.mark.code("ESB008")
@pytest.mark.parametrize(
    ("do", "code", "upstream_code", "told"),
    [
        ("refuse", "ESB007", None, "no connection"),
        ("hang", "ESB007", None, "no answer within 1 s"),
        (Deed(drip=0.05), "ESB007", None, "no answer within 1 s"),
        (Deed(delay=2.0), "ESB007", None, "no answer within 1 s"),
        (Deed(cut=100), "ESB007", None, "HTTP 200: the connection broke within the answer"),
        (Deed(cut=0), "ESB007", None, "the connection broke before an answer"),
        (Deed(html=502), "ESB007", None, "HTTP 502: not XML"),
        (Deed(error=500), "ESB008", "BUS_FAILED", "Шина не может обработать сообщение"),
        (
            Deed.model_validate({"unknown-code": "SCSE7777"}),
            "ESB008",
            "SCSE7777",
            "Message has been processed successfully",
        ),
        ("wrong-signature", "ESB008", None, "the signature of the answer does not hold"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.word if isinstance(value, Deed) else "",
)
def test_what_goes_wrong_is_seen_by_the_caller_the_operator_and_the_metrics(
    hurried: Service,
    registry: SimulatedBus,
    ca: TestCa,
    catalogue: Mapping[str, Fixture],
    do: str | Deed,
    code: str,
    upstream_code: str,
    told: str,
) -> None:
    service = None if do == "refuse" else GBDFL
    before = counted(hurried, code)
    with registry.playing(Fault.model_validate({"do": do, "service": service} if service else {"do": do})):
        exchange = asked(hurried, ca, catalogue)

    answer = exchange.result.answer
    assert answer is not None
    (error,) = answer.errors
    assert (error.code, error.upstream_code) == (code, upstream_code)
    assert (error.upstream_message or "").startswith(told)
    request_id = exchange.value("request/requestHeader/requestId")
    explained = operator_does(hurried, "explain", request_id, "--json")
    assert code in explained
    assert told in json.dumps(json.loads(explained), ensure_ascii=False)
    assert counted(hurried, code) == before + 1


def test_once_the_bus_is_well_the_next_message_goes_through(
    hurried: Service, registry: SimulatedBus, ca: TestCa, catalogue: Mapping[str, Fixture]
) -> None:
    with registry.playing(Fault(do="hang", service=GBDFL, times=1)) as faults:
        first, second = asked(hurried, ca, catalogue), asked(hurried, ca, catalogue)

    assert [each.result.as_expected for each in (first, second)] == [False, True]
    assert faults.met == [1]


def test_the_service_tells_in_its_metrics_what_goes_wrong_with_what_it_sends(
    hurried: Service, registry: SimulatedBus, ca: TestCa
) -> None:
    """What each fault comes to: tests/integration/test_outbox_faults.py."""
    named = ["--subscriber", EMPLOYER, "--service-id", "SILENT", "--event", "ContractRegistered"]
    told = 'esutd_outbox_attempts_total{happened="no answer"} 1.0'
    with registry.playing(Fault(do="hang", service="SILENT", operation="sendMessage")):
        operator_does(hurried, "subscriptions", "add", "SILENT", *named)
        registered = send(hurried.url, register(), ca.identity("employer"))
        operator_does(hurried, "subscriptions", "remove", "SILENT")
        assert registered.codes == ["SCSS001"]
        until(lambda: told in requests.get(f"{hurried.url}/metrics", timeout=10).text)
    until(lambda: [each.count for each in registry.received if each.service_id == "SILENT"] == [1])


def test_a_fixture_says_what_goes_wrong_while_it_is_sent(
    hurried: Service, registry: SimulatedBus, ca: TestCa, catalogue: Mapping[str, Fixture]
) -> None:
    replay = Replay(catalogue, open_stage(hurried.url, ca.directory, bus_page=registry.page_url))
    exchanges = [replay.send(catalogue[name]) for name in ("registry-hangs", "get-personal-file")]
    assert [exchange.result.differences for exchange in exchanges] == [(), ()]

    alone = Replay(catalogue, open_stage(hurried.url, ca.directory))
    (told,) = alone.send(catalogue["registry-hangs"]).result.differences
    assert told == "not sent: `upstream` needs the page of a simulated bus (--bus)"


def test_testers_start_it_alone_and_change_its_script_while_it_runs(tmp_path: Path, ca: TestCa) -> None:
    script = tmp_path / "faults.yaml"
    script.write_text("faults:\n  - do: {html: 502}\n    service: KDP_SERVICE\n", encoding="utf-8")
    came: list[bytes] = []

    def take(request: HttpRequest) -> HttpReply:
        came.append(request.body)
        return HttpReply(200, b"<ok/>")

    client = HttpDoor("127.0.0.1", 0, take)
    client.start()
    ports = ["--port", "0", "--page-port", "0", "--deliver-to", f"{client.url}/shep/async"]
    command = [ESUTD_BUS, "simulate", *ports, "--ca", str(ca.directory), "--faults", str(script)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment_with({})
    ) as process:
        try:
            assert process.stderr is not None
            page = process.stderr.readline().split()[-1]
            begun = requests.get(f"{page}faults", timeout=10).json()
            wrong = requests.put(f"{page}faults", "faults:\n  - do: explode\n", timeout=10)
            changed = requests.put(f"{page}faults", "faults:\n  - do: refuse\n", timeout=10)
            received = requests.get(f"{page}received", timeout=10).json()
            query = {"serviceId": "Posted", "type": "UPDATE"}
            posted = requests.post(f"{page}messages", b"<news/>", params=query, timeout=10).json()
            until(lambda: bool(came))
            shown = requests.get(page, timeout=10).text
        finally:
            process.send_signal(signal.SIGTERM)
            output, errors = process.communicate(timeout=30)
            client.stop()
    assert process.returncode == 0, errors
    assert begun == {"script": {"faults": [{"do": {"html": 502}, "service": "KDP_SERVICE"}]}, "met": [0]}
    assert (wrong.status_code, wrong.text[:23]) == (400, "script, line 2: faults.")
    assert changed.json()["script"] == {"faults": [{"do": "refuse"}]}
    assert received == []
    assert posted["messageId"].encode() in came[0]
    assert "refuse" in shown
    settings = dict(line.split("=", 1) for line in output.splitlines())
    assert settings["ESUTD_BUS_SYNC_URL"].startswith("http://127.0.0.1:")
    assert settings["ESUTD_BUS_ASYNC_URL"].endswith("/bip-async/")
    assert settings["ESUTD_TRUST_DIR"] == str(ca.trust_dir)


def test_a_wrong_script_ends_the_command_and_names_the_line(tmp_path: Path) -> None:
    script = tmp_path / "faults.yaml"
    script.write_text("faults:\n  - do: hang\n    sevice: X\n", encoding="utf-8")
    done = CliRunner().invoke(main, ["simulate", "--faults", str(script), "--ca", str(tmp_path / "ca")])

    assert done.exit_code == 2
    assert "line 3: faults.sevice: unknown key" in " ".join(done.output.split())
