"""The command line itself: what it lists is there, and the list comes without loading what the commands need."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from esutd_bus.cli import LazyGroup, main

HEAVY = ("cryptography", "esutd_bus.commands", "granian", "lxml", "psycopg", "pydantic", "rich", "sqlalchemy")


@pytest.mark.parametrize("name", main.list_commands(click.Context(main)))
def test_each_command_of_the_list_is_there(name: str) -> None:
    assert isinstance(main, LazyGroup)
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.name == name


def test_an_unknown_command_is_none() -> None:
    assert main.get_command(click.Context(main), "nonsense") is None


def test_the_list_loads_nothing() -> None:
    program = "import sys; from esutd_bus.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "serve" in told
    loaded = told.splitlines()[-1].split()
    assert [name for name in HEAVY if name in loaded] == []
