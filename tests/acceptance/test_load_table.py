"""A personnel officer's table: from a file to the register and back, a line for each row, broken off or not."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import requests
from click.testing import CliRunner, Result
from openpyxl import load_workbook

from esutd_bus.cli import main
from esutd_bus.personnel.columns import read_columns
from esutd_bus.testbed.test_ca import TestCa
from support.messages import EMPLOYER, today
from support.services import ESUTD_BUS, Service, environment_with

PAGE = Path(__file__).parents[2] / "docs" / "load.ru.md"
NAMES = (
    "Номер договора", "Дата договора", "ИИН работника", "Дата начала действия договора", "Срок договора", "Должность",
    "Штатная должность", "Вид работы", "Режим работы", "Дистанционная работа", "Страна", "КАТО",
    "Адрес места выполнения работы",
)  # fmt: skip


def row(number: str | None = None, **changed: str) -> list[str]:
    """A contract that holds."""
    day = f"{today():%d.%m.%Y}"
    cells = {
        "number": number or f"ТД-{uuid4().hex[:12]}", "concluded": day, "iin": "850312100031", "starts": day,
        "term": "На неопределенный срок", "position": "2511-1-002", "post": "Инженер-программист",
        "kind": "Основная работа", "hours": "Нормальный", "remote": "3", "country": "КАЗАХСТАН", "kato": "711210000",
        "address": "г. Астана, ул. Примерная, 1",
    }  # fmt: skip
    return list((cells | changed).values())


def as_csv(file: Path, rows: Sequence[Sequence[str]], encoding: str = "utf-8", delimiter: str = ";") -> Path:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([NAMES, *rows])
    file.write_bytes(text.getvalue().encode(encoding))
    return file


def told(file: Path, encoding: str = "utf-8", delimiter: str = ";") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text(encoding)), delimiter=delimiter))


def run(*arguments: str | Path, settings: dict[str, str] | None = None) -> Result:
    """The command line, in this process: a table needs the contracts, which are slow to read."""
    return CliRunner().invoke(main, list(map(str, arguments)), env=settings, catch_exceptions=False)


class Officer:
    """Who loads: a key, and the service."""

    def __init__(self, ca: TestCa, url: str) -> None:
        self.key = ca.identity("employer")
        self.url = url

    def options(self, endpoint: str | None = None) -> list[str | Path]:
        return ["--key", self.key.path, "--endpoint", endpoint or self.url]

    @property
    def settings(self) -> dict[str, str]:
        return {"ESUTD_KEY_PASSWORD": self.key.password}

    def load(self, file: Path, *more: str, endpoint: str | None = None) -> Result:
        return run("load", file, *self.options(endpoint), *more, settings=self.settings)


@pytest.fixture
def officer(asgi: Service, ca: TestCa) -> Officer:
    return Officer(ca, asgi.url)


def registered(service: Service, numbers: Sequence[str]) -> dict[str, str]:
    """Number → id of the contracts that the register has."""
    with psycopg.connect(service.database_url) as connection:
        rows = connection.execute(
            "SELECT number, id::text FROM contract WHERE number = ANY(%s)", (list(numbers),)
        ).fetchall()
    assert len(rows) == len({number for number, _ in rows})
    return dict(rows)


@pytest.mark.clause("353/7")
@pytest.mark.parametrize(("encoding", "delimiter"), [("utf-8", ";"), ("utf-8-sig", ","), ("cp1251", "\t")])
def test_each_row_is_registered_and_told(
    asgi: Service, officer: Officer, tmp_path: Path, encoding: str, delimiter: str
) -> None:
    rows = [row() for _ in range(3)]
    done = officer.load(as_csv(tmp_path / "t.csv", rows, encoding, delimiter))
    assert done.exit_code == 0, done.stderr
    result = told(tmp_path / "t.result.csv", encoding, delimiter)
    assert [one["Состояние"] for one in result] == ["зарегистрирован"] * 3
    found = registered(asgi, [cells[0] for cells in rows])
    assert {one["Номер договора"]: one["Номер в реестре"] for one in result} == found
    assert len(found) == 3


def test_while_a_row_is_wrong_nothing_is_sent(asgi: Service, officer: Officer, tmp_path: Path) -> None:
    """All errors of all rows are told at once; `--partial` sends the others."""
    good, twin = row(), row()
    wrong = row(iin="850312100032", concluded="вчера", term="2", position="Никто такой")
    rows = [good, wrong, twin, row(twin[0])]
    file = as_csv(tmp_path / "t.csv", rows)
    for arguments in (["--check", "--employer", EMPLOYER], officer.options()):
        done = run("load", file, *arguments, settings=officer.settings)
        assert done.exit_code == 1, done.stderr
        assert "Дата договора" in done.stdout
    assert registered(asgi, [cells[0] for cells in rows]) == {}
    result = told(tmp_path / "t.result.csv")
    assert [one["Состояние"] for one in result] == ["не отправлен", "ошибка", "не отправлен", "ошибка"]
    assert set(result[1]["Коды"].split("; ")) == {"SCSE045", "ESB004", "SCSE054", "SCSE007"}
    assert "Должность: «Никто такой» в справочнике нет" in result[1]["Замечания"]
    assert "Дата договора: Сообщение не соответствует схеме" in result[1]["Замечания"]
    assert result[3]["Коды"] == "SCSE014"

    assert officer.load(file, "--partial").exit_code == 1
    assert registered(asgi, [cells[0] for cells in rows]).keys() == {good[0], twin[0]}
    result = told(tmp_path / "t.result.csv")
    assert [one["Состояние"] for one in result] == ["зарегистрирован", "ошибка", "зарегистрирован", "ошибка"]


def test_a_result_is_corrected_and_loaded_again(asgi: Service, officer: Officer, tmp_path: Path) -> None:
    """What the register itself refuses is told of its row; what is registered is not sent a second time."""
    taken = row()
    assert officer.load(as_csv(tmp_path / "before.csv", [taken])).exit_code == 0
    rows = [row(), row(taken[0]), row()]
    assert officer.load(as_csv(tmp_path / "t.csv", rows)).exit_code == 1
    first = told(tmp_path / "t.result.csv")
    assert [one["Состояние"] for one in first] == ["зарегистрирован", "отказ", "зарегистрирован"]
    assert first[1]["Коды"] == "SCSE014"
    assert first[1]["Замечания"].startswith("Номер договора: ")

    corrected = tmp_path / "corrected.csv"
    text = (tmp_path / "t.result.csv").read_text("utf-8").replace(taken[0], f"{taken[0]}-2")
    corrected.write_text(text, "utf-8")
    assert officer.load(corrected).exit_code == 0
    second = told(tmp_path / "corrected.result.csv")
    assert [one["Состояние"] for one in second] == ["зарегистрирован"] * 3
    assert [second[place] for place in (0, 2)] == [first[place] for place in (0, 2)]
    assert second[1]["ID договора"] == first[1]["ID договора"]
    assert len(registered(asgi, [one["Номер договора"] for one in second])) == 3


@contextmanager
def between(url: str, kills: list[subprocess.Popen[bytes]], at: int) -> Iterator[tuple[str, list[bytes]]]:
    """Hands messages on to a service; at the `at`-th batch the sender is killed once the answer is here."""
    batches: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = requests.post(url + self.path, data=body, headers=dict(self.headers), timeout=30)
            if b"SubmitBatch" in body:
                batches.append(body)
                if len(batches) == at and kills:
                    kills[0].kill()
                    kills[0].wait()
                    return
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", batches
        server.shutdown()


@pytest.mark.clause("206/20")
def test_a_load_that_is_killed_goes_on_and_doubles_nothing(
    asgi: Service, officer: Officer, tmp_path: Path
) -> None:
    """Killed when the register has the second batch and the sender does not know it yet."""
    rows = [row() for _ in range(5)]
    file = as_csv(tmp_path / "t.csv", rows)
    numbers = [cells[0] for cells in rows]
    kills: list[subprocess.Popen[bytes]] = []
    with between(asgi.url, kills, at=2) as (url, batches):
        command = [ESUTD_BUS, "load", str(file), *map(str, officer.options(url)), "--batch", "2"]
        with (tmp_path / "log").open("wb") as log:
            kills.append(
                subprocess.Popen(command, env=environment_with(officer.settings), stdout=log, stderr=log)
            )
            kills[0].wait(60)
        assert len(batches) == 2, (tmp_path / "log").read_text()
        assert len(registered(asgi, numbers)) == 4
        assert not (tmp_path / "t.result.csv").exists()
        kills.clear()
        other = officer.load(file)
        assert other.exit_code == 3
        assert "прервалась" in other.stderr
        again = officer.load(file, endpoint=url)
        assert again.exit_code == 0, again.stderr
        assert len(batches) == 4
        once_more = officer.load(file, endpoint=url)
        assert once_more.exit_code == 0
        assert len(batches) == 4
    ids = {re.search(rb"requestId>([^<]+)<", body)[1] for body in batches}  # type: ignore[index]  # each has one
    assert len(ids) == 3
    result = told(tmp_path / "t.result.csv")
    assert {one["Номер договора"]: one["Номер в реестре"] for one in result} == registered(asgi, numbers)
    with psycopg.connect(asgi.database_url) as connection:
        counted = connection.execute(
            "SELECT count(*) FROM contract WHERE number = ANY(%s)", (numbers,)
        ).fetchone()
    assert counted == (5,)


def test_a_template_is_filled_in_and_loaded(asgi: Service, officer: Officer, tmp_path: Path) -> None:
    """A workbook with dates as Excel has them and an IIN that it took for a number."""
    made = run("load", "--template", tmp_path / "t.xlsx")
    assert made.exit_code == 0, made.stderr
    book = load_workbook(tmp_path / "t.xlsx")
    page = book["Договоры"]
    places = {cell.value: cell.column for cell in page[1]}
    numbers = [f"ТД-{uuid4().hex[:12]}" for _ in range(2)]
    for line, number in enumerate(numbers, start=2):
        for name, place in places.items():
            page.cell(line, place).value = page.cell(2, place).value
            assert name
        page.cell(line, places["Номер договора"]).value = number
        page.cell(line, places["ИИН работника"]).value = 850312100031
        page.cell(line, places["Дата договора"]).value = date(today().year, today().month, today().day)
    book.save(tmp_path / "t.xlsx")
    done = officer.load(tmp_path / "t.xlsx")
    assert done.exit_code == 0, done.stdout + done.stderr
    lines = list(load_workbook(tmp_path / "t.result.xlsx").active.iter_rows(values_only=True))
    status = lines[0].index("Состояние")
    assert [line[status] for line in lines[1:]] == ["зарегистрирован"] * 2
    assert len(registered(asgi, numbers)) == 2


def test_a_batch_that_is_refused_as_a_whole_is_told(officer: Officer, tmp_path: Path) -> None:
    """Of another employer, who has entrusted nobody; then it begins anew."""
    file = as_csv(tmp_path / "t.csv", [row()])
    done = officer.load(file, "--employer", "940340000421")
    assert done.exit_code == 1
    assert "SCSE046" in done.stderr
    assert [one["Состояние"] for one in told(tmp_path / "t.result.csv")] == ["не отправлен"]
    assert officer.load(file).exit_code == 0


def test_the_result_of_another_file_stays(officer: Officer, tmp_path: Path) -> None:
    file = as_csv(tmp_path / "t.csv", [row()])
    assert officer.load(file).exit_code == 0
    before = (tmp_path / "t.result.csv").read_bytes()
    as_csv(file, [row(), row(term="нет такого")])
    assert officer.load(file).exit_code == 1
    assert (tmp_path / "t.result.1.csv").read_bytes() == before
    as_csv(file, [row(), row()])
    assert officer.load(file).exit_code == 0
    assert not (tmp_path / "t.result.2.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "name the table"),
        (("t.csv",), 2, "--key and --endpoint are needed"),
        (("t.csv", "--check"), 2, "needs --employer"),
        (("t.csv", "--check", "--employer", "123456789012"), 2, "no BIN and no IIN"),
        (("absent.csv", "--check"), 2, "absent.csv"),
        (("--template", "t.csv"), 2, "ends in .xlsx"),
        (("t.csv", "--check", "--employer", EMPLOYER, "--result", "t.xlsx"), 2, "another .csv"),
        (("t.csv", "--check", "--employer", EMPLOYER, "--result", "t.csv"), 2, "another .csv"),
        (
            ("t.csv", "--key", "absent.p12", "--endpoint", "http://127.0.0.1:1"),
            3,
            "absent.p12: cannot be read",
        ),
        (("nameless.csv", "--check", "--employer", EMPLOYER), 3, "в первой строке нет колонок"),
        (("noise.xlsx", "--check", "--employer", EMPLOYER), 3, "не книга Excel"),
    ],
)
def test_what_cannot_begin_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    as_csv(tmp_path / "t.csv", [row()])
    (tmp_path / "nameless.csv").write_text("a;b\n1;2\n")
    (tmp_path / "noise.xlsx").write_text("a;b\n1;2\n")
    ended = run("load", *arguments)
    assert (ended.exit_code, words in ended.stderr) == (code, True), ended.stderr


def test_the_pages_example_is_so(asgi: Service, officer: Officer, tmp_path: Path) -> None:
    """The table on the page, loaded by its command, gives the result that stands there."""
    page = PAGE.read_text("utf-8")
    table, result = re.findall(r"^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[:2]
    (tmp_path / "contracts.csv").write_text(table, "utf-8")
    assert officer.load(tmp_path / "contracts.csv").exit_code == 1
    shown = list(csv.DictReader(io.StringIO(result), delimiter=";"))
    found = told(tmp_path / "contracts.result.csv")
    assert [[one[name] for name in ("Номер договора", "Состояние", "Коды")] for one in found] == [
        [one[name] for name in ("Номер договора", "Состояние", "Коды")] for one in shown
    ]
    assert registered(asgi, [one["Номер договора"] for one in found]) == {}


def test_the_page_tells_every_column() -> None:
    page = PAGE.read_text("utf-8")
    for column in read_columns().known:
        assert f"| {column.ru} | `{column.path}` |" in page
    for name in read_columns().results.values():
        assert f"`{name}`" in page
