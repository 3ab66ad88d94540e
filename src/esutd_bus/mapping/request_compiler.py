"""Compiling one operation's way in, and proving it complete: every leaf lands, or is ignored with a reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Table

from esutd_bus.mapping.converters import CONVERTERS, CONVERTERS_OF_COLUMNS, SCHEMA_CODE, Converter
from esutd_bus.mapping.document import OperationDocument
from esutd_bus.mapping.feeding import feeding
from esutd_bus.mapping.fields import LEAF_TYPES, MESSAGE, Field, Fields, told
from esutd_bus.mapping.request_mapping import Convert, Landing, PathCodes, RepeatedLanding, RequestMapping
from esutd_bus.mapping.yaml_file import MappingError
from esutd_bus.register import answer_codes
from esutd_bus.register.case import Decider
from esutd_bus.soap.contract import Operation
from esutd_bus.soap.schema import Node
from esutd_bus.store.tables import metadata

_EMPLOYER = Field(MESSAGE, "employer")
_REQUEST_ID = Field(MESSAGE, "request_id")
EMPLOYER = "employer"
"""The element in which a request names its employer, where it has one."""

_WORDS_OF_CODES = {"missing", "malformed"}
_WORDS_OF_A_LEAF = {"to", "as", *_WORDS_OF_CODES}
_WORDS_OF_ROWS = {"rows", *_WORDS_OF_CODES}
_WORDS_OF_ENTRIES = {"judged_as", *_WORDS_OF_CODES}

Line = Mapping[str, str]


@dataclass(slots=True)
class Landed:
    """A table that an operation's messages land on."""

    repeated: bool = False
    """Whether a message brings any number of rows, and not one."""

    always: bool = True
    """Whether every message brings a row."""

    columns: set[str] = field(default_factory=set)
    certain: set[str] = field(default_factory=set)
    """The columns that every row has."""


class RequestCompiler:
    """Compiles the request's part of one operation's mapping; `compile` raises MappingError."""

    def __init__(
        self,
        operation: Operation,
        said: OperationDocument,
        declared: Mapping[str, Table],
        decider: Decider,
        ports: Collection[str],
    ) -> None:
        self._element = operation.request
        self._said = said
        self._place = f"{said.place}, request"
        self._declared = declared
        self._decider = decider
        self._ports = ports
        self._fields = Fields(declared, of_command=said.command is not None)
        self._leaves: dict[str, Landing] = {}
        self._groups: dict[str, tuple[str, dict[str, Landing]]] = {}
        self._repeated: dict[str, Node] = {}
        self._codes: dict[str, PathCodes] = {}
        self._targets: dict[str, Field] = {}
        self.landed: dict[str, Landed] = {}
        """After `compile`: the tables that its messages land on."""

        self.fetch: dict[str, Field] = {}
        """After `compile`: port → the field it is asked by."""

        self.checks: dict[str, Field] = {}
        """After `compile`: the same of what is asked where the settings want it."""

        self.entries: tuple[Node, str] | None = None
        """After `compile`: the repeated group whose members are judged each by itself, and the operation as whose."""

    def compile(self) -> RequestMapping:
        """The mapping, proved."""
        for child in self._element.children:
            self._visit(child, None)
        for path in self._said.request:
            if path not in self._codes:
                raise MappingError(
                    f"{self._place}, {path}: the schema has no such element, or one above it is ignored"
                )
        self._account()
        self._employer_is_judged()
        self._parents_are_made()
        self._required_columns_are_fed()
        self._ports_are_asked()
        groups = {path: RepeatedLanding(table, leaves) for path, (table, leaves) in self._groups.items()}
        roots = [name for name in self.landed if name in self._declared and not self.landed[name].repeated]
        return RequestMapping(self._leaves, groups, self._codes, roots)

    def _visit(self, node: Node, group: str | None) -> None:
        """Takes in a node and what is below it; `group`: the path of the repeated group it stands in."""
        line = self._said.request.get(node.path, {})
        where = f"{self._place}, {node.path}"
        self._codes[node.path] = _codes(line, where)
        if "ignored" in line:
            return
        if node.repeated and group is not None:
            raise MappingError(f"{where}: what repeats inside a repeated group cannot be mapped")
        if node.kind == "leaf":
            _only_words(line, _WORDS_OF_A_LEAF, "a leaf", where)
            self._land(node, group, line, where)
            return
        if "judged_as" in line:
            self._judge_each(node, line, where)
            return
        if node.repeated:
            _only_words(line, _WORDS_OF_ROWS, "a repeated group", where)
            if "rows" not in line:
                raise MappingError(
                    f"{where}: a repeated group needs «rows: TABLE», or is ignored with a reason"
                )
            self._rows(node, line["rows"], where)
            group = node.path
        else:
            _only_words(line, _WORDS_OF_CODES, "a group", where)
        for child in node.children:
            self._visit(child, group)

    def _judge_each(self, node: Node, line: Line, where: str) -> None:
        """Takes note of a repeated group that another operation's mapping tells of."""
        _only_words(line, _WORDS_OF_ENTRIES, "entries", where)
        if not node.repeated or "/" in node.path or self.entries is not None:
            raise MappingError(f"{where}: «judged_as» is said of one repeated group, right below the message")
        self.entries = node, line["judged_as"]

    def _land(self, node: Node, group: str | None, line: Line, where: str) -> None:
        if "to" not in line:
            raise MappingError(f"{where}: the leaf is neither mapped nor ignored")
        target = Field.parse(line["to"])
        landing = Landing(*target, self._convert(node, line, target, where))
        self._targets[node.path] = target
        if group is not None:
            table, leaves = self._groups[group]
            if target.table != table:
                raise MappingError(f"{where}: rows of «{group}» land in {table}, not in {target.table}")
            leaves[node.path.removeprefix(f"{group}/")] = landing
        elif node.repeated:
            self._rows(node, target.table, where)
            self._groups[node.path][1][""] = landing
        elif target.table in self._declared and _parent(self._declared[target.table]):
            raise MappingError(f"{where}: {target.table} has a parent: its rows come from a repeated element")
        else:
            self._leaves[node.path] = landing

    def _convert(self, node: Node, line: Line, target: Field, where: str) -> Convert | None:
        wanted = self._fields.type_of(target, where)
        given = LEAF_TYPES.get(node.type)
        converter = _named(line, where) if "as" in line else CONVERTERS_OF_COLUMNS.get(wanted)
        if "as" in line and converter is not None and given is not converter.takes:
            raise MappingError(
                f"{where}: «{line['as']}» takes {told(converter.takes)}, the leaf is {node.type}"
            )
        if converter is not None and given is converter.takes:
            given = converter.gives
        if given is not wanted:
            name = told(given) if given else node.type
            raise MappingError(f"{where}: {name} cannot land on {target}, which is {told(wanted)}")
        return converter.convert if converter else None

    def _rows(self, node: Node, table: str, where: str) -> None:
        """Takes note of a repeated element whose rows land in a table."""
        if table not in self._declared:
            raise MappingError(f"{where}: a repeated element lands in a table declared under `tables`")
        if _parent(self._declared[table]) is None:
            raise MappingError(f"{where}: {table} must say `parent`: the rows belong to a message's own row")
        if any(table == other for other, _ in self._groups.values()):
            raise MappingError(f"{where}: another repeated element lands in {table} already")
        self._groups[node.path] = (table, {})
        self._repeated[node.path] = node

    def _account(self) -> None:
        """What each table gets from a message: here two leaves on one column are found out."""
        fed = feeding(self._element.model, self._targets, self._place)
        if _REQUEST_ID not in fed.certain:
            raise MappingError(f"{self._place}: {_REQUEST_ID} is fed by no leaf that every message has")
        for needed in self._decider.requires:
            table, _, column = needed.partition(".")
            if Field(table, column) not in fed.certain if column else table not in fed.tables:
                raise MappingError(
                    f"{self._place}: {self._said.command} cannot do without {needed}, but no leaf that every "
                    "message has feeds it"
                )
        for target in fed.possible:
            self.landed.setdefault(target.table, Landed()).columns.add(target.column)
        for target in fed.certain:
            self.landed[target.table].certain.add(target.column)
        for path, (table, leaves) in self._groups.items():
            node = self._repeated[path]
            own = feeding(node.model, self._targets, self._place)
            alone = {self._targets[path]} if "" in leaves else set()
            self.landed[table] = Landed(
                repeated=True,
                always=_is_in_every_message(self._element, path),
                columns={target.column for target in {*own.possible, *alone}},
                certain={target.column for target in own.certain | alone},
            )

    def _employer_is_judged(self) -> None:
        """What a message calls its employer is what its signer is compared with."""
        below = {path: to for path, to in self._targets.items() if path.partition("/")[0] == EMPLOYER}
        if EMPLOYER not in {child.name for child in self._element.children}:
            return
        if _EMPLOYER not in feeding(self._element.model, below, self._place).certain:
            raise MappingError(
                f"{self._place}, {EMPLOYER}: the employer must land on {_EMPLOYER}, in every message: "
                "the signer is judged by it"
            )

    def _parents_are_made(self) -> None:
        for path, (table, _) in self._groups.items():
            parent = _parent(self._declared[table])
            if parent not in self.landed:
                raise MappingError(
                    f"{self._place}, {path}: no leaf makes a row of {parent}, the parent of {table}"
                )
            if self.landed[parent].repeated:
                raise MappingError(
                    f"{self._place}, {path}: {parent}, the parent of {table}, has many rows of one message: "
                    "which of them it would be, nothing says"
                )

    def _required_columns_are_fed(self) -> None:
        made = {name for name in self.landed if name in self._declared}
        tables = {**metadata.tables, **self._declared}
        if self._decider.creates is not None:
            made.add(self._decider.creates)
        for name in sorted(made):
            certain = self.landed[name].certain if name in self.landed else set()
            for column in tables[name].columns:
                if not column.nullable and "fed_by" not in column.info and column.name not in certain:
                    raise MappingError(
                        f"{self._said.place}: column {name}.{column.name} is required, but no leaf that every "
                        "message has feeds it"
                    )

    def _ports_are_asked(self) -> None:
        for word, said, used, asked in (
            ("fetch", self._said.fetch, self._decider.ports, self.fetch),
            ("checks", self._said.checks, self._decider.checks, self.checks),
        ):
            for port, field_said in said.items():
                where = f"{self._said.place}, {word}, {port}"
                if port not in self._ports:
                    raise MappingError(
                        f"{where}: there is no such port (known: {', '.join(sorted(self._ports))})"
                    )
                if port not in used:
                    asker = self._said.command or "an operation without a command"
                    raise MappingError(f"{where}: {asker} has no use for what the port tells")
                asked[port] = self._asked_by(field_said, where)
        for port in sorted(self._decider.ports - self.fetch.keys()):
            raise MappingError(
                f"{self._said.place}: {self._said.command} needs «fetch: {{{port}: TABLE.COLUMN}}»"
            )

    def _asked_by(self, said: str, where: str) -> Field:
        """The field a port is asked by: a text that every message has."""
        asked_by = Field.parse(said)
        if self._fields.type_of(asked_by, where) is not str:
            raise MappingError(f"{where}: a port is asked by a text, and {asked_by} is none")
        landed = self.landed.get(asked_by.table)
        if landed is None or landed.repeated or asked_by.column not in landed.certain:
            raise MappingError(f"{where}: {asked_by} is fed by no leaf that every message has")
        return asked_by


def _is_in_every_message(element: Node, path: str) -> bool:
    """Whether an element and all above it are required."""
    for name in path.split("/"):
        element = next(child for child in element.children if child.name == name)
        if not element.required:
            return False
    return True


def _codes(line: Line, where: str) -> PathCodes:
    converter = _named(line, where) if "as" in line else None
    missing = line.get("missing", SCHEMA_CODE)
    malformed = line.get("malformed", converter.malformed if converter else SCHEMA_CODE)
    for code in (missing, malformed):
        if code not in answer_codes.in_force():
            raise MappingError(f"{where}: {code} is no answer code in force")
    return PathCodes(missing, malformed, identifies=converter.identifies if converter else False)


def _named(line: Line, where: str) -> Converter:
    name = line["as"]
    if name not in CONVERTERS:
        raise MappingError(f"{where}: no converter «{name}» (known: {', '.join(CONVERTERS)})")
    return CONVERTERS[name]


def _only_words(line: Line, words: set[str], of_what: str, where: str) -> None:
    for word in line:
        if word not in words:
            raise MappingError(f"{where}: «{word}» is nothing to say of {of_what}")


def _parent(table: Table) -> str | None:
    parent: str | None = table.info.get("parent")
    return parent
