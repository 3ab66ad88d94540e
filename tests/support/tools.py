"""Tools of the machine's own that tests ask: at home a test without its tool is skipped, in CI it fails."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


def program(name: str) -> str:
    """The path of a program."""
    return shutil.which(name) or _lacking(name)


def file(*candidates: str) -> Path:
    """The first of these files that is there."""
    found = (Path(candidate) for candidate in candidates if Path(candidate).is_file())
    return next(found, None) or Path(_lacking(candidates[0]))


def _lacking(what: str) -> str:
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is not installed (see .ci/run)")
    pytest.skip(f"{what} is not installed")
