"""Keys sign, each by its kind."""

from __future__ import annotations

from typing import Any

import pytest

from esutd_bus.signature import certificates
from esutd_bus.signature.algorithms import DIGESTS, SIGNATURES, SignatureAlgorithm
from esutd_bus.signature.gost.algorithms import GostSignature
from esutd_bus.signature.gost.keys import GostPrivateKey
from esutd_bus.signature.keys import ServiceKey, SigningKey
from esutd_bus.testbed.test_ca import TestCa


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [
        ("employer", "rsa-sha256"),
        ("ec-employer", "ecdsa-sha256"),
        ("gost-employer", "gostr34102015-gostr34112015-512"),
        ("gost-2004-employer", "gost34310-gost34311"),
    ],
)
def test_a_key_signs_by_its_kind(name: str, algorithm: str, ca: TestCa) -> None:
    identity = ca.identity(name)
    key = ServiceKey.from_pkcs12(identity.path, identity.password)
    assert key.algorithm.identifier.endswith(algorithm)
    signature = key.sign(b"data", key.algorithm)
    public_key = certificates.public_key(key.certificate)
    assert key.algorithm.verify(public_key, signature, b"data")
    assert not key.algorithm.verify(public_key, signature, b"date")
    assert not key.algorithm.verify(public_key, signature + b"\0", b"data")
    assert key.certificate_chain[0].subject == key.certificate.issuer


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
