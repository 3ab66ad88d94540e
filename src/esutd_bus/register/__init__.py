"""The register's rules, pure: commands and state in, events or refusals out. Imports no other room."""
