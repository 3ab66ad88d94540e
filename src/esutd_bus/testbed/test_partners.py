"""The partners of the stage: what an operator would have entered, recorded once in a database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.serialization import Encoding

from esutd_bus.plain_yaml import load_yaml
from esutd_bus.signature.certificates import Certificate, read_certificate
from esutd_bus.store.connection import connect_now
from esutd_bus.store.partner_desk import PartnerDesk

if TYPE_CHECKING:
    from esutd_bus.testbed.test_ca import TestCa

_OWN = Path(__file__).with_name("partners.yaml")


def record_test_partners(url: str, ca: TestCa) -> int:
    """Records the partners of `partners.yaml` that the database does not know yet. Returns how many."""
    content: dict[str, Any] = load_yaml(_OWN.read_text(encoding="utf-8"))
    count = 0
    with connect_now(url) as connection:
        desk = PartnerDesk(connection, "the test CA")
        for name, entry in content["partners"].items():
            in_force, withdrawn = (entry.pop(part, ()) for part in ("certificates", "withdrawn"))
            number = _number(ca, name)
            if not desk.knows(number):
                desk.add(number, **entry)
                count += 1
            for other in (*in_force, *withdrawn):
                certificate = _certificate(ca, other)
                told = certificate.summary
                if desk.has_certificate(told.fingerprint):
                    continue
                desk.add_certificate(number, certificate.x509.public_bytes(Encoding.DER), told)
                if other in withdrawn:
                    desk.withdraw_certificate(number, told.fingerprint)
        for pair in content["systems"] if count else ():
            desk.add_system(_number(ca, pair["employer"]), _number(ca, pair["system"]), None)
    return count


def _number(ca: TestCa, name: str) -> str:
    """BIN or IIN that an identity's certificate names."""
    return _certificate(ca, name).require_holder().employer_id


def _certificate(ca: TestCa, name: str) -> Certificate:
    return read_certificate(ca.identity(name).certificate.public_bytes(Encoding.DER))
