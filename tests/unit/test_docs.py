"""The documents say what is so: settings, commands, links, targets, excerpts, and lists that claim to be whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

import operation_pages
from esutd_bus.cli import main
from esutd_bus.mapping.document import read_documents
from esutd_bus.register import answer_codes
from esutd_bus.register.names import field_name
from esutd_bus.settings import Settings
from esutd_bus.signature.reason import Reason
from esutd_bus.testbed.fixtures import load_fixtures
from esutd_bus.testbed.population import load_population

ROOT = Path(__file__).parents[2]
OPERATORS, INTEGRATORS, TESTERS = (
    ROOT / "docs" / f"{reader}.ru.md" for reader in ("operators", "integrators", "testers")
)
DATA = ROOT / "src" / "esutd_bus" / "register" / "data"
_NOT_OURS = re.compile(r"(?:\.|var/|build/|dist/|.*/node_modules/)")
"""Paths of what tools have put into the checkout."""

BESIDE_SETTINGS = {"ESUTD_CONFIG", "ESUTD_KEY_PASSWORD", "ESUTD_TEST_DATABASE_URL"}
"""Variables that are read elsewhere than in `Settings`."""

MADE_ON_THE_SPOT = {"data_dir": "`~/.local/share/esutd-bus`", "node": "имя машины"}
"""Settings whose default depends on the machine, and how their row tells it."""

_FENCE = re.compile(r"^( *)```[a-z]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"^    (.+)$", re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_EXCERPT = re.compile(r"<!-- from (\S+) -->\n```[a-z]+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LEFT_OUT = "…"
_CODE = re.compile(r"\b(?:SCSE|ESB)\d{3}\b")
_PATH = re.compile(r"(?:docs|fixtures|mappings|requirements|src|tests|wsdl|xsd)/[\w./-]*\w|\.ci/run")
_PLACEHOLDER = re.compile(r"/(?!README)[A-ZА-Я]+\b")


def pages() -> list[Path]:
    """The project's own documents. (A fixture's `why.md` tells of messages only.)"""
    found = (page.relative_to(ROOT) for page in ROOT.rglob("*.md") if page.name != "why.md")
    return sorted(ROOT / page for page in found if not _NOT_OURS.match(page.as_posix()))


every_page = pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def code_of(page: Path) -> Iterator[str]:
    """Each line of code a page shows, in a block or within a sentence."""
    text = text_of(page)
    for _, block in _FENCE.findall(text):
        yield from block.splitlines()
    prose = _FENCE.sub("", text)
    yield from _INDENTED.findall(prose)
    yield from _INLINE.findall(prose)


def rows(page: Path) -> Iterator[list[str]]:
    """The cells of each row of a page's tables."""
    for line in text_of(page).splitlines():
        if line.startswith("| "):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def written(default: Any) -> str:
    """A default as the table of settings writes it."""
    match default:
        case None | "":
            return "—"
        case bool():
            return f"`{str(default).lower()}`"
        case _:
            return f"`{default}`"


def test_every_setting_has_its_row_and_its_default() -> None:
    told = {cells[0].strip("`"): cells[1] for cells in rows(OPERATORS) if cells[0].startswith("`ESUTD_")}
    expected = {
        f"ESUTD_{name.upper()}": MADE_ON_THE_SPOT.get(name)
        or written(field.get_default(call_default_factory=True))
        for name, field in Settings.model_fields.items()
    }
    assert told == expected


@every_page
def test_no_page_tells_of_a_setting_that_is_not(page: Path) -> None:
    known = {f"ESUTD_{name.upper()}" for name in Settings.model_fields} | BESIDE_SETTINGS
    assert set(re.findall(r"\bESUTD_[A-Z_]*[A-Z]\b", text_of(page))) - known == set()


def commands(page: Path) -> Iterator[list[str]]:
    """The words after `esutd-bus` on each line of code that calls it."""
    for line in code_of(page):
        for call in re.split(r" \| | && |; ", line.split(" # ")[0]):
            words = [word.strip("'\"") for word in call.split()]
            names = [number for number, word in enumerate(words) if Path(word).name == "esutd-bus"]
            if names and all("=" in word for word in words[: names[0]]):
                yield words[names[0] + 1 :]


@every_page
def test_commands_and_options_exist(page: Path) -> None:
    for words in commands(page):
        command: click.Command = main
        context = click.Context(main)
        for word in words:
            if word.startswith("-") and word != "-":
                options = {
                    name
                    for each in command.get_params(context)
                    for name in (*each.opts, *each.secondary_opts)
                }
                assert word in options, f"esutd-bus {' '.join(words)}: no option {word}"
            elif isinstance(command, click.Group) and word.isascii():
                found = [command.get_command(context, name) for name in word.split("|")]
                assert all(found), f"esutd-bus {' '.join(words)}: no command {word}"
                command = found[0] or command


@every_page
def test_make_targets_exist(page: Path) -> None:
    makefile = text_of(ROOT / "Makefile").replace("$(VENV)", ".venv")
    targets = set(re.findall(r"^([\w./-]+):", makefile, re.MULTILINE))
    for line in code_of(page):
        words = line.split("#")[0].split("&&")[-1].split()
        if words[:1] == ["make"]:
            called = {word for word in words[1:] if re.fullmatch(r"[\w./-]+", word)}
            assert called <= targets, line


def test_the_readme_tells_the_two_commands() -> None:
    assert {"make demo", "make test"} <= set(code_of(ROOT / "README.md"))


def anchors(page: Path) -> set[str]:
    """What a page's headings are called in links."""
    headings = _HEADING.findall(_FENCE.sub("", text_of(page)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(_FENCE.sub("", text_of(page))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), f"{link}: nothing is there"
        assert not anchor or anchor in anchors(target), f"{link}: no such heading"


@every_page
def test_files_that_are_named_exist(page: Path) -> None:
    for code in code_of(page):
        if _PATH.fullmatch(code) and not _PLACEHOLDER.search(code):
            assert (ROOT / code).exists(), code


@every_page
def test_excerpts_are_what_they_are_taken_from(page: Path) -> None:
    for source, excerpt in _EXCERPT.findall(text_of(page)):
        original = text_of(ROOT / source)
        for piece in re.split(rf"^ *{_LEFT_OUT}\n", excerpt, flags=re.MULTILINE):
            assert piece in original, f"{source} does not hold:\n{piece}"


def codes_that_can_come() -> set[str]:
    """Every code in force that the mappings, the rules and their data, and the service name."""
    source = ROOT / "src" / "esutd_bus"
    texts = [text_of(file) for file in (ROOT / "mappings").glob("*.yaml")]
    texts += [" ".join(re.findall(r'"((?:SCSE|ESB)\d{3})"', text_of(file))) for file in source.rglob("*.py")]
    texts += [str(yaml.safe_load(text_of(DATA / name))) for name in ("fields.yaml", "words.yaml")]
    return set(_CODE.findall(" ".join(texts))) & answer_codes.in_force()


def test_integrators_are_told_every_code_that_can_come() -> None:
    told = {code for cells in rows(INTEGRATORS) for code in _CODE.findall(cells[0])}
    assert told == codes_that_can_come()


def test_integrators_are_told_every_reason() -> None:
    told = {word for cells in rows(INTEGRATORS) for word in _INLINE.findall(cells[0])}
    assert {reason.value for reason in Reason} <= told
    worded = yaml.safe_load(text_of(DATA / "words.yaml"))["refusals"].values()
    assert {refusal["reason"] for refusal in worded if refusal["code"] == "ESB005"} <= told


def test_testers_are_told_every_identity_and_every_person() -> None:
    told = {word for cells in rows(TESTERS) for word in [*_INLINE.findall(cells[0]), cells[0]]}
    identities = yaml.safe_load(text_of(ROOT / "src" / "esutd_bus" / "testbed" / "identities.yaml"))[
        "identities"
    ]
    assert identities.keys() <= told
    assert load_population().keys() <= told


def test_every_operation_has_its_page_and_no_page_is_of_none() -> None:
    """What stands on them, `make docs ARGS=--check` compares."""
    described = {each.operation.name for each in operation_pages.described()}
    assert {page.stem for page in operation_pages.PAGES.glob("*.md")} == described | {"README"}


def test_an_operation_without_description_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = text_of(operation_pages.DESCRIPTIONS)
    shortened = tmp_path / "operations.yaml"
    shortened.write_text(lines.replace("\nExtendContract:", "\nExtendTheContract:"), encoding="utf-8")
    monkeypatch.setattr(operation_pages, "DESCRIPTIONS", shortened)
    with pytest.raises(operation_pages.DescriptionError, match="says nothing of ExtendContract"):
        operation_pages.described()


def test_a_description_of_no_operation_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lengthened = tmp_path / "operations.yaml"
    lengthened.write_text(text_of(operation_pages.DESCRIPTIONS) + "\nGuess: {title: …}\n", encoding="utf-8")
    monkeypatch.setattr(operation_pages, "DESCRIPTIONS", lengthened)
    with pytest.raises(operation_pages.DescriptionError, match="in no WSDL: Guess"):
        operation_pages.described()


def test_a_page_that_differs_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(operation_pages, "PAGES", tmp_path)
    (tmp_path / "Old.md").write_text("", encoding="utf-8")
    (tmp_path / "New.md").write_text("as it was\n", encoding="utf-8")
    told = list(operation_pages.differences({"New.md": "as it is\n"}))
    assert told[0] == "Old.md: is of no operation"
    assert {"-as it was", "+as it is"} <= set(told)


def test_the_example_on_a_page_is_one_the_fixtures_hold() -> None:
    fixtures = load_fixtures(ROOT / "fixtures")
    for each in operation_pages.described():
        assert fixtures[each.example].payload_tag == each.operation.request.tag
        assert fixtures[each.example].kind == "ok"


def test_a_deadline_is_told_of_operations_that_answer_one() -> None:
    """The example's answer tells by when it was due, or the operation knows no deadline."""
    fixtures = load_fixtures(ROOT / "fixtures")
    for each in operation_pages.described():
        answered = "<c:deadline>" in (fixtures[each.example].expect.answer or "").partition("</receipt>")[0]
        assert answered == (each.deadline is not None), each.operation.name


def test_what_messages_bring_has_a_name() -> None:
    """Explanations and pages tell a field by its name."""
    for document in read_documents(ROOT / "mappings", ROOT / "mappings"):
        for operation in document.operations.values():
            for path, line in operation.request.items():
                assert "to" not in line or field_name(line["to"]), f"names.yaml: {line['to']} ({path})"
