"""The schemas of one service, compiled by the two libraries that read them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import xmlschema
from lxml import etree

from esutd_bus.soap.contract_error import ContractError
from esutd_bus.soap.schema import Node, read_element
from esutd_bus.soap.schema_files import XSD, SchemaDocument
from esutd_bus.soap.validator import Validator


class SchemaSet:
    """All schemas that a service's messages need, one a namespace.

    `documents` come in an order that has each after those it imports. xmlschema tells what may stand
    where, once; libxml2 judges messages. Both are fed from memory, so neither looks for a file.
    """

    def __init__(self, documents: Iterable[SchemaDocument]) -> None:
        self.documents = tuple(documents)
        self._closed()
        texts = [document.inline() for document in self.documents]
        self._elements = self._read(texts)
        self.validator = self._compile(texts)

    def element(self, tag: str) -> Node:
        """The tree of a global element. Raises `ContractError` if there is none, or plans cannot carry it."""
        found = self._elements.get(tag)
        if found is None:
            raise ContractError(f"no schema declares the element {tag}")
        return read_element(found)

    def _closed(self) -> None:
        """Refuses a second schema of a namespace, and an import of one that is not there."""
        files: dict[str, str] = {}
        for document in self.documents:
            other = files.setdefault(document.namespace, document.name)
            if other != document.name:
                raise ContractError(
                    f"{document.namespace} has two schemas, {other} and {document.name}; make them one"
                )
        for document in self.documents:
            for namespace, _ in document.imports():
                if namespace not in files:
                    raise ContractError(
                        f"{document.name} imports {namespace}: no schema of it is in the contract"
                    )

    def _read(self, texts: list[str]) -> Any:
        """The global elements by tag, as xmlschema sees them."""
        try:
            with warnings.catch_warnings():
                # Of two schemas that import each other, one must come first.
                warnings.simplefilter("ignore", xmlschema.XMLSchemaImportWarning)
                first = xmlschema.XMLSchema10(texts[0], build=False, allow="none")
                for document, text in zip(self.documents[1:], texts[1:], strict=True):
                    first.add_schema(text, namespace=document.namespace)
                first.build()
        except xmlschema.XMLSchemaException as error:
            raise ContractError(f"{self._names()}: not a valid XML schema: {error}") from error
        return first.maps.elements

    def _compile(self, texts: list[str]) -> Validator:
        """libxml2's validator."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        parser.resolvers.add(_FromMemory(texts))
        wrapper = etree.Element(f"{XSD}schema")
        for number, document in enumerate(self.documents):
            etree.SubElement(
                wrapper, f"{XSD}import", namespace=document.namespace, schemaLocation=f"memory:{number}"
            )
        try:
            schema = etree.XMLSchema(etree.fromstring(etree.tostring(wrapper), parser))
        except etree.XMLSchemaParseError as error:
            raise ContractError(f"{self._names()}: libxml2 refuses the schema: {error}") from error
        return Validator(schema)

    def _names(self) -> str:
        return ", ".join(document.name for document in self.documents)


class _FromMemory(etree.Resolver):
    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    def resolve(self, system_url: str, _public_id: str, context: Any) -> Any:  # type: ignore[override]  # stubs
        scheme, _, number = system_url.partition(":")
        if scheme != "memory":
            raise ContractError(f"a schema outside the contract is asked for: {system_url}")
        return self.resolve_string(self._texts[int(number)], context)  # type: ignore[call-arg]  # stubs
