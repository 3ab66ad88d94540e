"""Alembic's migrations of the register's own tables."""
