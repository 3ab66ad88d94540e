"""The service's own contracts, a valid message, and a stranger's contract to try things on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from stranger_contract import CONTRACTS, REGISTER, ROOT, Stranger

from esutd_bus.soap.contract import Operation, ServiceContract, ServiceContracts, load_contracts
from esutd_bus.soap.decode_plan import RequestPlan
from esutd_bus.soap.problem import Decoded


@pytest.fixture
def stranger(tmp_path: Path) -> Stranger:
    return Stranger(tmp_path)


@pytest.fixture(scope="session")
def contracts() -> ServiceContracts:
    return load_contracts(ROOT)


@pytest.fixture(scope="session")
def service(contracts: ServiceContracts) -> ServiceContract:
    return contracts.by_path["/soap/contracts"]


@pytest.fixture(scope="session")
def register(service: ServiceContract) -> Operation:
    return service.operations[f"{{{CONTRACTS}}}RegisterContract"]


@pytest.fixture(scope="session")
def register_xml() -> str:
    return REGISTER


@pytest.fixture(scope="session")
def decode(register: Operation) -> Callable[..., Decoded]:
    """Decodes the valid message after replacing parts of its text."""

    def changed(*changes: tuple[str, str], plan: RequestPlan | None = None, xml: str = REGISTER) -> Decoded:
        for old, new in changes:
            assert old in xml, old
            xml = xml.replace(old, new)
        return (plan or register.request_plan).decode(etree.fromstring(xml))

    return changed


@pytest.fixture(scope="session")
def register_values(decode: Callable[..., Decoded]) -> dict[str, Any]:
    decoded = decode()
    assert decoded.problems == ()
    return decoded.values
