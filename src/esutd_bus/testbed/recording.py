"""Recording: an `expect.yaml` rewritten to what really came back, for a person to read and to commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import yaml
from lxml import etree

from esutd_bus.testbed.xml import local_name

if TYPE_CHECKING:
    from esutd_bus.testbed.answers import Answer
    from esutd_bus.testbed.placeholders import Filling
    from esutd_bus.testbed.replay import Exchange

VOLATILE = ("receipt/messageId", "receipt/receivedAt", "contractId", "amendmentId")
"""What is new in every answer; a fixture that names volatile paths of its own keeps those."""

_ABOUT_THE_ANSWER = (
    "code", "field", "reason", "upstream_code", "upstream_message", "errors", "faultcode",
    "warning", "answer", "volatile",
)  # fmt: skip


def record(exchange: Exchange) -> bool:
    """Rewrite the fixture's expectation if its answer differs from it. Comments of the file are lost.

    Returns:
        Whether the file was rewritten.
    """
    result = exchange.result
    if result.as_expected or result.answer is None or result.answer.unreadable is not None:
        return False
    file = result.fixture.folder / "expect.yaml"
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
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
    copy = etree.fromstring(etree.tostring(payload))
    present = []
    for element in copy.iter("{*}*"):
        steps = [local_name(above) for above in element.iterancestors("{*}*")][::-1][1:]
        path = "/".join((*steps, local_name(element)))
        if path in volatile:
            element.text = "…"
            if path not in present:
                present.append(path)
    etree.cleanup_namespaces(copy)
    etree.indent(copy)
    text = etree.tostring(copy, encoding="unicode") + "\n"
    # Long values first: a date that is part of an instant must not be taken out of it.
    for placeholder, value in sorted(filling.given.items(), key=lambda item: -len(item[1])):
        text = text.replace(escape(value), f"${{{placeholder}}}")
    return text, present


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as a block."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def _dumped(document: dict[str, Any]) -> str:
    return yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110)
