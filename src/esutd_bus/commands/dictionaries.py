"""`esutd-bus dictionaries`: the register's classifiers."""

from __future__ import annotations

from pathlib import Path

import click

from esutd_bus.commands.database import connection
from esutd_bus.commands.exits import EnvironmentFault
from esutd_bus.commands.given_settings import given_settings
from esutd_bus.register.dictionaries import DictionaryError
from esutd_bus.register.dictionary_files import read_directory, read_packaged
from esutd_bus.store.dictionaries import load


@click.group()
def dictionaries() -> None:
    """The register's dictionaries (справочники)."""


@dictionaries.command("load")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), required=False)
def load_command(folder: Path | None) -> None:
    """Load dictionaries from the CSV files of FOLDER, or the packaged ones.

    A file NAME.csv replaces the dictionary NAME (columns code, name_ru, name_kk, parent_code, is_actual; for
    kato: code, level, name_ru, name_kk). Running nodes work with the new edition from their next message on.
    """
    try:
        edition = read_directory(folder) if folder else read_packaged()
    except DictionaryError as error:
        raise EnvironmentFault(str(error)) from error
    with connection(given_settings()) as opened:
        count = load(opened, edition)
    click.echo(f"loaded {count} entries of {', '.join(sorted(edition.names))}")
