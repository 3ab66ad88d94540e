"""The database's tables: by migration those of the register, by comparison those that mappings declare."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Table, text
from store_works import EMPLOYER, contract, rows

from esutd_bus.mapping.document import MappingDocument
from esutd_bus.mapping.exchange_tables import declare
from esutd_bus.store.schema import SchemaError, alembic_config, sqlalchemy_engine, upgrade
from esutd_bus.store.tables import metadata
from support.databases import create_database


@pytest.fixture
def empty(postgres: str) -> str:
    return create_database(postgres, "esutd_migrations_test")


def tables(**declarations: Any) -> Iterable[Table]:
    """As a mapping declares them: table → {columns, parent, index}."""
    return declare([MappingDocument("Test.yaml", "Test", {}, declarations)]).values()


NEWEST = "migrated from nothing to 0020"

LESSON = {"columns": {"topic": {"type": "text", "required": True}, "hours": "decimal"}, "index": ["topic"]}
PUPIL = {"parent": "lesson", "columns": {"iin": "text"}}

OBJECTS = """
    SELECT 'relation', n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('public', 'exchange') AND c.relkind IN ('r', 'S', 'v')
    UNION ALL
    SELECT 'function', p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'public'
"""


def columns(url: str, table: str) -> dict[str, tuple[str, bool]]:
    """Column → (type, whether it may be absent)."""
    found = rows(
        url,
        "SELECT column_name, data_type, is_nullable = 'YES' FROM information_schema.columns"
        " WHERE table_schema = 'exchange' AND table_name = %s",
        table,
    )
    return {name: (kind, nullable) for name, kind, nullable in found}


def test_the_migrations_make_the_tables_of_the_metadata(empty: str) -> None:
    assert upgrade(empty, []) == [NEWEST]
    with sqlalchemy_engine(empty).connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []
    commented = rows(
        empty,
        "SELECT relname, obj_description(oid) FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'",
    )
    assert dict(commented) == {table.name: table.comment for table in metadata.sorted_tables}


def test_a_second_upgrade_has_nothing_to_do(empty: str) -> None:
    assert upgrade(empty, tables(lesson=LESSON, pupil=PUPIL))
    assert upgrade(empty, tables(lesson=LESSON, pupil=PUPIL)) == []


def test_downgrading_leaves_nothing_behind(empty: str) -> None:
    before = rows(empty, OBJECTS)
    upgrade(empty, [])
    assert len(rows(empty, OBJECTS)) > len(before)
    with sqlalchemy_engine(empty).begin() as connection:
        command.downgrade(alembic_config(connection), "base")
    assert set(rows(empty, OBJECTS)) - set(before) == {("relation", "public.alembic_version")}
    assert rows(empty, "SELECT * FROM alembic_version") == []
    assert upgrade(empty, []) == [NEWEST]


def test_the_edition_of_the_dictionaries_survives_the_migrations_both_ways(empty: str) -> None:
    edition = "SELECT subject, version FROM edition"
    with sqlalchemy_engine(empty).begin() as connection:
        command.upgrade(alembic_config(connection), "0001")
        connection.execute(text("INSERT INTO dictionary_version VALUES (1, now(), 5), (2, now(), 5)"))
    upgrade(empty, [])
    assert rows(empty, edition) == [("dictionaries", 2)]
    with sqlalchemy_engine(empty).begin() as connection:
        command.downgrade(alembic_config(connection), "0001")
    assert rows(empty, "SELECT version, entries FROM dictionary_version") == [(2, 0)]


def test_what_amendments_say_is_told_by_the_history_after_the_migration(empty: str) -> None:
    """Terms are derived from the history, so that amendments of before must be in it."""
    ids = {name: f"'00000000-0000-0000-0000-00000000000{n}'" for n, name in enumerate("cam", start=1)}
    with sqlalchemy_engine(empty).begin() as connection:
        command.upgrade(alembic_config(connection), "0002")
        connection.execute(
            text(
                "INSERT INTO contract (id, employer, external_id, number, concluded_on, employee_iin, starts_on,"
                " term_code, position_code, established_post, employment_type_code, remote_work_code,"
                " country_code, address, status, registered_at, version) SELECT {c}, 'e', 'x', '1', now(), 'i',"
                " now(), '1', 'p', 'p', '1', '3', '398', 'a', 'active', now(), 2".format(**ids)
            )
        )
        connection.execute(
            text(
                "INSERT INTO amendment SELECT {a}, {c}, 'e', 'y', '1', now(), now(),"
                ' \'{{"term_code": ["2", "1"], "ends_on": ["2027-01-01", null]}}\', {m}, now()'.format(**ids)
            )
        )
        connection.execute(
            text(
                "INSERT INTO contract_event (contract_id, version, event, effective_on, recorded_at, recorded_by,"
                " message_id, changes) SELECT {c}, 2, 'ContractAmended', now(), now(), 'e', {m}, '[]'".format(
                    **ids
                )
            )
        )
    upgrade(empty, [])
    terms = {"term_code": "1", "ends_on": None}
    assert rows(empty, "SELECT terms, status, version FROM amendment") == [(terms, "active", 1)]
    assert rows(empty, "SELECT entered, amendment_id::text FROM contract_event") == [
        (terms, ids["a"].strip("'"))
    ]
    with psycopg.connect(empty) as connection, pytest.raises(psycopg.errors.RaiseException):
        connection.execute("UPDATE contract_event SET entered = NULL")


def test_contracts_from_before_know_when_they_changed_and_whose_their_entries_are(empty: str) -> None:
    later = {"registered_at", "changed_at"}
    row = {name: value for name, value in contract("n1", kato_code="751410000").items() if name not in later}
    names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    with sqlalchemy_engine(empty).begin() as connection:
        command.upgrade(alembic_config(connection), "0005")
        for number, id_ in (("n1", UUID(int=1)), ("n2", UUID(int=2))):
            connection.execute(
                text(
                    f"INSERT INTO contract ({names}, registered_at) VALUES ({values}, '2026-03-02T09:00+05:00')"
                ),
                {**row, "id": id_, "number": number, "external_id": number},
            )
        connection.execute(
            text(
                "INSERT INTO contract_event (contract_id, version, event, effective_on, recorded_at, recorded_by,"
                " message_id, changes) SELECT :id, n, 'ContractAmended', '2026-03-02',"
                " '2026-03-02T09:00+05:00'::timestamptz + n * interval '1 day', '-', :id, '[]'"
                " FROM generate_series(1, 3) n"
            ),
            {"id": UUID(int=1)},
        )
    upgrade(empty, [])
    changed = rows(empty, "SELECT number, changed_at::date::text FROM contract ORDER BY 1")
    assert changed == [("n1", "2026-03-05"), ("n2", "2026-03-02")]
    assert rows(empty, "SELECT DISTINCT employer FROM contract_event") == [(EMPLOYER,)]
    # What the authority counts by: the region and the employee; by which way it came, nobody knows any more.
    counted = "SELECT DISTINCT region, employee_iin, channel FROM contract_event"
    assert rows(empty, counted) == [("750000000", row["employee_iin"], None)]
    with pytest.raises(psycopg.errors.RaiseException, match="only ever added"):
        rows(empty, "DELETE FROM contract_event")


def test_nodes_that_start_together_upgrade_once(empty: str) -> None:
    with ThreadPoolExecutor(4) as starting:
        done = list(starting.map(lambda _: upgrade(empty, tables(lesson=LESSON, pupil=PUPIL)), range(4)))
    assert sorted(done, key=len) == [
        [],
        [],
        [],
        [NEWEST, "created exchange.lesson", "created exchange.pupil"],
    ]


def test_a_declared_table_is_made_as_declared(empty: str) -> None:
    every_type = {name: name for name in ("text", "integer", "decimal", "date", "instant", "boolean", "uuid")}
    upgrade(empty, tables(lesson=LESSON, pupil=PUPIL, all_types={"columns": every_type}))
    assert columns(empty, "lesson") == {
        "id": ("uuid", False),
        "employer": ("text", False),
        "message_id": ("uuid", False),
        "recorded_at": ("timestamp with time zone", False),
        "topic": ("text", False),
        "hours": ("numeric", True),
    }
    assert columns(empty, "pupil").keys() == {
        "id",
        "parent_id",
        "position",
        "message_id",
        "recorded_at",
        "iin",
    }
    assert {name: columns(empty, "all_types")[name][0] for name in every_type} == {
        "text": "text",
        "integer": "bigint",
        "decimal": "numeric",
        "date": "date",
        "instant": "timestamp with time zone",
        "boolean": "boolean",
        "uuid": "uuid",
    }
    indexed = rows(
        empty, "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'exchange' ORDER BY 1, 2"
    )
    assert [
        (table, definition.rpartition("(")[2]) for table, definition in indexed if "UNIQUE" not in definition
    ] == [
        ("lesson", "topic)"),
        ("pupil", "parent_id)"),
    ]
    with psycopg.connect(empty) as connection, pytest.raises(psycopg.errors.ForeignKeyViolation):
        connection.execute(
            "INSERT INTO exchange.pupil VALUES (gen_random_uuid(), gen_random_uuid(), 1, gen_random_uuid(), now())"
        )


def test_a_table_grows_with_its_mapping(empty: str) -> None:
    upgrade(empty, tables(lesson=LESSON))
    with psycopg.connect(empty) as connection:
        connection.execute(
            "INSERT INTO exchange.lesson VALUES (gen_random_uuid(), 'e', gen_random_uuid(), now(), 'topic', 1)"
        )
    grown = {"columns": {**LESSON["columns"], "order": "integer"}, "index": ["topic", "order"]}
    assert upgrade(empty, tables(lesson=grown, pupil=PUPIL)) == [
        "added exchange.lesson.order",
        "indexed exchange.lesson by order",
        "created exchange.pupil",
    ]
    assert rows(empty, 'SELECT topic, hours, "order" FROM exchange.lesson') == [("topic", 1, None)]
    assert upgrade(empty, tables(lesson=grown, pupil=PUPIL)) == []


@pytest.mark.parametrize(
    "relaxed", [{"columns": {"topic": "text", "hours": "decimal"}}, {"columns": {"hours": "decimal"}}]
)
def test_what_is_no_longer_required_may_be_absent(empty: str, relaxed: Any) -> None:
    """Else every message would be refused by the database, with a mapping that is proved complete."""
    upgrade(empty, tables(lesson=LESSON))
    assert upgrade(empty, tables(lesson=relaxed)) == ["no longer required: exchange.lesson.topic"]
    assert columns(empty, "lesson")["topic"] == ("text", True)
    assert upgrade(empty, tables(lesson=relaxed)) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        pytest.param(
            {"columns": {**LESSON["columns"], "hours": "integer"}},
            "exchange.lesson.hours is NUMERIC in the database and BIGINT in the mapping",
            id="another type",
        ),
        pytest.param(
            {"columns": {**LESSON["columns"], "room": {"type": "text", "required": True}}},
            "exchange.lesson.room is new and required",
            id="a new required column",
        ),
        pytest.param(
            {"columns": LESSON["columns"], "parent": "course"},
            "exchange.lesson.parent_id is new and required",
            id="a parent found later",
        ),
    ],
)
def test_what_would_lose_or_forbid_data_is_refused_and_nothing_done(
    empty: str, changed: Any, words: str
) -> None:
    upgrade(empty, tables(lesson=LESSON))
    before = columns(empty, "lesson")
    with pytest.raises(SchemaError) as refused:
        upgrade(empty, tables(course={"columns": {"name": "text"}}, lesson=changed))
    assert words in str(refused.value)
    assert columns(empty, "lesson") == before
    assert columns(empty, "course") == {}


def test_long_names_are_no_trouble(empty: str) -> None:
    long = {"columns": {"c" * 41: "text"}, "index": ["c" * 41]}
    made = tables(**{"t" * 41: long, "p" * 41: {**long, "parent": "t" * 41}})
    assert len(upgrade(empty, made)) == 3
    assert upgrade(empty, made) == []


NOWHERE: list[tuple[str, Callable[[str], str]]] = [
    ("no such database", lambda url: url.replace("esutd_migrations_test", "esutd_nowhere")),
    ("no such host", lambda _url: "postgresql://localhost:1/esutd"),
    ("no address at all", lambda _url: "host=/nowhere password=secret"),
]


@pytest.mark.parametrize("elsewhere", [change for _, change in NOWHERE], ids=[name for name, _ in NOWHERE])
def test_a_database_that_is_not_there_is_psycopgs_error(empty: str, elsewhere: Callable[[str], str]) -> None:
    with pytest.raises(psycopg.OperationalError) as refused:
        upgrade(elsewhere(empty), [])
    assert "secret" not in str(refused.value)
