"""What arguments of several kinds may be: a wrong one ends the command with exit code 2."""

from __future__ import annotations

from typing import Any

import click

from esutd_bus.register.identifiers import is_bin, is_iin
from esutd_bus.signature.profile import ALL_PROFILES

DEFAULT = "default"
"""What an option says that takes something special back."""


class Number(click.ParamType[str]):
    """A BIN or an IIN with its check digit."""

    name = "BIN or IIN"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The number, or the end of the command with exit code 2."""
        if not is_bin(value) and not is_iin(value):
            self.fail(
                f"{value} is no BIN and no IIN: twelve digits, the last one checks the others", param, ctx
            )
        return str(value)


class Profiles(click.ParamType[list[str]]):
    """Signature profiles, separated by commas."""

    name = "profiles"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[str]:
        """The profiles in order, none twice; none at all for `default`."""
        if isinstance(value, list) or value == DEFAULT:
            return [] if value == DEFAULT else value
        profiles = sorted(set(value.split(",")))
        if not ALL_PROFILES.issuperset(profiles):
            known = ", ".join(sorted(ALL_PROFILES))
            self.fail(f"{value}: name some of {known}, separated by commas, or {DEFAULT}", param, ctx)
        return profiles
