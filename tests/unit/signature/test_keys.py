"""Keys from PKCS#12 files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from esutd_bus.signature.algorithms import DIGESTS, SIGNATURES, SignatureAlgorithm
from esutd_bus.signature.gost.algorithms import GostSignature
from esutd_bus.signature.gost.keys import GostPrivateKey
from esutd_bus.signature.keys import KeyFileError, ServiceKey, SigningKey
from esutd_bus.testbed.test_ca import TestCa


@pytest.mark.parametrize(("name", "algorithm"), [("employer", "rsa-sha256"), ("ec-employer", "ecdsa-sha256")])
def test_a_key_signs_by_its_kind(name: str, algorithm: str, ca: TestCa) -> None:
    identity = ca.identity(name)
    key = ServiceKey.from_pkcs12(identity.path, identity.password)
    assert key.algorithm.identifier.endswith(algorithm)
    signature = key.sign(b"data", key.algorithm)
    public_key = key.certificate.public_key()
    assert key.algorithm.verify(public_key, signature, b"data")
    assert not key.algorithm.verify(public_key, signature, b"date")
    assert not key.algorithm.verify(public_key, signature + b"\0", b"data")
    assert len(key.certificate_chain) == 2


@pytest.mark.parametrize("identifier", SIGNATURES)
def test_every_algorithm_of_the_list(identifier: str, ca: TestCa) -> None:
    algorithm = SIGNATURES[identifier]
    key, public_key = key_for(algorithm, ca)
    assert algorithm.fits(public_key)
    assert algorithm.verify(public_key, key.sign(b"data", algorithm), b"data")
    assert algorithm.digest_method in DIGESTS


def key_for(algorithm: SignatureAlgorithm, ca: TestCa) -> tuple[SigningKey, Any]:
    identity = ca.identity("ec-employer" if "ecdsa" in algorithm.identifier else "employer")
    if isinstance(algorithm, GostSignature):
        private_key = GostPrivateKey.generate(algorithm.curve)
        return ServiceKey(private_key, identity.certificate), private_key.public_key
    return identity, identity.certificate.public_key()


def test_files_that_are_no_key(ca: TestCa, tmp_path: Path) -> None:
    employer = ca.identity("employer")
    with pytest.raises(KeyFileError, match="cannot be read"):
        ServiceKey.from_pkcs12(tmp_path / "absent.p12", "x")
    with pytest.raises(KeyFileError, match="not its password") as wrong:
        ServiceKey.from_pkcs12(employer.path, "secret-guess")
    assert "secret-guess" not in str(wrong.value)
    content = pkcs12.serialize_key_and_certificates(
        b"x", ed25519.Ed25519PrivateKey.generate(), None, None, BestAvailableEncryption(b"x")
    )
    (tmp_path / "edwards.p12").write_bytes(content)
    with pytest.raises(KeyFileError, match="RSA or EC"):
        ServiceKey.from_pkcs12(tmp_path / "edwards.p12", "x")
