"""Exit codes of `esutd-bus`, and errors that end it with one clear line."""

from __future__ import annotations

import click

DIFFERENCE = 1
"""A difference, an invalid signature, a broken journal."""

ENVIRONMENT = 3
"""The database, a file or an address is not as it must be. (2 is click's own: wrong usage.)"""


class EnvironmentFault(click.ClickException):
    """Ends the command with exit code 3 and a line that says what to do."""

    exit_code = ENVIRONMENT
