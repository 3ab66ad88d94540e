"""`make docs`: docs/operations, a page for each operation of each WSDL.

What an operation is for stands in `operations.yaml`; its fields, codes and deadline are read from where they are in
force (XSD, mapping, terms, fixtures), its example is played on the real service. `--check` writes nothing and fails
where a page is not what it would be.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any

import yaml

from esutd_bus.mapping.document import OperationDocument, read_documents
from esutd_bus.mapping.serving import served
from esutd_bus.register.deadlines import TERMS
from esutd_bus.register.worded import kinds_told
from esutd_bus.soap.contract import Operation, ServiceContract, load_contracts
from esutd_bus.testbed.fixtures import Fixture, load_fixtures
from operation_codes import codes_table
from operation_examples import Example, ExampleError, played
from operation_fields import answer_table, request_table, told_elsewhere

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "operations"
DESCRIPTIONS = Path(__file__).with_name("operations.yaml")
INDEX = "README.md"
_MADE = (
    "<!-- made by `make docs` from operations.yaml, the contracts, mappings and fixtures: change those -->"
)
_ABOUT_ALL = (
    "Что общего у всех операций — подпись, конверт, квитанция, ошибки, повторы, — сказано в "
    "[docs/integrators.ru.md](../integrators.ru.md). Здесь по странице на операцию: кто её вызывает, поля, срок, "
    "пример запроса и ответа, коды."
)
_ABOUT_CODES = (
    "Что эта операция отвечает сверх [общих кодов](../integrators.ru.md#сообщение-и-сервис), и какие сообщения из "
    "каталога это показывают. Слова — реестра (`SCSE…`) или сервиса (`ESB…`)."
)
_DIFFERENCE_SHOWN = 40


class DescriptionError(Exception):
    """`operations.yaml` does not fit the operations there are; the message names each."""


@dataclass(frozen=True, slots=True)
class Described:
    """An operation with all that its page tells."""

    operation: Operation
    service: ServiceContract
    mapping: OperationDocument
    title: str
    order: str
    """The clause of order 353, or the law, in words."""
    example: str
    """The fixture that is played."""
    text: str
    deadline: str | None = None
    """The clause of `register.deadlines` that gives the term."""
    since: str | None = None
    """From which element's day it counts."""


def described() -> list[Described]:
    """Every operation, in the order of `operations.yaml`. Raises DescriptionError."""
    descriptions: Mapping[str, Mapping[str, Any]] = yaml.safe_load(DESCRIPTIONS.read_text("utf-8"))
    contracts = load_contracts(ROOT).by_path.values()
    operations = {
        operation.name: (operation, service)
        for service in contracts
        for operation in service.operations.values()
    }
    mapped = {
        name: said
        for document in read_documents(ROOT / "mappings", ROOT / "mappings")
        for name, said in document.operations.items()
    }
    if lacking := operations.keys() - descriptions.keys():
        raise DescriptionError(f"operations.yaml says nothing of {', '.join(sorted(lacking))}")
    if unknown := [
        name for name, said in descriptions.items() if name not in operations and "coming" not in said
    ]:
        raise DescriptionError(f"operations.yaml describes what is in no WSDL: {', '.join(unknown)}")
    found = []
    for name, said in descriptions.items():
        if name in operations:
            told = {key: value for key, value in said.items() if key != "coming"}
            found.append(Described(*operations[name], mapped[name], **told))
    return found


def build() -> dict[str, str]:
    """File name → text of every page. Raises DescriptionError, ExampleError."""
    operations = described()
    fixtures = load_fixtures(ROOT / "fixtures")
    pages = {INDEX: _index(operations)}
    with played(fixtures) as play:
        for each in operations:
            if each.example not in fixtures:
                raise DescriptionError(f"{each.operation.name}: there is no fixture {each.example}")
            pages[f"{each.operation.name}.md"] = _page(each, play(each.example), fixtures)
    return pages


def _index(operations: list[Described]) -> str:
    lines = [
        _MADE,
        "",
        "# Операции",
        "",
        _ABOUT_ALL,
        "",
    ]
    for service in dict.fromkeys(each.service for each in operations):
        lines += [
            f"## {service.name}: `{service.path}`",
            "",
            "| операция | что делает | приказ № 353 |",
            "|---|---|---|",
        ]
        lines += [
            f"| [{each.operation.name}]({each.operation.name}.md) | {each.title} | {each.order} |"
            for each in operations
            if each.service is service
        ]
        lines.append("")
    return "\n".join(lines)


def _page(each: Described, example: Example, fixtures: Mapping[str, Fixture]) -> str:
    operation, mapping = each.operation, each.mapping
    fixture = fixtures[each.example]
    parts = [
        _MADE,
        f"# {operation.name} — {each.title}",
        each.text.strip(),
        "\n".join(_facts(each)),
        "## Запрос",
        f"{told_elsewhere(operation.request)} — в [общем для всех](../integrators.ru.md#общее-в-запросах).",
        request_table(operation.request, mapping),
        f"Пример ([{fixture.label}](../../fixtures/{fixture.label}/request.xml)), до подписи:",
        _fenced(example.request),
        "## Ответ",
        "`receipt` — [квитанция](../integrators.ru.md#ответ-квитанция).",
        answer_table(operation.response, mapping),
        "Ответ на пример:",
        _fenced(example.answer),
        "## Коды",
        _ABOUT_CODES,
        codes_table(operation.request.tag, fixtures),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(each: Described) -> Iterator[str]:
    profiles = ", ".join(
        f"`{name}`" for name in ("wsse", "document", "header") if name in each.mapping.profiles
    )
    yield "| | |"
    yield "|---|---|"
    yield f"| основание | {each.order} |"
    yield f"| адрес | `{each.service.path}`, `SOAPAction: {each.operation.soap_action}` |"
    yield f"| кто вызывает | {kinds_told(served(each.operation, each.mapping)).ru} |"
    yield f"| подпись | {profiles} ([способы](../integrators.ru.md#подпись)) |"
    if each.mapping.is_read:
        yield "| повтор | ответ хранится 24 часа: за свежим приходят с новым `requestId` |"
    else:
        yield "| повтор | с тем же `requestId` — тот же ответ, второго действия нет |"
    if each.mapping.fetch:
        yield "| другие системы | до ответа сервис спрашивает реестр физических лиц |"
    if each.deadline is not None:
        term = TERMS[each.deadline]
        days = "рабочих" if term.working else "календарных"
        late = (
            f"потом отказ {term.warning}"
            if term.window
            else f"позже — принято, с предупреждением {term.warning}"
        )
        yield f"| срок | {term.days} {days} дней, {each.since}; {late} |"


def _fenced(text: str) -> str:
    return f"```xml\n{text}\n```"


def differences(pages: Mapping[str, str]) -> Iterator[str]:
    """What the committed pages say otherwise, line by line."""
    for name in sorted({file.name for file in PAGES.glob("*.md")} - pages.keys()):
        yield f"{name}: is of no operation"
    for name, text in pages.items():
        file = PAGES / name
        committed = file.read_text("utf-8") if file.exists() else ""
        yield from unified_diff(
            committed.splitlines(), text.splitlines(), f"docs/operations/{name}", "make docs", "", "", 0, ""
        )


def main(arguments: list[str]) -> int:
    """Writes the pages; with `--check` only compares, and returns 1 where one differs."""
    try:
        pages = build()
    except (DescriptionError, ExampleError) as error:
        print(error, file=sys.stderr)
        return 1
    if arguments == ["--check"]:
        found = list(differences(pages))
        for line in found[:_DIFFERENCE_SHOWN]:
            print(line, file=sys.stderr)
        print(f"{len(pages)} pages, " + ("not as committed: run `make docs`" if found else "as committed"))
        return 1 if found else 0
    PAGES.mkdir(exist_ok=True)
    for file in PAGES.glob("*.md"):
        if file.name not in pages:
            file.unlink()
    for name, text in pages.items():
        (PAGES / name).write_text(text, encoding="utf-8")
    print(f"{len(pages)} pages in docs/operations")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
