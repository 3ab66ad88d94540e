"""A channel of the bus as its WSDL says it: documents to serve, operations, the schema of its wrappers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from lxml import etree

from esutd_bus.soap.schema_files import XSD, parse_document
from esutd_bus.soap.wsdl import SOAP, WSDL, schema_url


@dataclass(frozen=True, slots=True)
class ChannelOperation:
    """One operation of a channel, by the names of the elements that travel."""

    name: str
    namespace: str
    """Of the elements."""

    @property
    def response(self) -> str:
        """The answer's element, without namespace."""
        return f"{self.name}Response"

    @property
    def fault(self) -> str:
        """The element in a fault's detail, without namespace."""
        return f"{self.name}Fault1_{self.name}Fault"


class ChannelContract:
    """`wsdl/shep/NAME.wsdl` with its port type beside it, and the schemas of `xsd/shep` that it needs."""

    def __init__(self, folder: Path, name: str) -> None:
        """`folder`: where `wsdl` and `xsd` lie."""
        self.name = name
        wsdls = folder / "wsdl" / "shep"
        self._wsdls = {
            file: parse_document(wsdls / file) for file in (f"{name}.wsdl", f"{name}Interfaces.wsdl")
        }
        main, interfaces = self._wsdls.values()
        self.namespace = main.get("targetNamespace", "")
        address = main.find(f".//{SOAP}address")
        self.path = urlsplit(address.get("location", "")).path if address is not None else ""
        (imported,) = interfaces.iterfind(f"{WSDL}types/{XSD}schema/{XSD}import")
        types = imported.get("namespace", "")
        self.operations: Mapping[str, ChannelOperation] = MappingProxyType(
            {
                f"{{{types}}}{operation.get('name')}": ChannelOperation(operation.get("name", ""), types)
                for operation in interfaces.iterfind(f"{WSDL}portType/{WSDL}operation")
            }
        )
        self._schema_file = (wsdls / imported.get("schemaLocation", "")).resolve()
        self._schemas = dict(_reachable(self._schema_file))

    @cached_property
    def validator(self) -> etree.XMLSchema:
        """Of the channel's own elements; what `data` holds is none of its business."""
        return etree.XMLSchema(etree.parse(self._schema_file, etree.XMLParser(no_network=True)))

    @cached_property
    def type_namespaces(self) -> Mapping[str, str]:
        """The namespaces of the wrapper's types, by their lower-case spelling: the field writes them either way."""
        own = [root.get("targetNamespace", "") for root in self._schemas.values()]
        return {namespace.lower(): namespace for namespace in own}

    def wsdl(self, public_url: str, part: str = "") -> bytes:
        """What `?wsdl` serves; `part`: the document of the port type, which the first one imports."""
        return self._served(self._wsdls.get(part, self._wsdls[f"{self.name}.wsdl"]), public_url)

    def flat_wsdl(self, public_url: str) -> None:
        """None: port type and binding have two namespaces, and a WSDL document has one."""
        del public_url

    def schema(self, name: str, public_url: str = "") -> bytes | None:
        """What `?xsd=NAME` serves."""
        root = self._schemas.get(name)
        return None if root is None else self._served(root, public_url)

    def _served(self, root: etree._Element, public_url: str) -> bytes:
        copied = etree.fromstring(etree.tostring(root))
        for address in copied.iter(f"{SOAP}address"):
            address.set("location", public_url + self.path)
        for each in copied.iter(f"{WSDL}import"):
            each.set("location", f"{public_url}{self.path}?wsdl={each.get('location')}")
        for each in copied.iter(f"{XSD}import"):
            each.set("schemaLocation", schema_url(public_url, self.path, each.get("schemaLocation", "")))
        return etree.tostring(copied, encoding="UTF-8", xml_declaration=True)


def _reachable(start: Path) -> Iterator[tuple[str, etree._Element]]:
    """(name, root) of a schema and all that it imports, near and far."""
    waiting, seen = [start], set[Path]()
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        root = parse_document(file)
        yield file.name, root
        waiting += [
            (file.parent / each.get("schemaLocation", "")).resolve() for each in root.iterfind(f"{XSD}import")
        ]
