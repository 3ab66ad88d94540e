"""Certificates, revocation lists, answers and a document that the national authority and its users signed."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from lxml import etree

from esutd_bus.signature.gost import certificates
from esutd_bus.signature.gost.algorithms import GOST_2004, GOST_2015_256, GOST_DIGESTS, GOST_SIGNATURES
from esutd_bus.signature.gost.certificates import is_signed, public_key
from esutd_bus.signature.gost.keys import GostPrivateKey, GostPublicKey

DS = "{http://www.w3.org/2000/09/xmldsig#}"

ISSUED = [
    ("root_gost_2022.pem", "root_gost_2022.pem"),
    ("nca_gost_2022.pem", "root_gost_2022.pem"),
    ("ceo_valid_sign_2004_gost.cer", "nca_gost_test.crt"),
]
REVOCATION_LISTS = [
    ("nca_gost_test.crl", "nca_gost_test.crt"),
    ("nca_gost2022_test.crl", "nca_gost2015_test.cer"),
]
ANSWERS = ["ocsp_response_ceo_2015_revoked.bin", "ocsp_response_ceo_sign_2004_revoked.bin",
           "ocsp_response_individual_2015.bin"]  # fmt: skip


@pytest.mark.parametrize(("subject", "issuer"), ISSUED)
def test_a_certificate_bears_its_issuers_signature(
    real_certificates: Path, subject: str, issuer: str
) -> None:
    certificate, key = load(real_certificates / subject), public_key(load(real_certificates / issuer))
    data, signature = certificate.tbs_certificate_bytes, certificate.signature
    assert_signed_by_this_key_in_this_order(data, signature, certificate.signature_algorithm_oid, key)


def test_a_certificate_does_not_bear_a_strangers_signature(real_certificates: Path) -> None:
    certificate = load(real_certificates / "nca_gost2015_test.cer")
    key = public_key(load(real_certificates / "root_gost_2022.pem"))
    oid = certificate.signature_algorithm_oid
    assert not is_signed(certificate.tbs_certificate_bytes, certificate.signature, oid, key)


@pytest.mark.parametrize(("revoked", "issuer"), REVOCATION_LISTS)
def test_a_revocation_list_bears_its_issuers_signature(
    real_certificates: Path, revoked: str, issuer: str
) -> None:
    crl = x509.load_der_x509_crl((real_certificates / revoked).read_bytes())
    key = public_key(load(real_certificates / issuer))
    assert_signed_by_this_key_in_this_order(
        crl.tbs_certlist_bytes, crl.signature, crl.signature_algorithm_oid, key
    )


@pytest.mark.parametrize("name", ANSWERS)
def test_an_ocsp_answer_bears_its_responders_signature(real_certificates: Path, name: str) -> None:
    answer = ocsp.load_der_ocsp_response((real_certificates / name).read_bytes())
    key = public_key(answer.certificates[0])
    assert_signed_by_this_key_in_this_order(
        answer.tbs_response_bytes, answer.signature, answer.signature_algorithm_oid, key
    )


def test_a_signed_document_verifies_and_no_octet_may_change(real_certificates: Path) -> None:
    """Two people signed one after the other; the last signature covers the document with the first."""
    document = etree.fromstring((real_certificates / "two_signers_rsa_gost2015.xml").read_bytes())
    block = document.findall(f"{DS}Signature")[-1]
    signed_info = block.find(f"{DS}SignedInfo")
    assert signed_info is not None
    algorithm = next(
        one for one in GOST_SIGNATURES if one.identifier == algorithm_of(signed_info, "SignatureMethod")
    )
    digest = GOST_DIGESTS[algorithm_of(signed_info, "DigestMethod")]
    octets = etree.tostring(signed_info, method="c14n")
    value = decoded(block, "SignatureValue")
    signer = x509.load_der_x509_certificate(decoded(block, "X509Certificate"))
    key = public_key(signer)

    document.remove(block)
    canonical = etree.tostring(document, method="c14n", with_comments=True)
    assert digest(canonical) == decoded(signed_info, "DigestValue")
    assert digest(canonical + b" ") != decoded(signed_info, "DigestValue")
    assert algorithm.fits(key)
    assert_signed_by_this_key_in_this_order(octets, value, algorithm.oid, key)

    issuer = public_key(load(real_certificates / "nca_gost2015_test.cer"))
    assert is_signed(signer.tbs_certificate_bytes, signer.signature, signer.signature_algorithm_oid, issuer)


def test_the_keys_octets_are_those_of_the_certificate(real_certificates: Path) -> None:
    for name in ("root_gost_2022.pem", "nca_gost2015_test.cer", "nca_gost_test.crt"):
        certificate = load(real_certificates / name)
        key = public_key(certificate)
        assert key.to_octets() in certificate.tbs_certificate_bytes


def test_a_key_of_another_kind_is_not_read(real_certificates: Path) -> None:
    with pytest.raises(UnsupportedAlgorithm):
        public_key(load(real_certificates / "nca_rsa_test.crt"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("060a2a830e030a0101020201", "060a2a830e030a0101020202", id="curve"),
        pytest.param("06082a830e030a010303", "06082a830e030a010302", id="hash"),
    ],
)
def test_a_key_with_other_parameters_is_not_read(real_certificates: Path, old: str, new: str) -> None:
    certificate = changed(real_certificates / "nca_gost_2022.pem", bytes.fromhex(old), bytes.fromhex(new))
    with pytest.raises(UnsupportedAlgorithm, match="curve"):
        public_key(certificate)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("03 8184 00 04 8180", "03 8184 01 04 8180", id="bits left over"),
        pytest.param("03 8184 00 04 8180", "03 8184 00 04 817f", id="octets after the key"),
        pytest.param("03 8184 00 04 8180", "03 8184 00 04 8181", id="fewer octets than told"),
        pytest.param("03 8184 00 04 8180", "03 8184 00 24 8180", id="octets in pieces"),
    ],
)
def test_a_malformed_key_is_refused(real_certificates: Path, old: str, new: str) -> None:
    certificate = changed(real_certificates / "nca_gost_2022.pem", bytes.fromhex(old), bytes.fromhex(new))
    with pytest.raises(ValueError):  # noqa: PT011  # the words are cryptography's
        public_key(certificate)


def test_a_key_off_its_curve_is_refused(real_certificates: Path) -> None:
    path = real_certificates / "nca_gost_2022.pem"
    x = public_key(load(path)).to_octets()[:64]
    certificate = changed(path, x, bytes([x[0] ^ 1]) + x[1:])
    with pytest.raises(ValueError, match="not on"):
        public_key(certificate)


def test_a_signature_under_a_name_that_does_not_fit_the_key_is_refused(real_certificates: Path) -> None:
    certificate = load(real_certificates / "root_gost_2022.pem")
    key, data = public_key(certificate), certificate.tbs_certificate_bytes
    for other in ("1.2.398.3.10.1.1.2.3.1", "1.2.398.3.10.1.1.1.2", "1.2.840.113549.1.1.11"):
        assert not is_signed(data, certificate.signature, x509.ObjectIdentifier(other), key)


def test_an_algorithm_is_not_lent_to_a_key_of_another_curve() -> None:
    """Two curves are of one size, so nothing but their names keeps them apart."""
    key = GostPrivateKey.generate(GOST_2004.curve)
    signature = GOST_2015_256.sign(key, b"data")
    assert GOST_2015_256.verify(key.public_key, signature, b"data")
    assert not is_signed(b"data", signature, GOST_2015_256.oid, key.public_key)


def test_each_kind_of_key_has_its_algorithm() -> None:
    assert [one.curve for one in GOST_SIGNATURES] == list(certificates.KEY_ALGORITHMS.values())


def assert_signed_by_this_key_in_this_order(
    data: bytes, signature: bytes, oid: x509.ObjectIdentifier, key: GostPublicKey
) -> None:
    """The signature holds, and none of the orders that other countries write octets in does."""
    size = key.curve.size
    r, s = signature[:size], signature[size:]
    assert is_signed(data, signature, oid, key)
    for other in (s + r, signature[::-1], r[::-1] + s[::-1]):
        assert not is_signed(data, other, oid, key)
    for position in (0, len(data) // 2, len(data) - 1):
        altered = bytearray(data)
        altered[position] ^= 1
        assert not is_signed(bytes(altered), signature, oid, key)


def load(path: Path) -> x509.Certificate:
    octets = path.read_bytes()
    if b"-----BEGIN" in octets:
        return x509.load_pem_x509_certificate(octets)
    return x509.load_der_x509_certificate(octets)


def changed(path: Path, old: bytes, new: bytes) -> x509.Certificate:
    """A certificate with some octets of its key replaced; nobody asks here whether its signature holds."""
    der = load(path).public_bytes(Encoding.DER)
    assert der.count(old) == 1
    return x509.load_der_x509_certificate(der.replace(old, new))


def algorithm_of(signed_info: etree._Element, method: str) -> str:
    element = next(signed_info.iter(f"{DS}{method}"))
    return str(element.get("Algorithm"))


def decoded(element: etree._Element, name: str) -> bytes:
    return base64.b64decode(next(element.iter(f"{DS}{name}")).text or "")
