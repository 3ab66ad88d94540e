"""Alembic's entry: migrations run on the connection that `store.schema.upgrade` hands over."""

from alembic import context

from esutd_bus.store import (
    tables_archive,  # noqa: F401  # their tables are of the same metadata
    tables_bus,  # noqa: F401
    tables_outbox,  # noqa: F401
    tables_registry_checks,  # noqa: F401
)
from esutd_bus.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True
)
context.run_migrations()
