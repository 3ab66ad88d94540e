"""Frames of the journal stay in their row, beside what tells about them, while it has less than half a page

Revision: 0020, after 0019
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A signed message with a certificate is a frame of 1.5 KB: with its row's other columns just over the 2 KB from
    # which PostgreSQL would put it elsewhere, at one more insert into a table and an index.
    op.execute("ALTER TABLE message SET (toast_tuple_target = 4080)")


def downgrade() -> None:
    op.execute("ALTER TABLE message RESET (toast_tuple_target)")
