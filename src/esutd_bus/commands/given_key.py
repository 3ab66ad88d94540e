"""The key that a command signs with, as it is given: `--key`, and its password by the command or around it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from esutd_bus.signature.key_places import Secret

Command = TypeVar("Command", bound=Callable[..., Any])


def key_options(*, required: bool = True) -> Callable[[Command], Command]:
    """Gives a command the options `--key`, `--password` and `--password-file`."""
    options = (
        click.option(
            "--key",
            metavar="FILE",
            required=required,
            help="PKCS#12 file with the key and its certificate, or a PKCS#11 URI (pkcs11:token=…).",
        ),
        click.option(
            "--password",
            envvar="ESUTD_KEY_PASSWORD",
            help="Its password; better in ESUTD_KEY_PASSWORD or by --password-file.",
        ),
        click.option(
            "--password-file",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="A file that holds the password.",
        ),
    )

    def given(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return given


def secret(password: str | None, password_file: Path | None) -> Secret:
    """The file's, the option's, the environment's or the settings', whichever is given first."""
    if password_file is not None:
        return Secret(file=password_file)
    if password is not None:
        return Secret(password)
    # Whoever gives it does not wait for the settings to be read.
    from esutd_bus.commands.given_settings import given_settings  # noqa: PLC0415

    settings = given_settings()
    given = settings.key_password.get_secret_value() if settings.key_password else None
    return Secret(given, settings.key_password_file)
