"""Reading `mappings/*.yaml`: what they may say, and a clear word where they say something else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from esutd_bus.mapping.yaml_file import MappingError, names, read_yaml, section, text, texts

__all__ = ["Lines", "MappingDocument", "MappingError", "OperationDocument", "read_documents"]

COMMON = "common.yaml"

_COMMON_WORDS = frozenset({"parts"})
_DOCUMENT_WORDS = frozenset({"service", "parts", "tables", "operations"})
_OPERATION_WORDS = frozenset({"command", "kind", "roles", "profiles", "fetch", "checks", "request", "answer"})
_REQUEST_WORDS = frozenset({"to", "as", "missing", "malformed", "ignored", "rows", "judged_as"})
_ANSWER_WORDS = frozenset({"from", "as", "each", "ignored"})
_KINDS = ("read", "write")
_PROFILES = ("wsse", "header", "document")
"""The signature profiles there are (`signature.profile`, a room that this one does not know)."""

Lines = Mapping[str, Mapping[str, str]]
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
    """A stored answer holds for 24 hours only (docs/architecture.md, once and only once)."""

    roles: tuple[str, ...]
    """Whom it serves, where that is said: words of `register.partners.PartnerKind`."""

    profiles: frozenset[str]
    """The signature profiles the operation takes; all where the mapping does not say."""

    fetch: Mapping[str, str]
    """Port → field: what is asked of other systems before the register decides."""

    checks: Mapping[str, str]
    """The same, where the settings want it."""


@dataclass(frozen=True, slots=True)
class MappingDocument:
    """One file of `mappings/`: one service."""

    file: str
    service: str
    operations: Mapping[str, OperationDocument]
    tables: Mapping[str, Any]
    """Table → its declaration, as `exchange_tables` reads it."""


def read_documents(folder: Path, shared: Path) -> list[MappingDocument]:
    """All mappings of a folder. `shared`: the built-in folder, whose common parts serve where it has none."""
    if not folder.is_dir():
        raise MappingError(f"no folder of mappings at {folder}")
    own = folder / COMMON
    common = section(read_yaml(own if own.exists() else shared / COMMON), COMMON, _COMMON_WORDS)
    parts = section(common.get("parts"), f"{COMMON}, parts")
    documents = [_document(path, parts) for path in sorted(folder.glob("*.yaml")) if path.name != COMMON]
    files: dict[str, str] = {}
    for document in documents:
        other = files.setdefault(document.service, document.file)
        if other != document.file:
            raise MappingError(f"{document.file}: {other} maps the service {document.service} already")
    return documents


def _document(path: Path, common_parts: Mapping[str, Any]) -> MappingDocument:
    content = section(read_yaml(path), path.name, _DOCUMENT_WORDS)
    parts = {**common_parts, **section(content.get("parts"), f"{path.name}, parts")}
    operations = section(content.get("operations"), f"{path.name}, operations")
    return MappingDocument(
        file=path.name,
        service=text(content.get("service"), f"{path.name}, service"),
        operations={
            name: _operation(name, said, parts, f"{path.name}, {name}") for name, said in operations.items()
        },
        tables=section(content.get("tables"), f"{path.name}, tables"),
    )


def _operation(name: str, content: Any, parts: Mapping[str, Any], place: str) -> OperationDocument:
    said = section(content, place, _OPERATION_WORDS)
    kind = said.get("kind", "write")
    if kind not in _KINDS:
        raise MappingError(f"{place}: kind is «read» or «write», not «{kind}»")
    return OperationDocument(
        name=name,
        place=place,
        request=_lines(said.get("request"), parts, "to", _REQUEST_WORDS, f"{place}, request"),
        answer=_lines(said.get("answer"), parts, "from", _ANSWER_WORDS, f"{place}, answer"),
        command=text(said["command"], f"{place}, command") if "command" in said else None,
        is_read=kind == "read",
        roles=names(said.get("roles"), f"{place}, roles"),
        profiles=_profiles(said, place),
        fetch=texts(section(said.get("fetch"), f"{place}, fetch"), f"{place}, fetch"),
        checks=texts(section(said.get("checks"), f"{place}, checks"), f"{place}, checks"),
    )


def message_lines(content: Any, place: str) -> Lines:
    """The lines of a message that goes out: as those of an answer. Raises MappingError."""
    return _lines(content, {}, "from", _ANSWER_WORDS, place)


def _profiles(said: Mapping[str, Any], place: str) -> frozenset[str]:
    if "profiles" not in said:
        return frozenset(_PROFILES)
    profiles = names(said["profiles"], f"{place}, profiles")
    unknown = [profile for profile in profiles if profile not in _PROFILES]
    if unknown or not profiles:
        told = f"«{unknown[0]}» is none" if unknown else "at least one is needed"
        raise MappingError(f"{place}, profiles: {', '.join(_PROFILES)}; {told}")
    return frozenset(profiles)


def _lines(content: Any, parts: Mapping[str, Any], short: str, known: frozenset[str], place: str) -> Lines:
    """The lines of the parts used, then the operation's own, which count where both speak of a path."""
    said = dict(section(content, place))
    merged: dict[str, Any] = {}
    for part in names(said.pop("use", None), f"{place}, use"):
        if part not in parts:
            raise MappingError(f"{place}: no part «{part}»")
        merged |= section(parts[part], f"{place}, part {part}")
    merged |= said
    return {path: _line(line, short, known, f"{place}, {path}") for path, line in merged.items()}


def _line(content: Any, short: str, known: frozenset[str], where: str) -> Mapping[str, str]:
    line = {short: content} if isinstance(content, str) else section(content, where, known)
    if not line:
        raise MappingError(f"{where}: says nothing")
    if "ignored" in line and len(line) > 1:
        raise MappingError(f"{where}: is ignored, and yet more is said of it")
    return texts(line, where)
