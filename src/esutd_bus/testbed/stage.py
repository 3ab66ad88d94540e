"""The stage of a replay: a test CA's identities, the contracts' addresses, a calendar and a clock."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding

from esutd_bus.register.calendar import Calendar
from esutd_bus.settings import Settings
from esutd_bus.signature.certificates import read_certificate
from esutd_bus.signature.signing import sign
from esutd_bus.soap.contract import load_contracts
from esutd_bus.testbed.composing import Service
from esutd_bus.testbed.replay import Stage
from esutd_bus.testbed.test_ca import TestCa, TestIdentity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from esutd_bus.testbed.expectation import ChannelName, ExpectedSignature


class CaSignatory:
    """An identity of the test CA as a `composing.Signatory`."""

    def __init__(self, identity: TestIdentity) -> None:
        self._identity = identity

    @cached_property
    def employer(self) -> str | None:
        """BIN or IIN that its certificate names."""
        holder = read_certificate(self._identity.certificate.public_bytes(Encoding.DER)).holder
        return None if holder is None else holder.employer_id

    def sign(self, document: bytes, signature: ExpectedSignature) -> bytes:
        """The document with one signature more."""
        return sign(document, self._identity.key, signature.profile, signature.key_info)


def open_stage(
    endpoint: str,
    ca_dir: Path,
    *,
    now: datetime | None = None,
    contracts_dir: Path | None = None,
    channel: ChannelName = "direct",
    bus_page: str | None = None,
) -> Stage:
    """The stage at a service's base address, for identities of the test CA in a directory.

    `now` (with zone) stands in place of the present; `contracts_dir` in place of the built-in contracts; `channel`: by
    which way fixtures go that do not say it themselves; `bus_page`: the simulated bus's, for `upstream`.

    Raises:
        FileNotFoundError: no test CA was made in the directory.
        ContractError: the contracts cannot be read.
    """
    ca = TestCa.load(ca_dir)
    return Stage(
        endpoint=endpoint,
        signatories=cache(lambda name: CaSignatory(ca.identity(name))),
        services=services(contracts_dir or Settings().contract_folder),
        calendar=Calendar(),
        clock=lambda: now or datetime.now(UTC),
        channel=channel,
        bus_page=bus_page,
    )


def services(contracts_dir: Path) -> Mapping[str, Service]:
    """The services of these contracts, by namespace."""
    return {
        contract.namespace: Service(
            path,
            {tag: operation.soap_action for tag, operation in contract.operations.items()},
            contract.name,
        )
        for path, contract in load_contracts(contracts_dir).by_path.items()
    }
