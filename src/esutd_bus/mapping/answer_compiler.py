"""Compiling one operation's way out, and proving it complete: every leaf has a source, or is ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from esutd_bus.mapping.answer_mapping import AnswerMapping, Convert, RepeatedSource, Source
from esutd_bus.mapping.answer_sources import AnswerSources
from esutd_bus.mapping.document import OperationDocument
from esutd_bus.mapping.fields import LEAF_TYPES, Field, told
from esutd_bus.mapping.request_compiler import Line
from esutd_bus.mapping.yaml_file import MappingError
from esutd_bus.register.case import Shape
from esutd_bus.register.jsonable import as_text, jsonable
from esutd_bus.soap.schema import Node


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where in an answer the walk is."""

    path: str = ""
    """The repeated element it stands in."""

    row: str | None = None
    """The only row that can be read there."""

    shape: Shape = field(default_factory=Shape)
    """What that row holds."""

    certain: bool = True
    """Whether every answer (every row) comes this far."""

    def below(self, path: str) -> str:
        return path.removeprefix(f"{self.path}/") if self.path else path


class AnswerCompiler:
    """Compiles the answer's part of one operation's mapping; `compile` raises MappingError."""

    def __init__(
        self,
        element: Node,
        said: OperationDocument,
        sources: AnswerSources,
        element_paths: Mapping[str, str],
    ) -> None:
        self._element = element
        self._said = said
        self._place = f"{said.place}, answer"
        self._sources = sources
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
            within = replace(scope, certain=scope.certain and child.required)
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
        rows = self._rows(row, column, scope, where)
        if scope.certain and not rows.filled:
            raise MappingError(f"{where}: every answer tells it, but {line['each']} may have no rows")
        within = _Scope(node.path, column or row, rows)
        if node.kind == "leaf":
            leaf = self._leaf(node, {word: line[word] for word in line if word != "each"}, within, where)
            return RepeatedSource(scope.below(node.path), row, column or None, (leaf,), is_leaf=True)
        if len(line) > 1:
            raise MappingError(f"{where}: «each» is all there is to say of a repeated group")
        return RepeatedSource(scope.below(node.path), row, column or None, *self._below(node, within))

    def _rows(self, row: str, column: str, scope: _Scope, where: str) -> Shape:
        if scope.row is None:
            return self._sources.rows_of(row, column, where)
        if row != scope.row or not column:
            raise MappingError(
                f"{where}: here only lists of {scope.row} can be read: «each: {scope.row}.LIST»"
            )
        if column not in scope.shape.lists:
            raise MappingError(f"{where}: {scope.row} has no list «{column}»")
        return scope.shape.lists[column]

    def _leaf(self, node: Node, line: Line, scope: _Scope, where: str) -> Source:
        if "from" not in line:
            raise MappingError(f"{where}: the leaf is neither mapped nor ignored")
        if "each" in line:
            raise MappingError(f"{where}: the schema does not let it repeat")
        source = Field.parse(line["from"])
        given = self._type_of(source, scope, where)
        convert = self._convert(node, line, given, where)
        return Source(scope.below(node.path), source.table, source.column, convert)

    def _type_of(self, source: Field, scope: _Scope, where: str) -> type:
        """The type of a source's values."""
        if scope.row is None:
            shape = self._sources.row(source.table, where)
        elif source.table == scope.row:
            shape = scope.shape
        else:
            raise MappingError(f"{where}: here only {scope.row} can be read, not {source.table}")
        if source.column in shape.always:
            return shape.always[source.column]
        if source.column not in shape.sometimes:
            raise MappingError(f"{where}: source {source.table} has no «{source.column}»")
        if scope.certain:
            raise MappingError(f"{where}: every answer tells it, but {source} is not always there")
        return shape.sometimes[source.column]

    def _convert(self, node: Node, line: Line, given: type, where: str) -> Convert | None:
        match line.get("as"):
            case None:
                if node.type == "string":
                    return None if given is str else _text
                if given is not object and given is not LEAF_TYPES.get(node.type):
                    raise MappingError(f"{where}: {told(given)} cannot be told as {node.type}")
                return None
            case "element_path":
                return self._element_path
            case name:
                raise MappingError(f"{where}: no converter «{name}» (known: element_path)")

    def _element_path(self, column: Any) -> Any:
        """A history's reader knows elements, not columns."""
        return self._element_paths.get(column if "." in column else f"contract.{column}", column)


def _text(value: Any) -> str | None:
    return as_text(jsonable(value))
