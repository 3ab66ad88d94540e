"""Compiling mappings against contracts and tables: what is not proved complete here is not served."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Table

from esutd_bus.mapping.answer_compiler import AnswerCompiler
from esutd_bus.mapping.answer_mapping import AnswerMapping
from esutd_bus.mapping.answer_sources import AnswerSources
from esutd_bus.mapping.document import MappingDocument, OperationDocument, read_documents
from esutd_bus.mapping.entries import EntryMapping
from esutd_bus.mapping.exchange_tables import declare
from esutd_bus.mapping.request_compiler import RequestCompiler
from esutd_bus.mapping.request_mapping import RequestMapping
from esutd_bus.mapping.serving import served
from esutd_bus.mapping.yaml_file import MappingError
from esutd_bus.register import store_rows
from esutd_bus.register.case import Decider
from esutd_bus.register.decide import COMMANDS
from esutd_bus.register.partners import PartnerKind
from esutd_bus.register.refusal import Refusal
from esutd_bus.soap.contract import Operation, ServiceContract, ServiceContracts
from esutd_bus.soap.schema import Node

STORE_ROWS = "StoreRows"
"""The generic command: what a mapping lands on tables of its own is stored and answered."""


@dataclass(frozen=True, slots=True)
class MappedOperation:
    """An operation ready to be served: contract, way in, way out."""

    contract: Operation
    request: RequestMapping
    answer: AnswerMapping
    command: str
    """The register's command it is; `StoreRows` for an exchange without rules of its own."""

    is_read: bool
    profiles: frozenset[str]
    """The signature profiles it takes."""
    serves: frozenset[PartnerKind]
    """As what one must speak to ask for it."""

    fetch: Mapping[str, tuple[str, str]]
    """Port → (table, column) of the value it is asked by."""

    checks: Mapping[str, tuple[str, str]]
    """The same, where the settings want it: who puts a node together adds it to `fetch`."""

    order: Mapping[str, int]
    """Path → its place in the schema."""

    entries: EntryMapping | None = None
    """The repeated element whose members are judged each by itself, if it has one."""

    def in_order(self, refusals: Iterable[Refusal]) -> list[Refusal]:
        """The refusals with their paths, in the message's own order."""
        told = [
            refusal if refusal.path else replace(refusal, path=self._path(refusal.field))
            for refusal in refusals
        ]
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


def compile_mappings(
    folder: Path, shared: Path, contracts: ServiceContracts, ports: Collection[str]
) -> Mappings:
    """Every operation of every contract with its mapping. Raises MappingError; start-up ends with it.

    `shared`: the built-in folder, for common parts; `ports`: the names of those that can be asked.
    """
    documents = read_documents(folder, shared)
    tables = declare(documents)
    # One service may tell of what another one has entered; of one field its own word counts.
    everywhere = paths_of_fields(documents)
    unfed = set(tables)
    operations: dict[str, MappedOperation] = {}
    for service, document in _pairs(contracts, documents):
        element_paths = {**everywhere, **_element_paths(document)}
        many: list[tuple[str, OperationDocument, Decider, tuple[Node, str] | None]] = []
        for tag, contract in service.operations.items():
            said = document.operations[contract.name]
            decider = COMMANDS[said.command] if said.command else store_rows.DECIDER
            request = RequestCompiler(contract, said, tables, decider, ports)
            way_in = request.compile()
            unfed -= request.landed.keys()
            sources = (
                AnswerSources.of_command(said.command, decider)
                if said.command
                else AnswerSources.of_rows(request.landed, tables)
            )
            way_out = AnswerCompiler(contract.response, said, sources, element_paths).compile()
            operations[tag] = _mapped(contract, said, way_in, way_out, request)
            if request.entries is not None or decider.judges_entries_as is not None:
                many.append((tag, said, decider, request.entries))
        mapped = {operations[tag].contract.name: operations[tag] for tag in service.operations}
        for tag, said, decider, entries in many:
            operations[tag] = replace(operations[tag], entries=_entries(said, decider, entries, mapped))
    for document in documents:
        for name in document.tables:
            if name in unfed:
                raise MappingError(f"{document.file}, tables, {name}: no operation feeds this table")
    return Mappings(operations, tables)


def _pairs(
    contracts: ServiceContracts, documents: Sequence[MappingDocument]
) -> list[tuple[ServiceContract, MappingDocument]]:
    """Every service with its mapping; there is none without the other, down to the operations."""
    services = {service.name: service for service in contracts.by_path.values()}
    for document in documents:
        if document.service not in services:
            raise MappingError(
                f"{document.file}: there is no service «{document.service}» (wsdl/{document.service}.wsdl)"
            )
    mapped = {document.service: document for document in documents}
    for name, service in services.items():
        if name not in mapped:
            raise MappingError(f"{name}: the service has no mapping (mappings/{name}.yaml)")
        asked_for = {operation.name for operation in service.operations.values()}
        for operation in mapped[name].operations:
            if operation not in asked_for:
                raise MappingError(f"{mapped[name].file}, {operation}: the WSDL has no such operation")
        for said in mapped[name].operations.values():
            if said.command is not None and said.command not in COMMANDS:
                known = ", ".join(sorted(COMMANDS))
                raise MappingError(
                    f"{said.place}: the register has no command «{said.command}» (known: {known})"
                )
        for operation in sorted(asked_for - mapped[name].operations.keys()):
            raise MappingError(f"{mapped[name].file}: operation {operation} has no mapping")
    return [(service, mapped[name]) for name, service in services.items()]


def _mapped(
    contract: Operation,
    said: OperationDocument,
    request: RequestMapping,
    answer: AnswerMapping,
    compiled: RequestCompiler,
) -> MappedOperation:
    return MappedOperation(
        contract=contract,
        request=request,
        answer=answer,
        command=said.command or STORE_ROWS,
        is_read=said.is_read,
        profiles=said.profiles,
        serves=served(contract, said),
        fetch=compiled.fetch,
        checks=compiled.checks,
        order={node.path: place for place, node in enumerate(contract.request.walk())},
    )


def _entries(
    said: OperationDocument,
    decider: Decider,
    entries: tuple[Node, str] | None,
    operations: Mapping[str, MappedOperation],
) -> EntryMapping:
    """The mapping of an operation's entries: that of the operation which takes one alone. Raises MappingError."""
    place = f"{said.place}, request"
    if entries is None:
        raise MappingError(f"{place}: {said.command} needs a repeated group with «judged_as: OPERATION»")
    node, name = entries
    where = f"{place}, {node.path}, judged_as"
    alone = operations.get(name)
    if alone is None or decider.judges_entries_as != alone.command:
        wanted = decider.judges_entries_as or "nothing: it is a command without entries"
        raise MappingError(f"{where}: {said.command or STORE_ROWS} judges entries as {wanted}")
    if alone.fetch:
        raise MappingError(f"{where}: {name} asks other systems first, which is not done for many entries")
    one = next((child for child in alone.contract.request.children if child.path == node.path), None)
    if one is None or one.repeated or _shape(one) != _shape(node):
        raise MappingError(f"{where}: {name} has no single element «{node.path}» of the same type")
    return EntryMapping(node.path, alone.command, alone.request.of_rows(node.path), alone.in_order)


def _shape(node: Node) -> list[tuple[object, ...]]:
    """What is below an element, to be compared with another one."""
    return [
        (below.path, below.kind, below.type, below.min_occurs, below.max_occurs)
        for child in node.children
        for below in child.walk()
    ]


def paths_of_fields(documents: Iterable[MappingDocument]) -> dict[str, str]:
    """Field → the element that tells it, for readers of a history."""
    return {field: path for document in documents for field, path in _element_paths(document).items()}


def _element_paths(document: MappingDocument) -> dict[str, str]:
    """Field → the element that tells it, for readers of a history.

    `contract.term_code` → `term/termCode`: below the group of the answer that tells it, else of the message that first
    feeds it. Of another table the whole path: `leave.starts_on` → `leave/startsOn`.
    """
    paths: dict[str, str] = {}
    for operation in document.operations.values():
        for path, line in operation.answer.items():
            _, _, below = path.partition("/")
            if below and line.get("from", "").startswith("contract."):
                paths.setdefault(line["from"], below)
    for operation in document.operations.values():
        for path, line in operation.request.items():
            if "to" in line:
                of_contract = line["to"].startswith("contract.")
                paths.setdefault(line["to"], path.partition("/")[2] if of_contract else path)
    return paths
