"""Batches of contracts: messages, and what is told of their entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from esutd_bus.signature.keys import SigningKey
from support.messages import COMMON, CONTRACTS, EMPLOYER, Reply, envelope, header, send
from support.services import Service


def batch(*contracts: dict[str, Any], employer: str = EMPLOYER, **parts: Any) -> bytes:
    """An unsigned `SubmitBatch`; `parts`: `requestHeader`, `headcount`."""
    own_header = parts.pop("requestHeader", header())
    return envelope(
        CONTRACTS,
        "SubmitBatch",
        {
            "requestHeader": own_header,
            "employer": {"bin": employer},
            **parts,
            "contract": list(contracts),
        },
    )


def asking(batch_id: str | None, employer: str = EMPLOYER) -> bytes:
    """An unsigned `GetBatchResult`."""
    parts = {"requestHeader": header(), "employer": {"bin": employer}, "batchId": batch_id}
    return envelope(CONTRACTS, "GetBatchResult", parts)


def result(service: Service, key: SigningKey, batch_id: str | None) -> Reply:
    """What the employer that signs is told of a batch."""
    return send(service.url, asking(batch_id), key)


@dataclass(frozen=True)
class Told:
    """What became of one entry."""

    external_id: str | None
    contract_id: str | None
    errors: tuple[tuple[str | None, str | None], ...]
    """(code, field) of each."""

    warnings: tuple[str | None, ...]


def entries(reply: Reply) -> list[Told]:
    """The entries of a `GetBatchResult`'s answer."""
    return [
        Told(
            entry.findtext(f"{{{CONTRACTS}}}externalId"),
            entry.findtext(f"{{{CONTRACTS}}}contractId"),
            tuple(
                (error.findtext(f"{{{COMMON}}}code"), error.findtext(f"{{{COMMON}}}field"))
                for error in entry.iterchildren(f"{{{CONTRACTS}}}error")
            ),
            tuple(
                warning.findtext(f"{{{COMMON}}}code")
                for warning in entry.iterchildren(f"{{{CONTRACTS}}}warning")
            ),
        )
        for entry in reply.root.iter(f"{{{CONTRACTS}}}entry")
    ]
