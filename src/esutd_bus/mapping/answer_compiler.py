"""Compiling one operation's way out, and proving it complete: every leaf has a source, or is ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from esutd_bus.mapping.answer_mapping import AnswerMapping, Convert, RepeatedSource, Source
from esutd_bus.mapping.document import OperationDocument
from esutd_bus.mapping.fields import LEAF_TYPES, Field, column_type, told
from esutd_bus.mapping.request_compiler import Landed, Line
from esutd_bus.mapping.yaml_file import MappingError
from esutd_bus.register.jsonable import as_text, jsonable
from esutd_bus.soap.contract import Operation
from esutd_bus.soap.schema import Node
from esutd_bus.store.tables import metadata

_OF_THE_ENGINE: Mapping[str, Mapping[str, type]] = {
    "message": {"id": UUID, "request_id": UUID, "received_at": datetime},
    "receipt": {"code": str, "message": str, "due_on": date, "days_late": int},
    "warnings": {"code": str, "message_ru": str, "message_kk": str, "message_en": str},
}
_ALWAYS_TOLD = {Field("message", name) for name in _OF_THE_ENGINE["message"]} | {
    Field("receipt", "code"),
    Field("receipt", "message"),
}
_WARNINGS = "receipt.warnings"


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where in an answer the walk is."""

    path: str = ""
    """The repeated element it stands in."""

    row: str | None = None
    """The only row that can be read there."""

    certain: bool = True
    """Whether every answer (every row) comes this far."""

    def below(self, path: str) -> str:
        return path.removeprefix(f"{self.path}/") if self.path else path


class AnswerCompiler:
    """Compiles the answer's part of one operation's mapping; `compile` raises MappingError."""

    def __init__(
        self,
        operation: Operation,
        said: OperationDocument,
        declared: Mapping[str, Table],
        landed: Mapping[str, Landed],
        element_paths: Mapping[str, str],
    ) -> None:
        self._element = operation.response
        self._said = said
        self._place = f"{said.place}, answer"
        self._declared = declared
        self._landed = landed
        self._element_paths = element_paths
        self._seen: set[str] = set()

    def compile(self) -> AnswerMapping:
        """The mapping, proved."""
        mapping = AnswerMapping(*self._below(self._element, _Scope()))
        for path in self._said.answer:
            if path not in self._seen:
                raise MappingError(
                    f"{self._place}, {path}: the schema has no such element, or one above it is ignored"
                )
        return mapping

    def _below(self, node: Node, scope: _Scope) -> tuple[tuple[Source, ...], tuple[RepeatedSource, ...]]:
        leaves: list[Source] = []
        groups: list[RepeatedSource] = []
        for child in node.children:
            self._seen.add(child.path)
            line = self._said.answer.get(child.path, {})
            where = f"{self._place}, {child.path}"
            if "ignored" in line:
                if child.required:
                    raise MappingError(f"{where}: the schema requires it, so it cannot be ignored")
                continue
            within = _Scope(scope.path, scope.row, scope.certain and child.required)
            if child.repeated:
                groups.append(self._repeated(child, line, within, where))
            elif child.kind == "leaf":
                leaves.append(self._leaf(child, line, within, where))
            else:
                if line:
                    raise MappingError(f"{where}: «{min(line)}» is nothing to say of a group")
                inner_leaves, inner_groups = self._below(child, within)
                leaves += inner_leaves
                groups += inner_groups
        return tuple(leaves), tuple(groups)

    def _repeated(self, node: Node, line: Line, scope: _Scope, where: str) -> RepeatedSource:
        if "each" not in line:
            raise MappingError(f"{where}: a repeated element needs «each: SOURCE»")
        row, _, column = line["each"].partition(".")
        self._list_is_known(row, column, scope, where)
        within = _Scope(node.path, column or row)
        if node.kind == "leaf":
            leaf = self._leaf(node, {word: line[word] for word in line if word != "each"}, within, where)
            return RepeatedSource(scope.below(node.path), row, column or None, (leaf,), is_leaf=True)
        if len(line) > 1:
            raise MappingError(f"{where}: «each» is all there is to say of a repeated group")
        return RepeatedSource(scope.below(node.path), row, column or None, *self._below(node, within))

    def _list_is_known(self, row: str, column: str, scope: _Scope, where: str) -> None:
        if scope.row is not None and (row != scope.row or not column):
            raise MappingError(
                f"{where}: here only lists of {scope.row} can be read: «each: {scope.row}.LIST»"
            )
        if self._said.command is not None or f"{row}.{column}" == _WARNINGS:
            return
        landed = self._landed.get(row)
        if landed is None or not landed.repeated or column:
            raise MappingError(f"{where}: no repeated element of the request lands in «{row}»")
        if scope.certain and not landed.always:
            raise MappingError(f"{where}: every answer tells it, but not every request has rows of {row}")

    def _leaf(self, node: Node, line: Line, scope: _Scope, where: str) -> Source:
        if "from" not in line:
            raise MappingError(f"{where}: the leaf is neither mapped nor ignored")
        if "each" in line:
            raise MappingError(f"{where}: the schema does not let it repeat")
        source = Field.parse(line["from"])
        if scope.row is not None and source.table != scope.row:
            raise MappingError(f"{where}: here only {scope.row} can be read, not {source.table}")
        given = self._type_of(source, scope, where)
        convert = self._convert(node, line, given, where)
        return Source(scope.below(node.path), source.table, source.column, convert)

    def _type_of(self, source: Field, scope: _Scope, where: str) -> type | None:
        """The type of a source's values; None where only the register's command knows it."""
        columns: Mapping[str, type] | None = None
        certain = True
        if source.table in _OF_THE_ENGINE:
            columns = _OF_THE_ENGINE[source.table]
            certain = source in _ALWAYS_TOLD or source.table == "warnings"
        elif self._said.command is None:
            columns = self._stored(source, scope, where)
            certain = source.column == "id" or source.column in self._landed[source.table].certain
        elif source.table in metadata.tables:
            columns = {column.name: column_type(column) for column in metadata.tables[source.table].columns}
        elif source.table in self._declared:
            raise MappingError(f"{where}: a command of the register tells nothing of «{source.table}»")
        if columns is None:
            return None
        if source.column not in columns:
            raise MappingError(f"{where}: source {source.table} has no «{source.column}»")
        if scope.certain and not certain:
            raise MappingError(f"{where}: every answer tells it, but {source} is not always there")
        return columns[source.column]

    def _stored(self, source: Field, scope: _Scope, where: str) -> Mapping[str, type]:
        """What can be read of a table that the operation's own messages land on."""
        landed = self._landed.get(source.table)
        if landed is None or source.table not in self._declared:
            raise MappingError(f"{where}: no leaf of the request lands in «{source.table}»")
        if landed.repeated and scope.row is None:
            raise MappingError(f"{where}: {source.table} has many rows: a repeated element tells them")
        columns = self._declared[source.table].columns
        return {name: column_type(columns[name]) for name in {"id", *landed.columns}}

    def _convert(self, node: Node, line: Line, given: type | None, where: str) -> Convert | None:
        match line.get("as"):
            case None:
                if node.type == "string":
                    return None if given is str else _text
                if given is not None and given is not LEAF_TYPES.get(node.type):
                    raise MappingError(f"{where}: {told(given)} cannot be told as {node.type}")
                return None
            case "element_path":
                return self._element_path
            case name:
                raise MappingError(f"{where}: no converter «{name}» (known: element_path)")

    def _element_path(self, column: Any) -> Any:
        """A history's reader knows elements, not columns."""
        return self._element_paths.get(f"contract.{column}", column)


def _text(value: Any) -> str | None:
    return as_text(jsonable(value))
