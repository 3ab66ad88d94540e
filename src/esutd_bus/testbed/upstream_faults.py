"""Faults of the simulated bus for the run of one fixture, set and taken back by its page for testers."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import requests

from esutd_bus.testbed.fault_script import FaultScript

if TYPE_CHECKING:
    from collections.abc import Iterator

    from esutd_bus.testbed.fault_script import Fault

_TIMEOUT = 10.0


class SimulatedBusAbsentError(Exception):
    """The simulated bus, whose faults a fixture needs, is not there."""


@contextmanager
def upstream_faults(page: str | None, faults: tuple[Fault, ...]) -> Iterator[None]:
    """The bus whose page this is has these faults until it is left; then its own script begins anew.

    Raises:
        SimulatedBusAbsentError: no page is named, or nobody answers there.
    """
    if page is None:
        raise SimulatedBusAbsentError("`upstream` needs the page of a simulated bus (--bus)")
    address = f"{page.rstrip('/')}/faults"
    with requests.Session() as session:
        session.trust_env = False
        try:
            before = session.get(address, timeout=_TIMEOUT).json()["script"]
            _play(session, address, FaultScript(faults=faults).as_data())
        except (requests.RequestException, ValueError, KeyError) as error:
            raise SimulatedBusAbsentError(f"no simulated bus answers at {page}: {error}") from error
        try:
            yield
        finally:
            _play(session, address, before)


def _play(session: requests.Session, address: str, script: object) -> None:
    session.put(address, json.dumps(script).encode(), timeout=_TIMEOUT).raise_for_status()
