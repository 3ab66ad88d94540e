"""A WSDL 1.1 document: SOAP 1.1 over HTTP, document/literal, one service and one port."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from lxml import etree

from esutd_bus.soap.contract_error import ContractError
from esutd_bus.soap.schema_files import XSD, SchemaDocument, parse_document

WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"


@dataclass(frozen=True, slots=True)
class WsdlOperation:
    """An operation as its port type and binding declare it."""

    name: str
    soap_action: str
    request: str
    """The tag of the request's element."""
    response: str
    faults: tuple[str, ...]
    """The tags of the faults' detail elements."""


class Wsdl:
    """What one WSDL file says. Raises `ContractError` for all that cannot be served."""

    def __init__(self, path: Path) -> None:
        self.file = path
        self._root = parse_document(path)
        if self._root.tag != f"{WSDL}definitions":
            raise ContractError(f"{path.name} is not a WSDL 1.1 document: its root is {self._root.tag}")
        for each in self._root.iterchildren(f"{WSDL}import"):
            raise self._error(each, "wsdl:import is not supported; put the parts into one document")
        self.namespace = self._root.get("targetNamespace", "")
        self._service = self._only(self._root, "service", "one service a document")
        self.name = self._service.get("name", "")
        self._keep_soap11()
        self._port = self._only(self._service, "port", "one port with a SOAP 1.1 binding")
        self.path = self._address_path()
        self.operations = tuple(self._operations())

    def schema_imports(self) -> list[tuple[str, str | None]]:
        """(namespace, schemaLocation) of each import inside `wsdl:types`."""
        return [(e.get("namespace", ""), e.get("schemaLocation")) for e in self._imports()]

    def inner_schemas(self) -> list[SchemaDocument]:
        """The schemas written out inside `wsdl:types`."""
        found = self._root.iterfind(f"{WSDL}types/{XSD}schema")
        # Serialised and read again, each schema carries the prefixes that the WSDL around it declares.
        return [
            SchemaDocument(self.file.name, etree.fromstring(etree.tostring(schema, with_tail=False)))
            for schema in found
            if any(child.tag != f"{XSD}import" for child in schema.iterchildren(etree.Element))
        ]

    def served(self, public_url: str, schemas: Iterable[str] | None = None) -> bytes:
        """The document for a client: the port's address and the imports below `public_url`.

        With `schemas`, texts of `xs:schema` elements, these stand in place of the imports.
        """
        root = etree.fromstring(etree.tostring(self._root))
        for address in root.iter(f"{SOAP}address"):
            address.set("location", public_url + self.path)
        for each in root.iterfind(f"{WSDL}types/{XSD}schema/{XSD}import"):
            location = each.get("schemaLocation")
            if location is not None:
                each.set("schemaLocation", schema_url(public_url, self.path, location))
        if schemas is None:
            return _serialised(root)
        types = root.find(f"{WSDL}types")
        if types is None:  # refused at load: an operation's element must be declared somewhere
            raise ContractError(f"{self.file.name} has no wsdl:types")
        types[:] = [etree.Comment(_INLINE)]
        # As text: moved as elements, schemas would lose prefixes that only attribute values use.
        inline = "".join(schemas).encode("utf-8")
        return _serialised(root).replace(f"<!--{_INLINE}-->".encode(), inline)

    def _imports(self) -> Iterator[etree._Element]:
        return self._root.iterfind(f"{WSDL}types/{XSD}schema/{XSD}import")

    def _keep_soap11(self) -> None:
        """Takes off ports and bindings of other protocols: what is not served is not promised to clients."""
        bindings = {
            each.get("name", ""): each.find(f"{SOAP}binding") is not None
            for each in self._root.iterchildren(f"{WSDL}binding")
        }
        kept = [name for name, is_soap11 in bindings.items() if is_soap11]
        if not kept:
            raise ContractError(
                f"{self.file.name} has no SOAP 1.1 binding; SOAP 1.2 and others are not served"
            )
        for port in list(self._service.iterchildren(f"{WSDL}port")):
            if not bindings.get(port.get("binding", "").rpartition(":")[2], True):
                self._service.remove(port)
        for binding in list(self._root.iterchildren(f"{WSDL}binding")):
            if binding.get("name", "") not in kept:
                self._root.remove(binding)

    def _address_path(self) -> str:
        address = self._port.find(f"{SOAP}address")
        location = address.get("location", "") if address is not None else ""
        path = urlsplit(location).path
        if not path.startswith("/"):
            raise self._error(self._port, f"soap:address {location!r} has no path to serve the contract at")
        return path

    def _operations(self) -> Iterator[WsdlOperation]:
        binding = self._named("binding", self._port, "binding")
        style = binding.find(f"{SOAP}binding")
        if style is None:
            raise self._error(binding, "not a SOAP 1.1 binding")
        port_type = self._named("portType", binding, "type")
        declared = self._by_name(port_type)
        bound = self._by_name(binding)
        if declared.keys() != bound.keys():
            odd = ", ".join(sorted(declared.keys() ^ bound.keys()))
            raise self._error(binding, f"port type and binding differ in operations: {odd}")
        if not bound:
            raise self._error(binding, "no operations")
        for name, operation in bound.items():
            yield self._operation(declared[name], operation, style.get("style", "document"))

    def _operation(self, declared: etree._Element, bound: etree._Element, style: str) -> WsdlOperation:
        name = declared.get("name", "")
        soap = bound.find(f"{SOAP}operation")
        style = soap.get("style", style) if soap is not None else style
        if style != "document":
            raise self._error(
                bound, f"operation {name}: style {style} is not supported, only document/literal"
            )
        for part in bound.iter(f"{SOAP}header", f"{SOAP}headerfault"):
            raise self._error(part, f"operation {name}: soap:header is not supported; put it into the body")
        for part in bound.iter(f"{SOAP}body", f"{SOAP}fault"):
            if part.get("use", "literal") != "literal":
                raise self._error(
                    part, f"operation {name}: use {part.get('use')} is not supported, only literal"
                )
        request, response = declared.find(f"{WSDL}input"), declared.find(f"{WSDL}output")
        if request is None or response is None:
            raise self._error(
                declared, f"operation {name} needs an input and an output: every message is answered"
            )
        return WsdlOperation(
            name=name,
            soap_action=soap.get("soapAction", "") if soap is not None else "",
            request=self._message_element(request),
            response=self._message_element(response),
            faults=tuple(self._message_element(each) for each in declared.iterchildren(f"{WSDL}fault")),
        )

    def _message_element(self, use: etree._Element) -> str:
        """The tag of the one element that a message consists of."""
        message = self._named("message", use, "message")
        part = self._only(message, "part", "one part a message (document/literal)")
        if part.get("element") is None:
            raise self._error(part, "a part names an element, not a type (document style, not rpc)")
        return self._qname(part, "element")

    def _named(self, kind: str, use: etree._Element, attribute: str) -> etree._Element:
        """The top-level `kind` that an attribute refers to."""
        tag = self._qname(use, attribute)
        namespace, _, name = tag[1:].rpartition("}")
        for each in self._root.iterchildren(f"{WSDL}{kind}"):
            if each.get("name") == name and namespace == self.namespace:
                return each
        raise self._error(use, f"there is no {kind} {tag}")

    def _qname(self, element: etree._Element, attribute: str) -> str:
        prefix, _, name = element.get(attribute, "").strip().rpartition(":")
        namespace = element.nsmap.get(prefix or None)
        if prefix and namespace is None:
            raise self._error(
                element, f"the prefix of {attribute}={element.get(attribute)!r} is not declared"
            )
        return f"{{{namespace}}}{name}" if namespace else name

    def _by_name(self, parent: etree._Element) -> dict[str, etree._Element]:
        found: dict[str, etree._Element] = {}
        for each in parent.iterchildren(f"{WSDL}operation"):
            name = each.get("name", "")
            if name in found:
                raise self._error(each, f"operation {name} is there twice; overloading is not supported")
            found[name] = each
        return found

    def _only(self, parent: etree._Element, kind: str, wanted: str) -> etree._Element:
        found = list(parent.iterchildren(f"{WSDL}{kind}"))
        if len(found) != 1:
            raise self._error(parent, f"{wanted} is needed, {len(found)} are there")
        return found[0]

    def _error(self, element: etree._Element, text: str) -> ContractError:
        return ContractError(f"{self.file.name}:{element.sourceline}: {text}")


_INLINE = "the schemas"


def schema_url(public_url: str, path: str, location: str) -> str:
    """Where a schema is served that a document refers to by `location`."""
    return f"{public_url}{path}?xsd={location.rpartition('/')[2]}"


def _serialised(root: etree._Element) -> bytes:
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
