"""YAML that holds plain data: the project's own tables and fixtures."""

from __future__ import annotations

from typing import Any

import yaml

# libyaml reads ten times as fast as Python does; the wheels of PyYAML have it, other builds may not.
SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_yaml(text: str) -> Any:
    """The document as lists, mappings and scalars. Raises yaml.YAMLError."""
    return yaml.load(text, SafeLoader)  # noqa: S506  # it is the safe one
