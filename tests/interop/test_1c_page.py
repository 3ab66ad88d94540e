"""docs/1c.ru.md: the message that its code builds is signed by its command and accepted by the service.

1C:Enterprise itself is not here. The code that builds the document uses few statements, which are carried out as the
platform describes them; whatever else it came to use fails the test.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from lxml import etree

from esutd_bus.testbed.test_ca import TestCa
from support.messages import EMPLOYER, post, today
from support.services import ESUTD_BUS, Service, esutd_bus

PAGE = Path(__file__).parents[2] / "docs" / "1c.ru.md"

_BLOCK = re.compile(r"<!-- 1c: (.+?) -->\n```bsl\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ASSIGNED = re.compile(r'(\w) = "([^"]*)";')
_BEGUN = re.compile(r'Начать\(З, "(\w+)", (\w)\);')
_FIELD = re.compile(r'Поле\(З, "(\w+)", (\w), (.+)\);')
_INSERTED = re.compile(r'Договор\.Вставить\("(\w+)", (.+)\);')
_TEXT = re.compile(r'"((?:[^"]|"")*)"')
_AROUND = {
    "Функция ДокументRegisterContract(БИН, Договор, ИдЗапроса) Экспорт",
    "З = Новый ЗаписьXML;",
    'З.УстановитьСтроку("UTF-8");',
    "Возврат З.Закрыть();",
    "КонецФункции",
}
_EMPTY_DATE = date(1, 1, 1)
_GUID = "Строка(Новый УникальныйИдентификатор)"


@pytest.fixture
def code() -> dict[str, str]:
    return dict(_BLOCK.findall(PAGE.read_text("utf-8")))


def lines(code: str) -> Iterator[str]:
    return (line.strip() for line in code.splitlines() if line.strip())


def value(expression: str) -> Any:
    """What an expression of the page is."""
    match expression:
        case "Истина" | "Ложь":
            return expression == "Истина"
        case "ТекущаяДатаСеанса()":
            return today()
        case "Дата(1, 1, 1)":
            return _EMPTY_DATE
    text = ""
    for part in re.split(r" \+ ", expression):
        if part == _GUID:
            text += str(uuid4())
        elif part == "XMLСтрока(ТекущаяУниверсальнаяДата())":
            text += datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        elif (literal := _TEXT.fullmatch(part)) is not None:
            text += literal[1].replace('""', '"')
        else:
            return float(part)
    return text


def data(code: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """The request's id and the contract."""
    request_id, contract = "", {}
    for line in lines(code["its data"]):
        if (inserted := _INSERTED.fullmatch(line)) is not None:
            contract[inserted[1]] = value(inserted[2])
        elif line.startswith("ИдЗапроса = "):
            request_id = value(line.removeprefix("ИдЗапроса = ").removesuffix(";"))
        else:
            assert line == "Договор = Новый Структура;"
    return request_id, contract


def is_filled(given: Any) -> bool:
    """ЗначениеЗаполнено: a boolean always is, an empty date, an empty text and a zero are not."""
    return isinstance(given, bool) or (given != _EMPTY_DATE and bool(given))


def xml_text(given: Any) -> str:
    """What Поле writes: a date by its format, anything else by XMLСтрока."""
    return str(given).lower() if isinstance(given, bool) else str(given)


def document(code: dict[str, str]) -> str:
    """The document that the page's function gives for the page's data."""
    request_id, contract = data(code)
    known = {"БИН": EMPLOYER, "ИдЗапроса": request_id}
    known |= {f"Договор.{name}": given for name, given in contract.items()}
    namespaces: dict[str, str] = {}
    builder = etree.TreeBuilder()
    opened: list[str] = []
    for line in lines(code["the document"]):
        if (assigned := _ASSIGNED.fullmatch(line)) is not None:
            namespaces[assigned[1]] = assigned[2]
        elif (begun := _BEGUN.fullmatch(line)) is not None:
            opened.append(f"{{{namespaces[begun[2]]}}}{begun[1]}")
            builder.start(opened[-1], {})
        elif line == "Закончить(З);":
            builder.end(opened.pop())
        elif (field := _FIELD.fullmatch(line)) is not None:
            given = known[field[3]] if field[3] in known else value(field[3])
            if is_filled(given):
                tag = f"{{{namespaces[field[2]]}}}{field[1]}"
                builder.start(tag, {})
                builder.data(xml_text(given))
                builder.end(tag)
        else:
            assert line in _AROUND, f"the test does not know what this does: {line}"
    assert not opened, "an element is not ended"
    return etree.tostring(builder.close(), encoding="unicode")


def envelope(code: dict[str, str], payload: str) -> str:
    """What the page's Конверт gives."""
    expression = " ".join(lines(code["the envelope"])).partition("Возврат ")[2].partition(";  ")[0]
    before, after = (text.replace('""', '"') for text in _TEXT.findall(expression))
    return f"{before}{payload}{after}"


def signed(code: dict[str, str], message: str, key: Path, password: str, folder: Path) -> bytes:
    """The message as the page's command signs it."""
    template = next(line for line in lines(code["signing"]) if line.startswith('"esutd-bus sign'))
    files = {name: folder / name for name in ("source.xml", "password", "signed.xml")}
    files["source.xml"].write_text(message, encoding="utf-8")
    files["password"].write_text(password)
    command = template.removeprefix('"').removesuffix('",').replace('""', '"')
    arguments = (files["source.xml"], key, files["password"], files["signed.xml"])
    for number, argument in enumerate(arguments, start=1):
        command = command.replace(f"%{number}", str(argument))
    program, *rest = shlex.split(command)
    assert program == Path(ESUTD_BUS).name
    done = esutd_bus(*rest)
    assert done.returncode == 0, done.stderr
    return files["signed.xml"].read_bytes()


@pytest.mark.clause("353/3")
@pytest.mark.parametrize("key", ["employer", "gost-employer"])
def test_what_the_page_builds_is_accepted(
    service: Service, ca: TestCa, code: dict[str, str], tmp_path: Path, key: str
) -> None:
    identity = ca.identity(key)
    message = envelope(code, document(code))
    once = post(service.url, signed(code, message, identity.path, identity.password, tmp_path))
    assert once.codes == ["SCSS001"], once.body.decode()
    again = post(service.url, signed(code, message, identity.path, identity.password, tmp_path))
    assert again.body == once.body


def test_what_is_not_filled_is_left_out(code: dict[str, str]) -> None:
    payload = etree.fromstring(document(code))
    written = {etree.QName(element).localname for element in payload.iter()}
    assert not written & {"patronymic", "endsOn"}
    assert payload.findtext(".//{*}liableForMilitaryService") == "false"
    assert payload.findtext(".//{*}establishedPost") == 'Инженер <&> "Әлем"'


def test_each_trap_of_the_page_is_refused(
    asgi: Service, ca: TestCa, code: dict[str, str], tmp_path: Path
) -> None:
    """What 1C writes by itself, as the table tells, and by what it is refused."""
    identity = ca.identity("employer")
    good = envelope(code, document(code))
    started = f">{today().isoformat()}</"
    traps = [
        ("</ns0:surname>", '</ns0:surname><ns0:patronymic xmlns:ns0="urn:esutd-bus:contracts:v1"/>'),
        (started, f">{today().isoformat()}T00:00:00</"),
        (">0.5</", ">0,5</"),
        (">false</", ">Нет</"),
    ]
    for right, wrong in traps:
        assert right in good
        message = re.sub(r"(requestId>)[^<]+", rf"\g<1>{uuid4()}", good.replace(right, wrong))
        reply = post(asgi.url, signed(code, message, identity.path, identity.password, tmp_path))
        assert reply.status == 500
        assert "ESB004" in reply.codes, (wrong, reply.codes)
