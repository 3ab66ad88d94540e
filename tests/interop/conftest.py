"""Stock clients against the running service: their programs, each run once and asked about many times."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from stacks import STACKS, ClientError, Stack, require, run

from esutd_bus.settings import packaged
from esutd_bus.testbed.replay import chosen_fixtures, send_all
from esutd_bus.testbed.stage import open_stage
from esutd_bus.testbed.test_ca import TestCa
from support.messages import today
from support.services import Service

Outcome = dict[str, Any]
"""What a program printed: step → what its stack made of the answer."""

Outcomes = Callable[[Stack, str, str], Outcome]
"""Stack, binding (`asgi`), document (`wsdl`, `singleWsdl`) → outcome."""

ESSENTIAL = ("unsigned", "registered", "person", "several", "extended", "leave", "search", "cabinet")
ALL = (*ESSENTIAL, "late", "contract", "bare", "undocumented", "upstream")

_PEOPLE = {
    "EMPLOYER_BIN": "990440000385",
    "EMPLOYEE_IIN": "850701100173",
    "NOBODYS_IIN": "870202200130",  # no employer's
    "PERSON_IIN": "890312200172",  # two documents
    "UNDOCUMENTED_IIN": "710808100177",  # none, and no address
    "REFUSED_IIN": "870101100036",  # the registry refuses
}
_CONSENTS = ("give-consent", "give-consent-of-710808100177", "give-consent-of-870101100036")
_PATHS = {
    "CONTRACTS_WSDL": "/soap/contracts",
    "PERSONAL_FILE_WSDL": "/soap/personal-file",
    "CABINET_WSDL": "/soap/cabinet",
    "AUTHORITY_WSDL": "/soap/authority",
}
"""Every program imports all of them, and calls what an employer may call."""


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(each, id=each.name, marks=[pytest.mark.interop] if each.needs else []) for each in STACKS
    ],
)
def stack(request: pytest.FixtureRequest) -> Stack:
    """Each stock client."""
    wanted: Stack = request.param
    require(wanted)
    return wanted


@pytest.fixture(scope="session")
def employer_environment(ca: TestCa, session_folder: Path) -> dict[str, str]:
    """Who the programs are, in every form of key file that they can read, and whom they ask about."""
    identity = ca.identity("employer")
    key, certificate, _ = pkcs12.load_key_and_certificates(
        identity.path.read_bytes(), identity.password.encode()
    )
    assert key is not None
    assert certificate is not None
    folder = session_folder / "employer"
    folder.mkdir(mode=0o700)
    key_pem, certificate_pem = folder / "key.pem", folder / "certificate.pem"
    key_pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    certificate_pem.write_bytes(certificate.public_bytes(Encoding.PEM))
    return {
        "KEY_P12": str(identity.path),
        "ESUTD_KEY_PASSWORD": identity.password,
        "KEY_PEM": str(key_pem),
        "CERTIFICATE_PEM": str(certificate_pem),
        "ESUTD_BUS": str(Path(sys.executable).parent / "esutd-bus"),
        "TODAY": today().isoformat(),
        **_PEOPLE,
    }


@pytest.fixture(scope="session")
def outcomes(
    request: pytest.FixtureRequest,
    employer_environment: dict[str, str],
    ca: TestCa,
    tmp_path_factory: pytest.TempPathFactory,
) -> Outcomes:
    """The outcome of a stock client's program; it is run when first asked for."""

    @cache
    def program(stack: Stack, document: str) -> Sequence[str]:
        running: Service = request.getfixturevalue("asgi")
        workplace = tmp_path_factory.mktemp(f"{stack.name}-{document}")
        return stack.program(list(_wsdl_urls(running, document).values()), workplace)

    @cache
    def consented(url: str) -> None:
        """The people asked about consent to it: no personal file without that."""
        catalogue, order = chosen_fixtures([packaged("fixtures")], _CONSENTS)
        for exchange in send_all(catalogue, order, open_stage(url, ca.directory)):
            assert exchange.result.differences == ()

    @cache
    def tried(stack: Stack, binding: str, document: str) -> Outcome | ClientError:
        running: Service = request.getfixturevalue(binding)
        consented(running.url)
        steps = ALL if (binding, document) == ("asgi", "wsdl") else ESSENTIAL
        try:
            printed = run(
                [*program(stack, document), *steps],
                **employer_environment,
                **_wsdl_urls(running, document),
            )
        except ClientError as error:
            return error
        told: Outcome = json.loads(printed)
        return told

    def outcome(stack: Stack, binding: str, document: str) -> Outcome:
        tried_once = tried(stack, binding, document)
        if isinstance(tried_once, ClientError):
            raise tried_once
        return tried_once

    return outcome


@pytest.fixture(scope="session")
def whole(outcomes: Outcomes, stack: Stack) -> Outcome:
    """The outcome of each stack's program with all its steps."""
    return outcomes(stack, "asgi", "wsdl")


def _wsdl_urls(service: Service, document: str) -> dict[str, str]:
    return {name: f"{service.url}{path}?{document}" for name, path in _PATHS.items()}
