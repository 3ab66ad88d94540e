"""Alembic's entry: migrations run on the connection that `store.schema.upgrade` hands over."""

from alembic import context

from esutd_bus.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True
)
context.run_migrations()
