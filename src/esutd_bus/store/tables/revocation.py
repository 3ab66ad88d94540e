"""What is known of certificates that were taken back."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Numeric, Table, Text

from esutd_bus.store.tables.common import INSTANT, metadata

revocation_list = Table(
    "revocation_list",
    metadata,
    Column("url", Text, primary_key=True),
    Column("kind", Text),
    Column("issuer", Text),
    Column("crl_number", Numeric),
    Column("this_update", INSTANT),
    Column("next_update", INSTANT),
    Column("der", LargeBinary),
    Column("changed_in", BigInteger),
    Column("fetched_at", INSTANT),
    Column("tried_at", INSTANT),
    Column("next_try", INSTANT, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("last_error", Text),
    comment="The newest list of each address that verified; changed_in is the edition «revocation» it came with.",
)

certificate_status = Table(
    "certificate_status",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("certificate", LargeBinary, nullable=False),
    Column("issuer_fingerprint", Text, nullable=False),
    Column("first_seen", INSTANT, nullable=False),
    Column("last_seen", INSTANT, nullable=False),
    Column("status", Text),
    Column("source", Text),
    Column("produced_at", INSTANT),
    Column("next_update", INSTANT),
    Column("answer", LargeBinary),
    Column("changed_in", BigInteger),
    Column("asked_at", INSTANT),
    Column("tried_at", INSTANT),
    Column("next_try", INSTANT, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("last_error", Text),
    Index(None, "next_try"),
    Index(None, "changed_in"),
    comment="Each certificate that a message was judged by, with the newest answer of an OCSP responder about it.",
)
