"""The files of `xsd/`: read without a look outside their folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from esutd_bus.soap.contract_error import ContractError

XSD = "{http://www.w3.org/2001/XMLSchema}"

_UNSUPPORTED = {
    "include": "put everything of a namespace into one file",
    "redefine": "write the type out",
    "override": "write the type out",
}


def parse_document(path: Path) -> etree._Element:
    """The root of a contract's file. Raises `ContractError` if it cannot be read or has a DOCTYPE."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=False)
    try:
        root = etree.fromstring(path.read_bytes(), parser)
    except (OSError, etree.XMLSyntaxError) as error:
        raise ContractError(f"{path.name} cannot be read: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise ContractError(f"{path.name} has a DOCTYPE, which is not supported")
    return root


@dataclass(frozen=True, slots=True)
class SchemaDocument:
    """One `xs:schema`: a file of `xsd/`, or written inside a WSDL."""

    name: str
    """The file's name; for one inside a WSDL, the WSDL's."""

    root: etree._Element

    def __post_init__(self) -> None:
        """Refuses what a set of in-memory documents, one a namespace, cannot hold."""
        if self.root.tag != f"{XSD}schema":
            raise ContractError(f"{self.name} is not an XML schema: its root is {self.root.tag}")
        if not self.namespace:
            raise ContractError(f"{self.name}: a schema needs a targetNamespace")
        for element in self.root.iter(etree.Element):
            told = _UNSUPPORTED.get(element.tag.removeprefix(XSD))
            if told:
                construct = element.tag.removeprefix(XSD)
                raise ContractError(
                    f"{self.name}:{element.sourceline}: xs:{construct} is not supported: {told}"
                )
            if element.tag == f"{XSD}element" and element.get("substitutionGroup"):
                raise ContractError(f"{self.name}:{element.sourceline}: substitutionGroup is not supported")

    @property
    def namespace(self) -> str:
        """The target namespace."""
        return self.root.get("targetNamespace", "")

    def imports(self) -> list[tuple[str, str | None]]:
        """(namespace, schemaLocation) of each `xs:import`."""
        found = self.root.iter(f"{XSD}import")
        return [(each.get("namespace", ""), each.get("schemaLocation")) for each in found]

    def inline(self, *, wildcards: bool = True) -> str:
        """The schema as text that stands inside another document: no locations, every prefix declared."""
        root = etree.fromstring(etree.tostring(self.root))
        for each in root.iter(f"{XSD}import"):
            each.attrib.pop("schemaLocation", "")
        if not wildcards:
            for each in list(root.iter(f"{XSD}any")):
                parent = each.getparent()
                if parent is not None:
                    parent.remove(each)
        return etree.tostring(root, encoding="unicode")


class SchemaFolder:
    """The files of `xsd/`, by name."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.documents = {
            path.name: SchemaDocument(path.name, parse_document(path))
            for path in sorted(directory.glob("*.xsd"))
        }

    def reachable(self, start: Path, imports: list[tuple[str, str | None]]) -> list[SchemaDocument]:
        """The documents that `imports`, written in the file `start`, lead to; those imported by others first.

        Raises `ContractError` for a location that is not a file of this folder: nothing is fetched.
        """
        found: dict[str, SchemaDocument] = {}
        self._follow(start, imports, found, ())
        return list(found.values())

    def _follow(
        self,
        start: Path,
        imports: list[tuple[str, str | None]],
        found: dict[str, SchemaDocument],
        above: tuple[str, ...],
    ) -> None:
        for namespace, location in imports:
            if location is None:
                continue  # a schema of the same WSDL; `SchemaSet` knows whether it is there
            document = self._at(start, location)
            if document.namespace != namespace:
                raise ContractError(
                    f"{start.name} imports {namespace} from {location}, which is of {document.namespace}"
                )
            if document.name in found or document.name in above:
                continue
            inner = (*above, document.name)
            self._follow(self.directory / document.name, document.imports(), found, inner)
            found[document.name] = document

    def _at(self, start: Path, location: str) -> SchemaDocument:
        if "://" in location:
            raise ContractError(
                f"{start.name} imports {location}: nothing is fetched; put the file into xsd/"
            )
        target = (start.parent / location).resolve()
        document = self.documents.get(target.name)
        if document is None or target.parent != self.directory:
            raise ContractError(f"{start.name} imports {location}: there is no such file in xsd/")
        return document
