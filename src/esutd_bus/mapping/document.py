"""Reading `mappings/*.yaml`: what they may say, and a clear word where they say something else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml


class MappingError(Exception):
    """A mapping that cannot be served; the message names file, operation and path. Start-up ends with it."""


COMMON = "common.yaml"

_DOCUMENT_KEYS = {"service", "parts", "tables", "operations"}
_OPERATION_KEYS = {"command", "kind", "creates", "fetch", "request", "answer"}
_REQUEST_KEYS = {"to", "as", "missing", "malformed", "ignored", "rows"}
_ANSWER_KEYS = {"from", "as", "each", "ignored"}

Lines = Mapping[str, Mapping[str, Any]]
"""Path → what the mapping says of it, in the long form."""


@dataclass(frozen=True, slots=True)
class OperationDocument:
    """What a mapping says of one operation."""

    name: str
    place: str
    """`EmploymentContracts.yaml, RegisterContract`: where complaints point."""

    request: Lines
    answer: Lines
    command: str | None
    """The register's command that the operation is; None: its rows are stored as they come."""

    is_read: bool
    """A stored answer holds for 24 hours only (design: once and only once)."""

    creates: str | None
    """The table whose rows the operation makes: all its required columns must be fed."""

    fetch: Mapping[str, str]
    """Port → field: what is asked of other systems before the register decides."""


@dataclass(frozen=True, slots=True)
class MappingDocument:
    """One file of `mappings/`: one service."""

    file: str
    service: str
    operations: Mapping[str, OperationDocument]
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def read_documents(folder: Path, shared: Path) -> list[MappingDocument]:
    """All mappings of a folder. `shared`: the built-in folder, whose common parts serve where it has none."""
    if not folder.is_dir():
        raise MappingError(f"no folder of mappings at {folder}")
    common = folder / COMMON
    parts = _load(common if common.exists() else shared / COMMON).get("parts", {})
    return [_document(path, parts) for path in sorted(folder.glob("*.yaml")) if path.name != COMMON]


def _load(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise MappingError(f"{path.name}: cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise MappingError(f"{path.name}: a mapping is a YAML mapping")
    return content


def _document(path: Path, common_parts: Mapping[str, Any]) -> MappingDocument:
    content = _load(path)
    _only(content, _DOCUMENT_KEYS, path.name)
    if not isinstance(content.get("service"), str):
        raise MappingError(f"{path.name}: says no `service`")
    parts = {**common_parts, **(content.get("parts") or {})}
    operations = {
        name: _operation(name, said or {}, parts, f"{path.name}, {name}")
        for name, said in (content.get("operations") or {}).items()
    }
    return MappingDocument(path.name, content["service"], operations, content.get("tables") or {})


def _operation(name: str, said: Mapping[str, Any], parts: Mapping[str, Any], place: str) -> OperationDocument:
    _only(said, _OPERATION_KEYS, place)
    kind = said.get("kind", "write")
    if kind not in ("read", "write"):
        raise MappingError(f"{place}: kind is «read» or «write», not «{kind}»")
    return OperationDocument(
        name=name,
        place=place,
        request=_lines(said.get("request") or {}, parts, "to", _REQUEST_KEYS, f"{place}, request"),
        answer=_lines(said.get("answer") or {}, parts, "from", _ANSWER_KEYS, f"{place}, answer"),
        command=said.get("command"),
        is_read=kind == "read",
        creates=said.get("creates"),
        fetch=said.get("fetch") or {},
    )


def _lines(
    said: Mapping[str, Any], parts: Mapping[str, Any], short: str, known: set[str], place: str
) -> Lines:
    merged: dict[str, Any] = {}
    for part in said.get("use", ()):
        if part not in parts:
            raise MappingError(f"{place}: no part «{part}»")
        merged.update(parts[part])
    merged.update({path: line for path, line in said.items() if path != "use"})
    lines: dict[str, Mapping[str, Any]] = {}
    for path, line in merged.items():
        lines[path] = {short: line} if isinstance(line, str) else line
        if not isinstance(lines[path], dict):
            raise MappingError(f"{place}, {path}: «TABLE.COLUMN» or a mapping is expected")
        _only(lines[path], known, f"{place}, {path}")
    return lines


def _only(said: Mapping[str, Any], known: set[str], place: str) -> None:
    unknown = sorted(set(said) - known)
    if unknown:
        raise MappingError(f"{place}: unknown word «{unknown[0]}» (known: {', '.join(sorted(known))})")
