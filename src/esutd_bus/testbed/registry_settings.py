"""The settings of a service that asks the simulated registries, in the names of the test CA's identities."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from esutd_bus.testbed.test_ca import TestCa

OWNER_BIN: Final = "960340000514"
BUS_BIN: Final = "020140000076"
"""Of the identities `service`, which asks, and `bus`, which signs the registries' answers."""

_ASKER: Final = {
    "company": "ОПЕРАТОР РЕЕСТРА (ТЕСТ)",
    "responsible": "Служба реестра",
    "employee": "Дежурный оператор",
    "data": "Личное дело",
}


def registry_settings(ca: TestCa, url: str) -> dict[str, str]:
    """Every registry is asked, at this address; its answers must be signed; whatever can be checked before is."""
    key = ca.service_key
    password = ca.directory / "service.password"
    password.write_text(key.password, encoding="utf-8")
    return {
        "ESUTD_BUS_SYNC_URL": url,
        "ESUTD_OWNER_BIN": OWNER_BIN,
        "ESUTD_KEYS": json.dumps({"registries": {"file": str(key.path), "password_file": str(password)}}),
        "ESUTD_REGISTRY_KEY": "registries",
        "ESUTD_REGISTRY_SIGNERS": json.dumps([BUS_BIN]),
        "ESUTD_KDP": json.dumps(_ASKER),
        "ESUTD_EMPLOYER_CHECK": "before",
        "ESUTD_EMPLOYEE_CHECK": "before",
        "ESUTD_TRANSFER_CHECK": "before",
    }
