"""What the signature tests stand on: the test CA's trust, a verifier, a message of invented people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from forgery import Verify

from esutd_bus.signature.revocation.knowledge import RevocationKnowledge
from esutd_bus.signature.revocation.period import Tolerance
from esutd_bus.signature.revocation.revocation import Revocation
from esutd_bus.signature.revocation.revocation_list import read_revocation_list
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import Verifier
from esutd_bus.soap.envelope import open_envelope
from esutd_bus.testbed.test_ca import TestCa

REAL_CERTIFICATES = Path(__file__).parents[4] / "shared" / "corpora" / "kz"


@pytest.fixture(scope="session")
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="session")
def trust(ca: TestCa) -> TrustStore:
    return TrustStore.from_directory(ca.trust_dir)


@pytest.fixture(scope="session")
def revocation(ca: TestCa, trust: TrustStore) -> Revocation:
    """What the test CA's lists tell; where they tell nothing, the certificate is refused."""
    knowledge = RevocationKnowledge(Tolerance(), answer_lifetime=timedelta(hours=1))
    files = sorted((ca.directory / "crl").iterdir())
    knowledge.replace_lists(
        {file.name: read_revocation_list(file.read_bytes(), trust.authorities) for file in files}
    )
    return Revocation(knowledge, required=True)


@pytest.fixture(scope="session")
def verify(trust: TrustStore, revocation: Revocation, now: datetime) -> Verify:
    verifier = Verifier(trust, revocation=revocation)
    return lambda raw: verifier.verify(open_envelope(raw), now)


@pytest.fixture(scope="session")
def real_certificates() -> Path:
    """Certificates of the national authority, which are no part of the project."""
    if not REAL_CERTIFICATES.is_dir():
        pytest.skip(f"the real certificates are not here: {REAL_CERTIFICATES}")
    return REAL_CERTIFICATES
