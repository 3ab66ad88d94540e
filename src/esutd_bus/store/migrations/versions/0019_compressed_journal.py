"""The journal's bytes and reports as Zstandard frames, which PostgreSQL does not compress once more

Revision: 0019, after 0018
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

COMMENT = (
    "The journal: every message in both directions, chained by hash; bytes and reports are Zstandard frames."
)


def upgrade() -> None:
    # What is there already stays as it is: bytes that are no frame.
    op.execute("ALTER TABLE message ALTER COLUMN report TYPE bytea USING convert_to(report::text, 'UTF8')")
    op.execute("ALTER TABLE message ALTER COLUMN report SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE message ALTER COLUMN body SET STORAGE EXTERNAL")
    op.execute(f"COMMENT ON TABLE message IS '{COMMENT}'")


def downgrade() -> None:
    # Refused by PostgreSQL where there are frames: only esutd-bus can open them.
    op.execute("ALTER TABLE message ALTER COLUMN report TYPE jsonb USING convert_from(report, 'UTF8')::jsonb")
    op.execute("ALTER TABLE message ALTER COLUMN report SET STORAGE EXTENDED")
    op.execute("ALTER TABLE message ALTER COLUMN body SET STORAGE EXTENDED")
