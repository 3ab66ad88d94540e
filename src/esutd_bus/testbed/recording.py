"""Recording: an `expect.yaml` rewritten to what really came back, for a person to read and to commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import yaml
from lxml import etree

from esutd_bus.plain_yaml import load_yaml
from esutd_bus.testbed.xml import COMMON, local_name

if TYPE_CHECKING:
    from esutd_bus.testbed.answers import Answer
    from esutd_bus.testbed.placeholders import Filling
    from esutd_bus.testbed.replay import Exchange

VOLATILE = ("receipt/messageId", "receipt/receivedAt", "contractId", "amendmentId", "leaveId", "batchId")
"""What is new in every answer; a fixture that names volatile paths of its own keeps those."""

_TELLING_LENGTH = 8
"""A shorter value (a dictionary's code) occurs elsewhere by chance."""

_ABOUT_THE_ANSWER = (
    "code", "field", "reason", "upstream_code", "upstream_message", "errors", "faultcode",
    "warning", "answer", "volatile",
)  # fmt: skip


def record(exchange: Exchange) -> bool:
    """Rewrite the fixture's expectation where the answer differs from it or was not stated yet.

    Comments of the file are lost; what was volatile stays so.

    Returns:
        Whether the file was rewritten.
    """
    result = exchange.result
    if result.answer is None or result.answer.unreadable is not None:
        return False
    expect = result.fixture.expect
    stated = bool(expect.expected_errors or expect.answer or expect.same_answer_as)
    if result.as_expected and stated:
        return False
    file = result.fixture.folder / "expect.yaml"
    written = load_yaml(file.read_text(encoding="utf-8"))
    kept = {key: value for key, value in written.items() if key not in _ABOUT_THE_ANSWER}
    volatile = written.get("volatile", list(VOLATILE))
    recorded = {**kept, **_recorded(result.answer, exchange.filling, volatile)}
    _record_status(recorded, result.answer)
    file.write_text(_dumped(recorded), encoding="utf-8")
    return True


def _recorded(answer: Answer, filling: Filling, volatile: list[str]) -> dict[str, Any]:
    if answer.payload is None:
        errors = [
            {
                name: getattr(error, name)
                for name in ("code", "field", "reason", "upstream_code", "upstream_message")
                if getattr(error, name) is not None
            }
            for error in answer.errors
        ]
        told = errors[0] if len(errors) == 1 else {"errors": errors}
        return told | ({} if answer.faultcode == "Client" else {"faultcode": answer.faultcode})
    text, present = _template(answer.payload, filling, volatile)
    warning = {"warning": list(answer.warnings)} if answer.warnings else {}
    return {**warning, "answer": text, "volatile": present}


def _record_status(recorded: dict[str, Any], answer: Answer) -> None:
    usual = 200 if answer.payload is not None else 500
    http = {key: value for key, value in recorded.pop("http", {}).items() if key != "status"}
    if answer.status != usual:
        http["status"] = answer.status
    if http:
        recorded["http"] = http


def _template(payload: etree._Element, filling: Filling, volatile: list[str]) -> tuple[str, list[str]]:
    """The answer's element, indented, with placeholders for what the request's placeholders became."""
    copy = with_usual_prefixes(payload)
    present = []
    for element in copy.iter("{*}*"):
        steps = [local_name(above) for above in element.iterancestors("{*}*")][::-1][1:]
        path = "/".join((*steps, local_name(element)))
        if path in volatile:
            element.text = "…"
            if path not in present:
                present.append(path)
    etree.indent(copy)
    text = etree.tostring(copy, encoding="unicode") + "\n"
    # Long values first: a date that is part of an instant must not be taken out of it.
    for placeholder, value in sorted(filling.given.items(), key=lambda item: -len(item[1])):
        if len(value) >= _TELLING_LENGTH:
            text = text.replace(escape(value), f"${{{placeholder}}}")
    return text, present


def with_usual_prefixes(payload: etree._Element) -> etree._Element:
    """A copy with the service's namespace as the default one and `c` for the common one, as fixtures have it."""
    own = etree.QName(payload).namespace
    nsmap: dict[str | None, str] = {"c": COMMON} | ({None: own} if own else {})
    copy = etree.Element(payload.tag, nsmap=nsmap)  # type: ignore[arg-type]  # None is the default's prefix
    _copy_content(payload, copy)
    etree.cleanup_namespaces(copy)
    return copy


def _copy_content(source: etree._Element, target: etree._Element) -> None:
    target.text = source.text
    for name, value in source.attrib.items():
        target.set(name, value)
    for child in source.iterchildren("{*}*"):
        _copy_content(child, etree.SubElement(target, child.tag))


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as a block."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _list(dumper: yaml.SafeDumper, value: list[Any]) -> yaml.SequenceNode:
    of_scalars = all(isinstance(item, str) for item in value)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=of_scalars)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)


def _dumped(document: dict[str, Any]) -> str:
    return yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110)
