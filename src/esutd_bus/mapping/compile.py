"""Compiling mappings against contracts and tables: what is not proved complete here is not served."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from esutd_bus.mapping.answer_mapping import AnswerMapping, Convert, RepeatedSource, Source
from esutd_bus.mapping.converters import CONVERTERS, SCHEMA_CODE
from esutd_bus.mapping.document import Lines, MappingDocument, MappingError, OperationDocument, read_documents
from esutd_bus.mapping.exchange_tables import declare
from esutd_bus.mapping.request_mapping import Landing, PathCodes, RepeatedLanding, RequestMapping
from esutd_bus.register import answer_codes
from esutd_bus.register.jsonable import as_text
from esutd_bus.register.refusal import Refusal
from esutd_bus.soap.contract import Operation, ServiceContracts
from esutd_bus.soap.schema import Node
from esutd_bus.store.tables import metadata

SAID_OF_THE_MESSAGE = frozenset({"employer", "request_id", "sent_at", "system"})
REFERENCE = frozenset({"contract_id", "external_id"})
"""How a message refers to a contract: `reference.contract_id` or `reference.external_id`."""

STORE_ROWS = "StoreRows"
"""The generic command: what a mapping lands on tables of its own is stored and answered."""

_ENGINE_SOURCES: Mapping[str, frozenset[str]] = {
    "message": frozenset({"id", "request_id", "received_at"}),
    "receipt": frozenset({"code", "message", "due_on", "days_late", "warnings"}),
}


@dataclass(frozen=True, slots=True)
class MappedOperation:
    """An operation ready to be served: contract, way in, way out."""

    contract: Operation
    request: RequestMapping
    answer: AnswerMapping
    command: str
    """The register's command it is; `StoreRows` for an exchange without rules of its own."""

    is_read: bool
    fetch: Mapping[str, tuple[str, str]]
    """Port → (table, column) of the value it is asked by."""

    order: Mapping[str, int]
    """Path → its place in the schema."""

    def in_order(self, refusals: Iterable[Refusal]) -> list[Refusal]:
        """The refusals with their paths, in the message's own order."""
        told = [refusal if refusal.path else replace(refusal, path=self._path(refusal.field)) for refusal in refusals]
        return sorted(told, key=lambda refusal: self._place(refusal.path))

    def _path(self, field: str | None) -> str | None:
        """A field's path; a rule may also name a whole group (`amendment.changes`)."""
        path = self.request.path_of(field)
        if path is None and field is not None and field.replace(".", "/") in self.order:
            return field.replace(".", "/")
        return path

    def _place(self, path: str | None) -> list[tuple[int, int]]:
        """Where a path stands in a message: for each step its place in the schema, and its count if repeated."""
        if not path:
            return [(len(self.order), 0)]
        place: list[tuple[int, int]] = []
        above = ""
        for step in path.split("/"):
            name, _, count = step.partition("[")
            above = f"{above}/{name}" if above else name
            place.append((self.order.get(above, len(self.order)), int(count.rstrip("]") or 0)))
        return place


@dataclass(frozen=True, slots=True)
class Mappings:
    """All mapped operations, and the tables their mappings declare."""

    operations: Mapping[str, MappedOperation]
    """Clark tag of the request's element → operation."""

    tables: Mapping[str, Table]
    """The declared tables, parents before children."""


def compile_mappings(folder: Path, shared: Path, contracts: ServiceContracts) -> Mappings:
    """Every operation of every contract with its mapping. Raises MappingError; start-up ends with it."""
    documents = read_documents(folder, shared)
    tables = declare(documents)
    by_service = {document.service: document for document in documents}
    services = {service.name: service for service in contracts.by_path.values()}
    for document in documents:
        if document.service not in services:
            raise MappingError(
                f"{document.file}: there is no service «{document.service}» (wsdl/{document.service}.wsdl)"
            )
    operations: dict[str, MappedOperation] = {}
    fed: dict[str, set[str]] = {name: set() for name in tables}
    for service in services.values():
        found = by_service.get(service.name)
        if found is None:
            raise MappingError(f"{service.name}: the service has no mapping (mappings/{service.name}.yaml)")
        unknown = found.operations.keys() - {operation.name for operation in service.operations.values()}
        if unknown:
            raise MappingError(f"{found.file}, {min(unknown)}: the WSDL has no such operation")
        for tag, operation in service.operations.items():
            said = found.operations.get(operation.name)
            if said is None:
                raise MappingError(f"{found.file}: operation {operation.name} has no mapping")
            operations[tag] = _Compiler(operation, said, tables, fed, _element_paths(found)).compile()
    _all_fed(tables, fed, documents)
    return Mappings(operations, tables)


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A leaf or a repeated group on the walk through an element."""

    path: str
    node: Node
    certain: bool
    """Every message has it: it and all above it are required."""

    below: str | None
    """The repeated group it stands in."""


def _walk(node: Node, prefix: str = "", certain: bool = True, below: str | None = None) -> Iterator[_Leaf]:
    for child in node.children:
        path = f"{prefix}{child.name}"
        here = _Leaf(path, child, certain and child.required, below)
        yield here
        if child.kind == "group":
            yield from _walk(child, f"{path}/", here.certain, path if child.repeated else below)


class _Compiler:
    """One operation's mapping, compiled and proved."""

    def __init__(
        self,
        operation: Operation,
        said: OperationDocument,
        tables: Mapping[str, Table],
        fed: dict[str, set[str]],
        element_paths: Mapping[str, str],
    ) -> None:
        self._operation = operation
        self._said = said
        self._tables = {**metadata.tables, **tables}
        self._declared = tables
        self._fed = fed
        self._element_paths = element_paths

    def compile(self) -> MappedOperation:
        nodes = list(_walk(self._operation.request))
        return MappedOperation(
            contract=self._operation,
            request=self._request(nodes),
            answer=self._answer(),
            command=self._said.command or STORE_ROWS,
            is_read=self._said.is_read,
            fetch={port: self._target(self._said.place, field) for port, field in self._said.fetch.items()},
            order={leaf.path: n for n, leaf in enumerate(nodes)},
        )

    # ── the way in

    def _request(self, nodes: list[_Leaf]) -> RequestMapping:
        lines, place = self._said.request, f"{self._said.place}, request"
        known = {leaf.path for leaf in nodes}
        for path in lines:
            if path not in known:
                raise MappingError(f"{place}: the schema has no «{path}»")
        leaves: dict[str, Landing] = {}
        groups: dict[str, tuple[str, dict[str, Landing]]] = {}
        codes: dict[str, PathCodes] = {}
        certain: dict[str, set[str]] = {}
        for leaf in nodes:
            line = lines.get(leaf.path, {})
            codes[leaf.path] = self._codes(line, f"{place}, {leaf.path}")
            if leaf.node.kind == "group":
                if leaf.node.repeated:
                    groups[leaf.path] = (self._rows(leaf, line, place), {})
                continue
            landing = self._landing(leaf, line, place)
            if landing is None:
                continue
            if leaf.below is not None:
                table, below = groups[leaf.below]
                if landing.table != table:
                    raise MappingError(f"{place}, {leaf.path}: rows of «{leaf.below}» land in {table}")
                below[leaf.path.removeprefix(f"{leaf.below}/")] = landing
            elif leaf.node.repeated:
                groups[leaf.path] = (landing.table, {"": landing})
            else:
                leaves[leaf.path] = landing
            if leaf.certain or self._alternatives_are_certain(leaf, nodes):
                certain.setdefault(landing.table, set()).add(landing.column)
        self._required_columns(certain, leaves, groups)
        return RequestMapping(
            leaves, {path: RepeatedLanding(*group) for path, group in groups.items()}, codes
        )

    def _landing(self, leaf: _Leaf, line: Mapping[str, Any], place: str) -> Landing | None:
        where = f"{place}, {leaf.path}"
        if "ignored" in line:
            if not line["ignored"]:
                raise MappingError(f"{where}: says not why it is ignored")
            return None
        if "to" not in line:
            raise MappingError(f"{where}: the leaf is neither mapped nor ignored")
        table, column = self._target(where, line["to"])
        converter = CONVERTERS[line["as"]].convert if "as" in line else None
        return Landing(table, column, converter)

    def _rows(self, leaf: _Leaf, line: Mapping[str, Any], place: str) -> str:
        where = f"{place}, {leaf.path}"
        if leaf.below is not None:
            raise MappingError(f"{where}: a repeated group inside a repeated group cannot be mapped")
        table = line.get("rows")
        if table not in self._declared:
            raise MappingError(
                f"{where}: a repeated group needs «rows: TABLE», a table declared under `tables`"
            )
        return str(table)

    def _codes(self, line: Mapping[str, Any], where: str) -> PathCodes:
        name = line.get("as")
        if name is not None and name not in CONVERTERS:
            raise MappingError(f"{where}: no converter «{name}» (known: {', '.join(CONVERTERS)})")
        converter = CONVERTERS[name] if name else None
        missing = line.get("missing", SCHEMA_CODE)
        malformed = line.get("malformed", converter.malformed if converter else SCHEMA_CODE)
        for code in (missing, malformed):
            if code not in answer_codes.in_force():
                raise MappingError(f"{where}: {code} is no answer code in force")
        return PathCodes(missing, malformed, identifies=converter.identifies if converter else False)

    def _target(self, where: str, target: str) -> tuple[str, str]:
        table, _, column = target.partition(".")
        columns: Iterable[str]
        if table == "message":
            columns = SAID_OF_THE_MESSAGE
        elif table == "reference":
            columns = REFERENCE
        elif table in self._tables:
            columns = self._tables[table].columns.keys()
        else:
            raise MappingError(f"{where}: no table «{table}»")
        if column not in columns:
            raise MappingError(f"{where}: table {table} has no column «{column}»")
        return table, column

    def _alternatives_are_certain(self, leaf: _Leaf, nodes: list[_Leaf]) -> bool:
        """Whether the leaf stands in a required choice all of whose alternatives land on the same column."""
        parent = leaf.path.rpartition("/")[0]
        group = next((other for other in nodes if other.path == parent), None)
        if group is None or not group.certain or group.node.model is None:
            return False
        if group.node.model.kind != "choice" or not group.node.model.required:
            return False
        targets = {
            self._said.request.get(f"{parent}/{child.name}", {}).get("to") for child in group.node.children
        }
        return len(targets) == 1

    def _required_columns(
        self,
        certain: Mapping[str, set[str]],
        leaves: Mapping[str, Landing],
        groups: Mapping[str, tuple[str, dict[str, Landing]]],
    ) -> None:
        made = {landing.table for landing in leaves.values()} | {table for table, _ in groups.values()}
        for name in sorted(made):
            if self._said.command is None and name in metadata.tables and name != "message":
                raise MappingError(
                    f"{self._said.place}: table {name} is the register's, which only a command of the register feeds"
                )
        made = {table for table in made if table in self._declared}
        if self._said.creates is not None:
            if self._said.creates not in self._tables:
                raise MappingError(f"{self._said.place}: creates «{self._said.creates}», which is no table")
            made.add(self._said.creates)
        for name in sorted(made):
            fed = certain.get(name, set())
            # A row of a repeated group exists because its element does: what is required in it, is there.
            for path, (table, below) in groups.items():
                if table == name:
                    fed = fed | self._certain_below(path, below)
            self._fed.setdefault(name, set()).add(self._operation.name)
            for column in self._tables[name].columns:
                if not column.nullable and "fed_by" not in column.info and column.name not in fed:
                    raise MappingError(
                        f"{self._said.place}: column {name}.{column.name} is required, but no leaf that every "
                        "message has feeds it"
                    )

    def _certain_below(self, group: str, below: Mapping[str, Landing]) -> set[str]:
        node = self._operation.request
        for name in group.split("/"):
            node = next(child for child in node.children if child.name == name)
        certain = {leaf.path for leaf in _walk(node) if leaf.certain} | {""}
        return {landing.column for path, landing in below.items() if path in certain}

    # ── the way out

    def _answer(self) -> AnswerMapping:
        lines, place = self._said.answer, f"{self._said.place}, answer"
        nodes = list(_walk(self._operation.response))
        known = {leaf.path for leaf in nodes}
        for path in lines:
            if path not in known:
                raise MappingError(f"{place}: the schema has no «{path}»")
        return AnswerMapping(*self._sources(self._operation.response, "", "", lines, place))

    def _sources(
        self, node: Node, prefix: str, group: str, lines: Lines, place: str
    ) -> tuple[tuple[Source, ...], tuple[RepeatedSource, ...]]:
        """The sources of a node's children; `group` is the path of the repeated group they stand in, with «/»."""
        leaves: list[Source] = []
        groups: list[RepeatedSource] = []
        for child in node.children:
            path = f"{prefix}{child.name}"
            line = lines.get(path, {})
            where = f"{place}, {path}"
            if "ignored" in line:
                continue
            if child.repeated:
                row, _, column = self._each(line, where).partition(".")
                below = self._sources(child, f"{path}/", f"{path}/", lines, place)
                groups.append(RepeatedSource(path.removeprefix(group), row, column or None, *below))
            elif child.kind == "group":
                inner = self._sources(child, f"{path}/", group, lines, place)
                leaves.extend(inner[0])
                groups.extend(inner[1])
            else:
                leaves.append(self._source(child, path.removeprefix(group), line, where))
        return tuple(leaves), tuple(groups)

    def _each(self, line: Mapping[str, Any], where: str) -> str:
        if not isinstance(line.get("each"), str):
            raise MappingError(f"{where}: a repeated element needs «each: SOURCE»")
        return str(line["each"])

    def _source(self, node: Node, path: str, line: Mapping[str, Any], where: str) -> Source:
        if "from" not in line:
            raise MappingError(f"{where}: the leaf is neither mapped nor ignored")
        row, _, column = line["from"].partition(".")
        known = _ENGINE_SOURCES.get(row) or (
            self._tables[row].columns.keys() if row in self._tables else None
        )
        if known is not None and column not in known:
            raise MappingError(f"{where}: source {row} has no «{column}»")
        return Source(path, row, column, self._writer(node, line, where))

    def _writer(self, node: Node, line: Mapping[str, Any], where: str) -> Convert | None:
        match line.get("as"):
            case "element_path":
                paths = self._element_paths
                return lambda column: paths.get(f"contract.{column}", column)
            case None:
                return _text if node.type == "string" else None
            case name:
                raise MappingError(f"{where}: no converter «{name}» (known: element_path)")


def _element_paths(document: MappingDocument) -> dict[str, str]:
    """Field → the element that tells it: a history's reader knows elements, not columns.

    `contract.term_code` → `term/termCode`: below the group of the message that first feeds it.
    """
    paths: dict[str, str] = {}
    for operation in document.operations.values():
        for path, line in operation.request.items():
            if "to" in line:
                paths.setdefault(line["to"], path.partition("/")[2])
    return paths


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, UUID) else as_text(value)


def _all_fed(
    tables: Mapping[str, Table], fed: Mapping[str, set[str]], documents: list[MappingDocument]
) -> None:
    for name in tables:
        if not fed[name]:
            file = next(document.file for document in documents if name in document.tables)
            raise MappingError(f"{file}, tables, {name}: no operation feeds this table")
