"""The settings as a command is given them: a clear line where they cannot be."""

from __future__ import annotations

import tomllib

from pydantic import ValidationError
from pydantic_settings import SettingsError

from esutd_bus.commands.exits import EnvironmentFault
from esutd_bus.settings import Settings


def given_settings() -> Settings:
    """Settings of the environment and the file. Ends the command with exit code 3 if one cannot be read."""
    try:
        return Settings()
    except ValidationError as error:
        told = "; ".join(f"ESUTD_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise EnvironmentFault(told) from error
    except (SettingsError, tomllib.TOMLDecodeError) as error:
        raise EnvironmentFault(f"the settings cannot be read: {error}") from error
