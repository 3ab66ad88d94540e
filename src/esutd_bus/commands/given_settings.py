"""The settings as a command is given them: a clear line where they cannot be."""

from __future__ import annotations

import tomllib

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from esutd_bus.commands.exits import EnvironmentFault
from esutd_bus.settings import Settings


def given_settings() -> Settings:
    """Settings of the environment and the file. Ends the command with exit code 3 if one cannot be read."""
    try:
        return Settings()
    except ValidationError as error:
        raise EnvironmentFault("; ".join(_told(each) for each in error.errors())) from error
    except (SettingsError, tomllib.TOMLDecodeError) as error:
        raise EnvironmentFault(f"the settings cannot be read: {error}") from error


def _told(error: ErrorDetails) -> str:
    """What is wrong, behind the setting's name; a check of several settings names them itself."""
    names = [str(part).upper() for part in error["loc"][:1]]
    return ": ".join([*(f"ESUTD_{name}" for name in names), error["msg"].removeprefix("Value error, ")])
