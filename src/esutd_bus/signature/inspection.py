"""Inspection: a report on any bytes, for a human at the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esutd_bus.signature.evidence import MessageEvidence
from esutd_bus.signature.reason import Reason, Refusal
from esutd_bus.signature.report import MessageReport, SignatureRefused
from esutd_bus.soap.bus_data import carried, is_wrapper
from esutd_bus.soap.envelope import SoapError, is_envelope, open_envelope

if TYPE_CHECKING:
    from datetime import datetime

    from lxml.etree import _Element as Element

    from esutd_bus.signature.verifier import Verifier


def inspect_file(raw: bytes, verifier: Verifier, now: datetime) -> MessageReport:
    """What a verifier says of a file's bytes at a moment (with zone); bad bytes make a report too.

    The file is a SOAP envelope, or a signed document; what travels in the bus's wrapper is judged as if it came alone.
    """
    try:
        if is_envelope(raw):
            envelope = open_envelope(raw)
            return verifier.verify(envelope, now, payload=_carried(envelope.payload)).report
        return verifier.verify_document(raw, now).report
    except SignatureRefused as refused:
        return refused.report
    except SoapError as error:
        evidence = MessageEvidence(now)
        evidence.begun.append("xml")
        return evidence.refused(
            Refusal(Reason.UNREADABLE, f"neither an envelope nor a document: {error.detail}")
        )


def _carried(element: Element) -> Element | None:
    try:
        return carried(element) if is_wrapper(element) else None
    except SoapError:
        return None  # the bus's own words, which carry nothing
