"""GOST certificates, revocation lists and OCSP answers that tests issue are like the national authority's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

from esutd_bus.signature.gost.algorithms import GOST_SIGNATURES, GostSignature
from esutd_bus.signature.gost.certificates import is_signed, public_key
from esutd_bus.signature.gost.keys import GostPrivateKey
from esutd_bus.testbed.gost_ca import (
    key_info,
    sign_certificate,
    sign_ocsp_response,
    sign_revocation_list,
)

NOW = datetime(2024, 5, 1, tzinfo=UTC)
ALGORITHMS = pytest.mark.parametrize("algorithm", GOST_SIGNATURES, ids=lambda one: one.identifier)


@ALGORITHMS
def test_a_certificate_is_issued(algorithm: GostSignature) -> None:
    authority, holder = GostPrivateKey.generate(algorithm.curve), GostPrivateKey.generate(algorithm.curve)
    certificate = sign_certificate(builder(), holder.public_key, authority)
    assert public_key(certificate) == holder.public_key
    assert bears(certificate.tbs_certificate_bytes, certificate, authority)
    assert not bears(certificate.tbs_certificate_bytes, certificate, holder)
    assert certificate.serial_number == 7
    assert certificate.not_valid_before_utc == NOW
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).critical


def test_a_certificate_of_one_kind_is_issued_by_an_authority_of_another() -> None:
    new, _, old = (GostPrivateKey.generate(algorithm.curve) for algorithm in GOST_SIGNATURES)
    certificate = sign_certificate(builder(), old.public_key, new)
    assert public_key(certificate) == old.public_key
    assert bears(certificate.tbs_certificate_bytes, certificate, new)


@ALGORITHMS
@pytest.mark.parametrize("serials", [(), (7, 8)], ids=["empty", "with entries"])
def test_a_revocation_list_is_issued(algorithm: GostSignature, serials: tuple[int, ...]) -> None:
    authority = GostPrivateKey.generate(algorithm.curve)
    draft = (
        x509.CertificateRevocationListBuilder(name("authority"), NOW, NOW + timedelta(days=1))
        .add_extension(x509.CRLNumber(3), critical=False)
    )  # fmt: skip
    for serial in serials:
        draft = draft.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW).build()
        )
    crl = sign_revocation_list(draft, authority)
    assert bears(crl.tbs_certlist_bytes, crl, authority)
    assert tuple(entry.serial_number for entry in crl) == serials
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 3


@ALGORITHMS
def test_an_ocsp_answer_is_given(algorithm: GostSignature) -> None:
    authority = GostPrivateKey.generate(algorithm.curve)
    certificate = sign_certificate(builder(), authority.public_key, authority)
    draft = (
        ocsp.OCSPResponseBuilder()
        .add_response_by_hash(
            b"\x01" * 20, b"\x02" * 20, 7, hashes.SHA1(),  # what OCSP names issuers by
            ocsp.OCSPCertStatus.REVOKED, NOW, NOW + timedelta(days=1), NOW, None,
        )
        .add_extension(x509.OCSPNonce(b"nonce"), critical=False)
    )  # fmt: skip
    answer = ocsp.load_der_ocsp_response(sign_ocsp_response(draft, certificate, authority))
    assert answer.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
    assert answer.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert answer.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"nonce"
    assert answer.certificates == [certificate]
    assert answer.responder_name == certificate.subject
    assert bears(answer.tbs_response_bytes, answer, authority)


def test_a_key_is_written_as_the_authority_writes_it(real_certificates: Path) -> None:
    certificate = x509.load_pem_x509_certificate((real_certificates / "root_gost_2022.pem").read_bytes())
    assert key_info(public_key(certificate)) in certificate.tbs_certificate_bytes


def bears(
    data: bytes,
    signed: x509.Certificate | x509.CertificateRevocationList | ocsp.OCSPResponse,
    key: GostPrivateKey,
) -> bool:
    return is_signed(data, signed.signature, signed.signature_algorithm_oid, key.public_key)


def builder() -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder(name("authority"), name("holder"), serial_number=7)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )


def name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
