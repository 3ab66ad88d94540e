"""A table of contracts: its rows as texts for the register, and the result with a line for each row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from esutd_bus.personnel.campaign import NOT_SENT, REGISTERED, Outcome, Remark
from esutd_bus.personnel.cells import Cell, CellError, Cells, plain
from esutd_bus.personnel.columns import Columns, Header, read_columns, read_header
from esutd_bus.personnel.sheet import Sheet
from esutd_bus.register import answer_codes
from esutd_bus.register.fields import FieldRules

EXTERNAL_ID = "externalId"
FORM = "ESB004"
"""The code that says only that a form is wrong: what the column holds is then said too."""


@dataclass(frozen=True, slots=True)
class Row:
    """One contract."""

    number: int
    """As the file counts."""

    texts: Mapping[str, str]
    """Path in the message (`contract/number`) → text."""

    remarks: tuple[Remark, ...]
    """What could not be read of it."""

    unread: frozenset[str]
    """Paths of that."""


class Table:
    """The contracts of a sheet. Rows that an earlier load has registered are left as they are."""

    def __init__(self, sheet: Sheet, cells: Cells, fields: FieldRules) -> None:
        """Raises HeaderError."""
        self.sheet = sheet
        self.header: Header = read_header(sheet.names)
        self.columns: Columns = read_columns()
        self._cells = cells
        self._unknown = {check.dictionary: check.unknown for check in fields.codes}

    @property
    def unfinished(self) -> list[tuple[int, tuple[Cell, ...]]]:
        """The rows that are no registered contracts yet."""
        place = self.header.results.get("status")
        return [
            (number, cells)
            for number, cells in self.sheet.rows
            if place is None or not plain(cells[place]).startswith(REGISTERED)
        ]

    def external_ids(self) -> dict[int, str]:
        """Row → its contract's id, made here where the table has none."""
        place = self.header.places.get(EXTERNAL_ID)
        return {
            number: (plain(cells[place]) if place is not None else "") or str(uuid4())
            for number, cells in self.unfinished
        }

    def rows(self, external_ids: Mapping[int, str]) -> list[Row]:
        """The contracts to be sent."""
        return [self._row(number, cells, external_ids[number]) for number, cells in self.unfinished]

    def _row(self, number: int, cells: tuple[Cell, ...], external_id: str) -> Row:
        texts: dict[str, str] = {f"contract/{EXTERNAL_ID}": external_id}
        remarks, unread = [], set()
        for column in self.columns.known:
            place = self.header.places.get(column.path)
            if place is None or column.path == EXTERNAL_ID:
                continue
            path = f"contract/{column.path}"
            try:
                text = self._cells.text(column, cells[place])
            except CellError as error:
                code = self._unknown.get(column.dictionary or "", FORM)
                remarks.append(Remark(code, self._name(place), str(error)))
                unread.add(path)
            else:
                if text:
                    texts[path] = text
        return Row(number, texts, tuple(remarks), frozenset(unread))

    def remark(self, code: str, path: str | None, text: str | None = None) -> Remark:
        """What is said of a row by a code; `path` is the message's (`contract/number`)."""
        column = self.columns.at(path) if path else None
        said = text or answer_codes.text(code).ru
        if column is None:
            return Remark(code, path or "", said)
        place = self.header.places.get(column.path)
        if code == FORM:
            words = ", ".join(column.words)
            said = f"{said}. Здесь пишут: {self.columns.kinds[column.kind]}{f' ({words})' if words else ''}"
        return Remark(code, self._name(place) if place is not None else column.ru, said)

    def _name(self, place: int) -> str:
        return self.header.names[place]

    def result(self, outcomes: Mapping[int, Outcome], external_ids: Mapping[int, str]) -> Sheet:
        """The table with what became of each row, in the form of the one that was read."""
        own = {place for name, place in self.header.results.items() if name in self.columns.results}
        kept = [place for place in range(len(self.header.names)) if place not in own]
        id_place = self.header.places.get(EXTERNAL_ID)
        names = [self.header.names[place] for place in kept]
        if id_place is None:
            names.append(next(one.ru for one in self.columns.known if one.path == EXTERNAL_ID))
        rows = []
        done = {number for number, _ in self.unfinished}
        for number, cells in self.sheet.rows:
            values = [
                external_ids.get(number) or cells[place] if place == id_place else cells[place]
                for place in kept
            ]
            if id_place is None:
                values.append(external_ids.get(number, ""))
            if number in done:
                values += _told(outcomes.get(number))
            else:
                values += [
                    cells[self.header.results[name]] if name in self.header.results else ""
                    for name in self.columns.results
                ]
            rows.append((number, tuple(values)))
        return self.sheet.with_columns([*names, *self.columns.results.values()], rows)


def _told(outcome: Outcome | None) -> list[str]:
    """`status`, `contract_id`, `codes`, `remarks`."""
    if outcome is None:
        return [NOT_SENT, "", "", ""]
    codes = "; ".join(dict.fromkeys(remark.code for remark in outcome.remarks))
    remarks = "; ".join(
        f"{remark.column}: {remark.text}" if remark.column else remark.text for remark in outcome.remarks
    )
    return [outcome.status, outcome.contract_id or "", codes, remarks]
