"""Service contracts: what `wsdl/` and `xsd/` say, as operations with compiled plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from lxml import etree

from esutd_bus.soap.contract_error import ContractError
from esutd_bus.soap.fault import REGISTER_FAULT, RegisterFault
from esutd_bus.soap.plan import AnswerPlan, RequestPlan
from esutd_bus.soap.schema import Node
from esutd_bus.soap.schema_files import XSD, SchemaFolder
from esutd_bus.soap.schema_set import SchemaSet
from esutd_bus.soap.wsdl import Wsdl, WsdlOperation, schema_url

__all__ = [
    "ContractError",
    "Operation",
    "ServiceContract",
    "ServiceContracts",
    "load_contracts",
    "load_element",
]

RESERVED_PATHS = frozenset({"/health", "/ready", "/metrics"})
"""Where machines ask about the service itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation of a service: a request's element, an answer's element."""

    name: str
    service: str
    request: Node
    response: Node
    soap_action: str
    request_plan: RequestPlan
    answer_plan: AnswerPlan


class ServiceContract:
    """One WSDL with the schemas its messages need.

    `operations` go by the tag of the request's element: what the body holds picks the operation.
    """

    def __init__(self, wsdl: Wsdl, folder: SchemaFolder) -> None:
        self._wsdl = wsdl
        self.file = wsdl.file.name
        self._folder = folder
        self.name = wsdl.name
        self.namespace = wsdl.namespace
        self.path = wsdl.path
        inner = wsdl.inner_schemas()
        imports = wsdl.schema_imports() + [each for schema in inner for each in schema.imports()]
        self._schemas = SchemaSet([*folder.reachable(wsdl.file, imports), *inner])
        self.operations: Mapping[str, Operation] = MappingProxyType(self._compiled())

    def wsdl(self, public_url: str, part: str = "") -> bytes:
        """What `?wsdl` serves: addresses and imports below `public_url`, which has no slash at its end.

        `part` is passed over: one document is the whole.
        """
        del part
        return self._wsdl.served(public_url)

    def flat_wsdl(self, public_url: str) -> bytes:
        """What `?singleWsdl` serves: one document with every schema inside, no import with a location, and no
        place for document signatures (1C and others cannot bind `xs:any`).
        """
        schemas = [document.inline(wildcards=False) for document in self._schemas.documents]
        return self._wsdl.served(public_url, schemas)

    def schema(self, name: str, public_url: str = "") -> bytes | None:
        """What `?xsd=NAME` serves; `None` if the contract has no such schema.

        Without `public_url` its imports are paths from the server's root.
        """
        if name not in {document.name for document in self._schemas.documents}:
            return None
        document = self._folder.documents.get(name)
        if document is None:
            return None  # the name of a WSDL: its inner schemas are served with it
        root = etree.fromstring(etree.tostring(document.root))
        for each in root.iter(f"{XSD}import"):
            location = each.get("schemaLocation")
            if location is not None:
                each.set("schemaLocation", schema_url(public_url, self.path, location))
        return etree.tostring(root, encoding="UTF-8", xml_declaration=True)

    def _compiled(self) -> dict[str, Operation]:
        operations: dict[str, Operation] = {}
        for declared in self._wsdl.operations:
            other = operations.get(declared.request)
            if other is not None:
                raise ContractError(
                    f"{self.file}: {other.name} and {declared.name} have the same request element "
                    f"{declared.request}; the body could not pick the operation"
                )
            operations[declared.request] = self._operation(declared)
        return operations

    def _operation(self, declared: WsdlOperation) -> Operation:
        try:
            if REGISTER_FAULT not in declared.faults:
                raise ContractError(f"a fault with the element {REGISTER_FAULT} is not declared")  # noqa: TRY301
            self._schemas.element(REGISTER_FAULT)
            request = self._schemas.element(declared.request)
            response = self._schemas.element(declared.response)
        except ContractError as error:
            raise ContractError(f"{self.file}: operation {declared.name}: {error}") from error
        return Operation(
            name=declared.name,
            service=self.name,
            request=request,
            response=response,
            soap_action=declared.soap_action,
            request_plan=RequestPlan(request, self._schemas.validator),
            answer_plan=AnswerPlan(response),
        )


@dataclass(frozen=True, slots=True)
class ServiceContracts:
    """All contracts of a folder."""

    by_path: Mapping[str, ServiceContract]
    """By the path of the WSDL's `soap:address`: `/soap/contracts`."""

    register_fault: RegisterFault
    """How faults are told, whatever the service."""


def load_contracts(directory: Path) -> ServiceContracts:
    """Reads `wsdl/*.wsdl` and `xsd/*.xsd` below `directory`.

    Raises `ContractError`, saying what is wrong and where, if any of it cannot be served. Nothing is
    fetched: every schema is a file of `xsd/` or stands in its WSDL.
    """
    folder = SchemaFolder(directory / "xsd")
    files = sorted((directory / "wsdl").glob("*.wsdl"))
    if not files:
        raise ContractError(f"there is no WSDL in {directory / 'wsdl'}")
    by_path: dict[str, ServiceContract] = {}
    for file in files:
        contract = ServiceContract(Wsdl(file), folder)
        if contract.path in RESERVED_PATHS:
            raise ContractError(
                f"{file.name}: {contract.path} tells of the service itself; no contract stands there"
            )
        for other in by_path.values():
            _keep_apart(contract, other)
        by_path[contract.path] = contract
    return ServiceContracts(MappingProxyType(by_path), RegisterFault(_fault_element(folder)))


def load_element(directory: Path, schema: str, tag: str) -> Node:
    """A global element of a schema of `directory`/xsd that no service's WSDL leads to. Raises `ContractError`."""
    folder = SchemaFolder(directory / "xsd")
    document = folder.documents.get(schema)
    if document is None:
        raise ContractError(f"xsd/ has no {schema}")
    needed = folder.reachable(folder.directory / schema, [(document.namespace, schema)])
    return SchemaSet(needed).element(tag)


def _keep_apart(contract: ServiceContract, other: ServiceContract) -> None:
    """Path, name and request's element each lead to one service."""
    if contract.path == other.path:
        raise ContractError(f"{contract.file}: {other.name} ({other.file}) already stands at {contract.path}")
    if contract.name == other.name:
        raise ContractError(f"{contract.file}: {other.file} has a service {contract.name} too")
    for tag in contract.operations.keys() & other.operations.keys():
        raise ContractError(
            f"{contract.file}: {other.file} has an operation with the request element {tag} too; the body "
            "could not pick the service"
        )


def _fault_element(folder: SchemaFolder) -> Node:
    namespace, _, _ = REGISTER_FAULT[1:].partition("}")
    for document in folder.documents.values():
        if document.namespace == namespace:
            needed = folder.reachable(folder.directory / document.name, [(namespace, document.name)])
            return SchemaSet(needed).element(REGISTER_FAULT)
    raise ContractError(f"xsd/ has no schema of {namespace}, which declares how faults are told")
