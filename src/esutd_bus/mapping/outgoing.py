"""Messages that nobody asked for, compiled from `mappings/outgoing/*.yaml`: which entries they tell of, and how.

A file names a schema's element, the kinds of entries, and the source of each leaf, in the words of an answer's mapping.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from esutd_bus.mapping.answer_compiler import AnswerCompiler
from esutd_bus.mapping.answer_sources import AnswerSources, kept
from esutd_bus.mapping.compile import paths_of_fields
from esutd_bus.mapping.document import OperationDocument, message_lines, read_documents
from esutd_bus.mapping.yaml_file import MappingError, names, read_yaml, section, text
from esutd_bus.register.case import Shape
from esutd_bus.soap.contract import load_element
from esutd_bus.soap.contract_error import ContractError
from esutd_bus.soap.plan import AnswerPlan
from esutd_bus.store.tables import metadata

FOLDER: Final = "outgoing"
_WORDS: Final = frozenset({"schema", "element", "events", "message"})

Facts = Mapping[str, Mapping[str, Any]]
"""Source → row: `notification` {id, made_at}, `entry` (of the history, with its changes), `contract`."""


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message, ready to be made."""

    name: str
    encode: Callable[[Facts], bytes]
    """The element, in UTF-8. Raises `EncodeError` for facts that make none."""


def compile_outgoing(contracts: Path, shared: Path) -> Mapping[str, OutgoingMessage]:
    """Kind of entry → the message that tells of it. Raises MappingError, ContractError.

    `contracts`: the folder with `xsd` and `mappings`; `shared`: the built-in folder of mappings, for common parts.
    """
    mappings = contracts / "mappings"
    element_paths = paths_of_fields(read_documents(mappings, shared))
    folder = mappings / FOLDER
    if not folder.is_dir():  # of an operator's own contracts, which know of no notifications
        folder, contracts = shared / FOLDER, shared.parent
    messages: dict[str, OutgoingMessage] = {}
    for path in sorted(folder.glob("*.yaml")):
        content = section(read_yaml(path), path.name, _WORDS)
        message = _message(contracts, path.name, content, element_paths)
        for kind in names(content.get("events"), f"{path.name}, events"):
            if kind in messages:
                raise MappingError(f"{path.name}, events: {messages[kind].name} tells of {kind} already")
            messages[kind] = message
    return messages


def _message(
    contracts: Path, file: str, content: Mapping[str, Any], element_paths: Mapping[str, str]
) -> OutgoingMessage:
    schema = text(content.get("schema"), f"{file}, schema")
    tag = text(content.get("element"), f"{file}, element")
    try:
        element = load_element(contracts, schema, tag)
    except ContractError as error:
        raise MappingError(f"{file}: {error}") from error
    said = OperationDocument(
        name=element.name,
        place=file,
        request={},
        answer=message_lines(content.get("message"), f"{file}, message"),
        command=None,
        is_read=False,
        roles=(),
        profiles=frozenset(),
        fetch={},
        checks={},
    )
    mapping = AnswerCompiler(element, said, _sources(), element_paths).compile()
    plan = AnswerPlan(element)
    return OutgoingMessage(element.name, lambda facts: plan.encode(mapping.gather(facts)))


def _sources() -> AnswerSources:
    entry = kept(metadata.tables["contract_event"], stored=True)
    changes = Shape(always={"field": str}, sometimes={"before": object, "after": object})
    rows = {
        "notification": Shape(always={"id": UUID, "made_at": datetime}),
        "contract": kept(metadata.tables["contract"], stored=True),
        "entry": replace(entry, lists={"change": changes}),
    }
    return AnswerSources(rows, {}, "nothing is known of", "there is no list")
