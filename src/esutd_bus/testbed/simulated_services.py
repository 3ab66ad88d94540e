"""The state registries behind the simulated bus: serviceId → what answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esutd_bus.testbed import simulated_gbdfl, simulated_gbdul, simulated_kdp
from esutd_bus.testbed.simulated_gbdfl import SimulatedGbdfl
from esutd_bus.testbed.simulated_gbdul import SimulatedGbdul
from esutd_bus.testbed.simulated_kdp import SimulatedKdp

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.etree import _Element as Element

    from esutd_bus.signature.keys import SigningKey
    from esutd_bus.testbed.bus_contract import Asked, BusContract
    from esutd_bus.testbed.companies import Companies
    from esutd_bus.testbed.population import Behaviour, Population

    Service = Callable[[Asked], tuple[Element, Behaviour]]
    """The envelope that answers a request, and what is to be done to it on its way; or BrokenRequestError."""


def simulated_services(
    contract: BusContract, population: Population, companies: Companies, key: SigningKey | None = None
) -> dict[str, Service]:
    """The registries' services by serviceId. `key` signs the answers."""
    access = {iin: person.access for iin, person in population.items()}
    kdp = SimulatedKdp(contract, access, key)
    persons = SimulatedGbdfl(contract, population, key, kdp)
    return {
        simulated_gbdfl.SERVICE_ID: persons.answer,
        simulated_gbdfl.TOKEN_SERVICE_ID: persons.answer,
        simulated_gbdul.SERVICE_ID: SimulatedGbdul(contract, companies, key).answer,
        simulated_kdp.SERVICE_ID: kdp.answer,
    }
