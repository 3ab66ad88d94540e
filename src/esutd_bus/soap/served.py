"""What is served at a path: a contract's documents, and the names of its operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class NamedOperation(Protocol):
    """An operation as far as whoever routes messages must know it."""

    @property
    def name(self) -> str:
        """As the WSDL calls it."""


class ServedContract(Protocol):
    """A WSDL of a service, or of a channel of the bus."""

    @property
    def name(self) -> str:
        """The service's, as the journal calls it."""

    @property
    def namespace(self) -> str:
        """The WSDL's target namespace."""

    @property
    def path(self) -> str:
        """The path of its address."""

    @property
    def operations(self) -> Mapping[str, NamedOperation]:
        """By the tag of the request's element."""

    def wsdl(self, public_url: str, part: str = "") -> bytes:
        """What `?wsdl` serves; `part`: the name of a WSDL that this one imports, in place of it."""

    def flat_wsdl(self, public_url: str) -> bytes | None:
        """What `?singleWsdl` serves; None: it cannot be one document."""

    def schema(self, name: str, public_url: str = "") -> bytes | None:
        """What `?xsd=NAME` serves; None: there is no such schema."""
