"""Statements generated from the tables."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import orjson
import pytest
from sqlalchemy import Column, Integer, MetaData, Numeric, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from esutd_bus.store import statements, tables

LESSON = Table(
    "lesson",
    MetaData(),
    Column("course", Uuid, primary_key=True),
    Column("order", Integer, primary_key=True),
    Column("title", Text),
    Column("hours", Numeric),
    Column("more", JSONB),
    schema="exchange",
)
COURSE = UUID(int=1)


def test_an_insert_takes_any_number_of_rows() -> None:
    asked = statements.insert(
        LESSON,
        [
            {"course": COURSE, "order": 1, "title": "a", "hours": Decimal("1.50")},
            {"course": COURSE, "order": 2, "more": {"k": [b"\x01\xff"]}},
        ],
    )
    assert asked.query == (
        'INSERT INTO "exchange"."lesson" ("course", "order", "title", "hours", "more")'
        ' SELECT "course", "order", "title", "hours", "more" FROM ROWS FROM (json_to_recordset(%s::json)'
        ' AS ("course" UUID, "order" INTEGER, "title" TEXT, "hours" NUMERIC, "more" JSONB)) AS new'
    )
    assert asked.as_text
    (rows,) = asked.parameters
    assert orjson.loads(rows) == [
        {"course": str(COURSE), "order": 1, "title": "a", "hours": "1.50"},
        {"course": str(COURSE), "order": 2, "more": {"k": ["\\x01ff"]}},
    ]


def test_an_insert_leaves_rare_columns_out_where_no_row_has_any() -> None:
    lesson = Table(
        "lesson",
        MetaData(),
        Column("course", Uuid, primary_key=True),
        Column("title", Text, info={"rare": True}),
        Column("order", Integer),
        Column("hours", Numeric, info={"rare": True}),
    )
    short = statements.insert(lesson, [{"course": COURSE, "order": 1}, {"course": COURSE, "title": None}])
    assert short.query.startswith('INSERT INTO "lesson" ("course", "order") SELECT')
    whole = statements.insert(lesson, [{"course": COURSE}, {"course": COURSE, "hours": 0}])
    assert whole.query.startswith('INSERT INTO "lesson" ("course", "order", "title", "hours") SELECT')


def test_an_update_finds_rows_by_their_whole_key() -> None:
    asked = statements.update(LESSON, [{"course": COURSE, "order": 1, "title": "b"}])
    assert asked.query == (
        'UPDATE "exchange"."lesson" AS old'
        ' SET "title" = new."title", "hours" = new."hours", "more" = new."more"'
        " FROM ROWS FROM (json_to_recordset(%s::json)"
        ' AS ("course" UUID, "order" INTEGER, "title" TEXT, "hours" NUMERIC, "more" JSONB)) AS new'
        ' WHERE old."course" = new."course" AND old."order" = new."order"'
    )


def test_what_no_column_takes_is_refused() -> None:
    with pytest.raises(TypeError):
        statements.as_json([{"order": object()}])


def test_columns_are_asked_for_by_name() -> None:
    assert statements.select_list(tables.journal_chain, "c") == 'c."chain", c."seq", c."hash"'
