"""Inspection: a report on any bytes, for a human at the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esutd_bus.signature.evidence import Evidence
from esutd_bus.signature.profile import WSSE
from esutd_bus.signature.reason import Reason, Refusal
from esutd_bus.signature.report import SignatureRefused, SignatureReport
from esutd_bus.signature.verifier import Verifier
from esutd_bus.soap.envelope import SoapError, open_envelope

if TYPE_CHECKING:
    from datetime import datetime

    from esutd_bus.signature.trust import TrustStore


def inspect_file(raw: bytes, trust: TrustStore, now: datetime) -> SignatureReport:
    """What the verifier says of a file's bytes at a moment (with zone); bad bytes make a report too."""
    try:
        return Verifier(trust).verify(open_envelope(raw), now).report
    except SignatureRefused as refused:
        return refused.report
    except SoapError as error:
        evidence = Evidence(WSSE.name, now)
        evidence.begin("envelope")
        return evidence.refused(Refusal(Reason.UNREADABLE, f"no SOAP 1.1 envelope: {error}"))
