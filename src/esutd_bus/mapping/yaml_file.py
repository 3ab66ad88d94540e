"""A YAML file read strictly: what YAML would let pass in silence, and what a reader did not mean, is refused."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

from esutd_bus.plain_yaml import SafeLoader


class MappingError(Exception):
    """A mapping that cannot be served; the message names file, operation and path. Start-up ends with it."""


class _Loader(SafeLoader):  # type: ignore[misc]  # which of the two is known at run time
    """Plain data only, and no key twice: YAML would keep the last one and say nothing."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"«{key.value}» stands here a second time", key.start_mark
                    )
                seen.add(key.value)
        constructed: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return constructed


def read_yaml(path: Path) -> Mapping[str, Any]:
    """The file's top-level mapping. Raises MappingError."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506  # a safe loader of our own
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MappingError(f"{path.name}: cannot be read: {error}") from error
    if content is None:
        raise MappingError(f"{path.name}: is empty")
    return section(content, path.name)


def section(content: Any, where: str, known: frozenset[str] | None = None) -> Mapping[str, Any]:
    """`content` as a mapping with text for keys, only `known` ones if given; nothing is an empty one."""
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise MappingError(f"{where}: names with values are expected here, not «{content}»")
    for key in content:
        if not isinstance(key, str):
            raise MappingError(f"{where}: «{key}» must be text: put it in quotes")
        if known is not None and key not in known:
            raise MappingError(f"{where}: unknown word «{key}» (known: {', '.join(sorted(known))})")
    return content


def texts(content: Mapping[str, Any], where: str) -> Mapping[str, str]:
    """A mapping all of whose values are text."""
    for key, value in content.items():
        text(value, f"{where}, {key}")
    return content


def text(content: Any, where: str) -> str:
    """A value that must be text, and not empty."""
    if not isinstance(content, str) or not content.strip():
        raise MappingError(f"{where}: text is expected here, not «{content}»")
    return content


def names(content: Any, where: str) -> tuple[str, ...]:
    """A list of names; nothing is an empty one."""
    if content is None:
        return ()
    if not isinstance(content, list):
        raise MappingError(f"{where}: a list is expected here, not «{content}»")
    return tuple(text(name, where) for name in content)
