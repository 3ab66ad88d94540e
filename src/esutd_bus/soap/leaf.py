"""The type of a leaf: which text it accepts, and which value that text is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from esutd_bus.soap.contract_error import ContractError
from esutd_bus.soap.lexical import BUILT_IN, NOT_CARRIED, Lexical

_XSD = "{http://www.w3.org/2001/XMLSchema}"
_CHOICES_SHOWN = 10

_NOT_BLANK = r"\s*\S[\s\S]*"
"""The pattern of text that is not blank goes without saying."""

Check = Callable[[str, Any], bool]
"""(normalised text, its value) → whether a facet allows it."""


class LeafType:
    """A simple type of the schema: a built-in type narrowed by facets (XML Schema Part 2, chapter 4).

    `xsd_type` is xmlschema's view of it. Raises `ContractError` for lists, unions and built-in types
    that have no Python value here.
    """

    def __init__(self, xsd_type: Any) -> None:
        chain = _derivation(xsd_type)
        self._lexical = _lexical(chain)
        self._facets = _Facets(self._lexical)
        for step in chain:
            for facet in step.facets.items():
                self._facets.add(*facet)
        self.whitespace: str = xsd_type.white_space or "preserve"
        self.name = self._lexical.name
        self.expects = self._facets.told()
        self.facets: Mapping[str, str] = MappingProxyType(self._facets.narrowed())
        """What narrows the built-in type, the narrowest only: `maxLength` → `50`; `enumeration` → `one of: a, b`."""

    def normalize(self, text: str) -> str:
        """White space as the type's `whiteSpace` facet asks; text of `xs:string` stays as it is."""
        if self.whitespace == "preserve":
            return text
        text = re.sub("[\t\n\r]", " ", text)
        return re.sub(" +", " ", text).strip(" ") if self.whitespace == "collapse" else text

    def value(self, text: str) -> Any:
        """The value of an element's text. Raises `ValueError` if the type does not accept it."""
        text = self.normalize(text)
        value = self._lexical.read(text)
        if not self._facets.allow(text, value):
            raise ValueError(f"expected {self.expects}")
        return value

    @property
    def reader(self) -> Callable[[str], Any] | None:
        """What turns text that the schema has accepted into its value; `None`: the text is the value."""
        if self.name == "string":
            return None if self.whitespace == "preserve" else self.normalize
        read, normalize = self._lexical.read, self.normalize

        def lenient(text: str) -> Any:
            try:
                return read(text)
            except ValueError:  # most often because of white space around the value
                return read(normalize(text))

        return lenient

    @property
    def writer(self) -> Callable[[Any], str]:
        """What turns a value into escaped character data; raises `TypeError` or `ValueError`."""
        write = self._lexical.write
        if self.name != "string" or self.whitespace == "preserve":
            return write

        def exact(value: Any) -> str:
            text = write(value)
            if self.normalize(value) != value:
                raise ValueError("white space that the type does not keep")
            return text

        return exact


def _derivation(xsd_type: Any) -> list[Any]:
    """The type, its base, the base's base, …, down to a built-in one."""
    chain = []
    step = xsd_type
    while step is not None:
        if step.is_list() or step.is_union():
            raise ContractError(
                f"{_told(xsd_type)} is a list or a union; give the element a type of one value"
            )
        chain.append(step)
        step = step.base_type
    return chain


def _lexical(chain: list[Any]) -> Lexical:
    for step in chain:
        name = (step.name or "").removeprefix(_XSD)
        if name in NOT_CARRIED:
            break
        if name in BUILT_IN:
            return BUILT_IN[name]
    raise ContractError(f"{_told(chain[0])} is of a built-in type that is not carried: {_told(chain[-1])}")


def _told(xsd_type: Any) -> str:
    return f"type {xsd_type.prefixed_name}" if xsd_type.name else "the type without a name"


class _Facets:
    """What narrows a built-in type, over the whole chain of derivation: every facet must allow a value."""

    def __init__(self, lexical: Lexical) -> None:
        self._lexical = lexical
        self._checks: list[Check] = []
        self._told: dict[str, str] = {}

    def allow(self, text: str, value: Any) -> bool:
        return all(check(text, value) for check in self._checks)

    def narrowed(self) -> dict[str, str]:
        return dict(self._told)

    def told(self) -> str:
        """What is expected, in English: `text of 1 to 50 characters`, `one of: active, terminated`."""
        told = self._told
        if "enumeration" in told:
            return told["enumeration"]
        text = self._lexical.expects
        if "length" in told:
            text += f" of {told['length']} characters"
        elif "minLength" in told and "maxLength" in told:
            text += f" of {told['minLength']} to {told['maxLength']} characters"
        elif "maxLength" in told:
            text += f" of at most {told['maxLength']} characters"
        elif "minLength" in told:
            text += f" of at least {told['minLength']} characters"
        if told.get("pattern", _NOT_BLANK) != _NOT_BLANK and self._lexical.name == "string":
            text += f" like {told['pattern']}"
        bounds = [f"{word} {told[name]}" for name, word in _BOUND_WORDS.items() if name in told]
        return " ".join([text, " and ".join(bounds)]) if bounds else text

    def add(self, qualified: str | None, facet: Any) -> None:
        name = (qualified or "").removeprefix(_XSD)
        if name in {
            "",
            "whiteSpace",
        }:  # built-in types check themselves under no name: `Lexical.read` does here
            return
        told, check = self._compile(name, facet)
        self._told.setdefault(name, told)  # the narrowest comes first
        self._checks.append(check)

    def _compile(self, name: str, facet: Any) -> tuple[str, Check]:
        if name == "pattern":
            patterns = facet.patterns
            return " or ".join(facet.regexps), lambda text, _: any(p.match(text) for p in patterns)
        if name == "enumeration":
            texts = [str(each) for each in facet.enumeration]
            values = [self._lexical.read(each) for each in texts]
            shown = texts[:_CHOICES_SHOWN] + ["…"] * (len(texts) > _CHOICES_SHOWN)
            return f"one of: {', '.join(shown)}", lambda _, value: value in values
        if name in _SIZES:
            size, fits = int(facet.value), _SIZES[name]
            return str(size), lambda text, value: fits(_size(name, text, value), size)
        if name in _BOUNDS:
            bound, holds = self._lexical.read(str(facet.value)), _BOUNDS[name]
            return str(facet.value), lambda _, value: _comparable(value, bound) and holds(value, bound)
        raise ContractError(f"facet {name} is not supported")


_BOUND_WORDS = {
    "minInclusive": "from",
    "minExclusive": "above",
    "maxInclusive": "up to",
    "maxExclusive": "below",
}

_BOUNDS: dict[str, Callable[[Any, Any], bool]] = {
    "minInclusive": lambda value, bound: value >= bound,
    "minExclusive": lambda value, bound: value > bound,
    "maxInclusive": lambda value, bound: value <= bound,
    "maxExclusive": lambda value, bound: value < bound,
}

_SIZES: dict[str, Callable[[int, int], bool]] = {
    "length": lambda size, wanted: size == wanted,
    "minLength": lambda size, wanted: size >= wanted,
    "maxLength": lambda size, wanted: size <= wanted,
    "totalDigits": lambda size, wanted: size <= wanted,
    "fractionDigits": lambda size, wanted: size <= wanted,
}


def _size(facet: str, text: str, value: Any) -> int:
    if facet not in {"totalDigits", "fractionDigits"}:
        return len(value)
    whole, _, fraction = text.lstrip("+-").partition(".")
    fraction = fraction.rstrip("0")
    return len(fraction) if facet == "fractionDigits" else len(whole.lstrip("0") + fraction)


def _comparable(value: Any, bound: Any) -> bool:
    # A time with zone and one without have no order; such a value is not shown to be in range.
    return (getattr(value, "tzinfo", None) is None) == (getattr(bound, "tzinfo", None) is None)
