"""Statements generated from the tables."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from psycopg.types.json import Jsonb
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
    statement, parameters = statements.insert(
        LESSON,
        [
            {"course": COURSE, "order": 1, "title": "a", "hours": Decimal("1.5"), "unknown": "left out"},
            {"course": COURSE, "order": 2, "more": {"k": 1}},
        ],
    )
    assert statement == (
        'INSERT INTO "exchange"."lesson" ("course", "order", "title", "hours", "more")'
        " SELECT * FROM unnest(%b::UUID[], %b::INTEGER[], %b::TEXT[], %b::NUMERIC[], %b::JSONB[])"
    )
    assert parameters[:4] == [[COURSE, COURSE], [1, 2], ["a", None], [Decimal("1.5"), None]]
    nothing, more = parameters[4]
    assert nothing is None
    assert isinstance(more, Jsonb)
    assert more.obj == {"k": 1}


def test_an_insert_leaves_rare_columns_out_where_no_row_has_any() -> None:
    lesson = Table(
        "lesson",
        MetaData(),
        Column("course", Uuid, primary_key=True),
        Column("title", Text, info={"rare": True}),
        Column("order", Integer),
        Column("hours", Numeric, info={"rare": True}),
    )
    short, few = statements.insert(
        lesson, [{"course": COURSE, "order": 1}, {"course": COURSE, "title": None}]
    )
    assert short == 'INSERT INTO "lesson" ("course", "order") SELECT * FROM unnest(%b::UUID[], %b::INTEGER[])'
    assert few == [[COURSE, COURSE], [1, None]]
    whole, all_of_them = statements.insert(lesson, [{"course": COURSE}, {"course": COURSE, "hours": 0}])
    assert whole == (
        'INSERT INTO "lesson" ("course", "order", "title", "hours")'
        " SELECT * FROM unnest(%b::UUID[], %b::INTEGER[], %b::TEXT[], %b::NUMERIC[])"
    )
    assert all_of_them == [[COURSE, COURSE], [None, None], [None, None], [None, 0]]


def test_an_update_finds_rows_by_their_whole_key() -> None:
    statement, parameters = statements.update(LESSON, [{"course": COURSE, "order": 1, "title": "b"}])
    assert statement == (
        'UPDATE "exchange"."lesson" AS old'
        ' SET "title" = new."title", "hours" = new."hours", "more" = new."more"'
        " FROM unnest(%b::UUID[], %b::INTEGER[], %b::TEXT[], %b::NUMERIC[], %b::JSONB[])"
        ' AS new ("course", "order", "title", "hours", "more")'
        ' WHERE old."course" = new."course" AND old."order" = new."order"'
    )
    assert parameters == [[COURSE], [1], ["b"], [None], [None]]


def test_the_registers_tables_need_no_schema() -> None:
    statement, _ = statements.insert(tables.journal_chain, [{"chain": "n/0", "seq": 0, "hash": b""}])
    assert statement.startswith('INSERT INTO "journal_chain" ("chain", "seq", "hash") SELECT')


def test_columns_are_asked_for_by_name() -> None:
    assert statements.select_list(tables.journal_chain, "c") == 'c."chain", c."seq", c."hash"'
