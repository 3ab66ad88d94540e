"""The fields of an operation's page: how often, of which form, by which code refused, as XSD and mapping have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from esutd_bus.mapping.converters import CONVERTERS, SCHEMA_CODE
from esutd_bus.mapping.document import OperationDocument
from esutd_bus.register.names import field_name
from esutd_bus.soap.leaf import LeafType
from esutd_bus.soap.schema import Model, Node

_TOLD_ELSEWHERE = frozenset({"requestHeader", "employer", "receipt"})

_BY_CONVERTER = {
    "iin": "ИИН с верной контрольной цифрой",
    "bin": "БИН с верной контрольной цифрой",
    "uuid": "GUID",
    "external_id": "32–45 латинских букв, цифр, «-»",
}
_BY_TYPE = {
    "string": "текст",
    "boolean": "`true` или `false`",
    "date": "дата `ГГГГ-ММ-ДД` без пояса",
    "dateTime": "дата и время",
    "decimal": "число",
    "base64Binary": "base64",
}
_BY_PATTERN = {
    "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}": "GUID",
    "[0-9]{12}": "12 цифр",
}
_OF_32_BITS = ("-2147483648", "2147483647")
"""Bounds of `xs:int`, which nobody comes near."""

_CHOICES = "one of: "
_PLURALS = {"contracts": "contract", "leaves": "leave"}


def request_table(request: Node, mapping: OperationDocument) -> str:
    """Element, name, form, how often, and the codes where it lacks or is not of its form."""
    lines = [
        "| элемент | что это | вид | сколько | нет | не той формы |",
        "|---|---|---|---|---|---|",
    ]
    elsewhere: tuple[str, ...] = ()
    for node, often in _rows(request):
        if node.path.startswith(elsewhere):
            continue
        line = mapping.request.get(node.path, {})
        name = field_name(line.get("to", "")) or ""
        form = _form(node, line)
        if (other := line.get("judged_as")) is not None:
            elsewhere += (f"{node.path}/",)
            form += f", как `{node.name}` в [{other}]({other}.md)"
        missing = line.get("missing", SCHEMA_CODE) if node.required or "missing" in line else "—"
        malformed = _malformed(line) if node.kind == "leaf" else "—"
        lines.append(f"| `{node.path}` | {name} | {form} | {often} | {missing} | {malformed} |")
    return "\n".join(lines) if len(lines) > 2 else "Больше в запросе ничего нет."  # noqa: PLR2004  # the table's head


def told_elsewhere(request: Node) -> str:
    """The elements of a request that the page for all operations tells of."""
    return " и ".join(f"`{child.name}`" for child in request.children if child.name in _TOLD_ELSEWHERE)


def answer_table(response: Node, mapping: OperationDocument) -> str:
    """Element, name, form, how often."""
    lines = ["| элемент | что это | вид | сколько |", "|---|---|---|---|"]
    for node, often in _rows(response):
        line = mapping.answer.get(node.path, {})
        lines.append(f"| `{node.path}` | {_source_name(line)} | {_form(node, {})} | {often} |")
    return "\n".join(lines) if len(lines) > 2 else ""  # noqa: PLR2004  # the table's head


def _rows(root: Node) -> Iterator[tuple[Node, str]]:
    """Every element below the root with how often it comes, but for what is told elsewhere."""
    if root.model is not None:
        yield from _of_model(root.model, top=root.path == "")


def _of_model(model: Model, *, top: bool) -> Iterator[tuple[Node, str]]:
    for member in model.members:
        if isinstance(member, Model):
            yield from _of_model(member, top=top)
        elif isinstance(member, Node) and not (top and member.name in _TOLD_ELSEWHERE):
            yield member, _often(member, alternative=model.kind == "choice")
            yield from _rows(member)


def _often(node: Node, *, alternative: bool) -> str:
    if alternative:
        return "одно из" if node.min_occurs else "0 или 1"
    most = "много" if node.max_occurs is None else str(node.max_occurs)
    return str(node.min_occurs) if str(node.min_occurs) == most else f"{node.min_occurs}–{most}"


def _form(node: Node, line: Mapping[str, str]) -> str:
    if node.leaf is None:
        return "группа"
    dictionary = _dictionaries().get(line.get("to", "").removeprefix("contract."))
    if dictionary is not None:
        return f"код, справочник `{dictionary}`"
    return _BY_CONVERTER.get(line.get("as", "")) or _of_type(node.leaf)


def _of_type(leaf: LeafType) -> str:
    facets = leaf.facets
    if (choices := facets.get("enumeration")) is not None:
        return " или ".join(f"`{choice}`" for choice in choices.removeprefix(_CHOICES).split(", ")).replace(
            "`…`", "другое"
        )
    if facets.get("pattern") in _BY_PATTERN:
        return _BY_PATTERN[facets["pattern"]]
    told = _BY_TYPE.get(leaf.name, "целое число")
    if "maxLength" in facets:
        told += f", {facets.get('minLength', '0')}–{facets['maxLength']} знаков"
    elif "length" in facets:
        told += f", {facets['length']} знаков"
    if leaf.name not in ("string", "date", "dateTime"):
        bounds = (
            ("minInclusive", "от"),
            ("minExclusive", "больше"),
            ("maxInclusive", "до"),
            ("maxExclusive", "меньше"),
        )
        told += "".join(
            f" {word} {facets[bound]}"
            for bound, word in bounds
            if bound in facets and facets[bound] not in _OF_32_BITS
        )
    return told


def _malformed(line: Mapping[str, str]) -> str:
    converter = CONVERTERS.get(line.get("as", ""))
    return line.get("malformed") or (converter.malformed if converter else SCHEMA_CODE)


def _source_name(line: Mapping[str, str]) -> str:
    source, _, field = line.get("from", "").partition(".")
    return field_name(f"{_PLURALS.get(source, source)}.{field}") or ""


@cache
def _dictionaries() -> Mapping[str, str]:
    """Column → the dictionary that its code must be in."""
    data: dict[str, Any] = yaml.safe_load(
        (files("esutd_bus.register") / "data" / "fields.yaml").read_text("utf-8")
    )
    return {column: said["dictionary"] for column, said in data["codes"].items()}
