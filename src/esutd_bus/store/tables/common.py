"""What all tables share."""

from __future__ import annotations

from sqlalchemy import DateTime, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

INSTANT = DateTime(timezone=True)

BY_REGISTER = {"fed_by": "register"}
BY_STORE = {"fed_by": "store"}
"""`info` of a column that the register, or the store, fills and not a message: a mapping need not feed it."""

RARE = {"rare": True}
"""`info` of a column that is empty in nearly every new row: an INSERT leaves such columns out where no row has any."""
