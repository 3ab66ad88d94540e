"""Where a record's octets lie: a frame of a usual signed message in its row, and nothing of it elsewhere."""

from __future__ import annotations

import os

import psycopg
import pytest

INSERT = """
INSERT INTO message (chain, seq, id, direction, recorded_at, channel, service, body_sha256, hash, body)
VALUES ('c', 1, gen_random_uuid(), 'in', now(), 'direct', 'EmploymentContracts', %(hash)s, %(hash)s, %(body)s)
"""
ELSEWHERE = "SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE oid = 'message'::regclass"


@pytest.mark.parametrize(("octets", "is_elsewhere"), [(1_500, False), (2_500, False), (9_000, True)])
def test_only_a_large_frame_lies_elsewhere(database: str, octets: int, is_elsewhere: bool) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(INSERT, {"hash": bytes(32), "body": os.urandom(octets)})
        (size,) = connection.execute(ELSEWHERE).fetchall()[0]
    assert (size > 0) == is_elsewhere
