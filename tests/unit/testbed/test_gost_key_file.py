"""Files of GOST keys come back as they were written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from esutd_bus.signature.gost.algorithms import GOST_SIGNATURES, GostSignature
from esutd_bus.signature.gost.keys import GostPrivateKey
from esutd_bus.testbed import gost_key_file
from esutd_bus.testbed.gost_ca import sign_certificate


@pytest.mark.parametrize("algorithm", GOST_SIGNATURES, ids=lambda one: one.curve.name)
def test_a_key_comes_back_with_its_certificates(algorithm: GostSignature, tmp_path: Path) -> None:
    private_key = GostPrivateKey.generate(algorithm.curve)
    certificates = [self_signed(private_key, name) for name in ("holder", "authority", "root")]
    (tmp_path / "key.pem").write_bytes(
        gost_key_file.write(private_key, certificates[0], tuple(certificates[1:]))
    )
    key = gost_key_file.read(tmp_path / "key.pem")
    assert [key.certificate, *key.certificate_chain] == certificates
    assert key.algorithm is algorithm
    assert algorithm.verify(private_key.public_key, key.sign(b"data", algorithm), b"data")


def test_a_file_without_a_key(tmp_path: Path) -> None:
    certificate = self_signed(GostPrivateKey.generate(GOST_SIGNATURES[0].curve), "holder")
    (tmp_path / "key.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    with pytest.raises(ValueError, match=r"key\.pem: holds no private key"):
        gost_key_file.read(tmp_path / "key.pem")


def self_signed(key: GostPrivateKey, name: str) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(
        subject, subject, None, x509.random_serial_number(), now, now + timedelta(days=1)
    )
    return sign_certificate(builder, key.public_key, key)
