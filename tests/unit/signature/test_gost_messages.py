"""Messages signed with GOST keys: verified from the Body up to the authority, and refused for the right reason."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from forgery import PLAIN, Verify
from issuing import NOW, Issued, authority, employer, gost_key, key

from esutd_bus.signature.algorithms import RSA_SHA256, SIGNATURES, SignatureAlgorithm
from esutd_bus.signature.certificates import read_certificate
from esutd_bus.signature.gost.algorithms import (
    GOST_2004,
    GOST_2015_256,
    GOST_2015_512,
    GOST_SIGNATURES,
    GostSignature,
)
from esutd_bus.signature.gost.keys import key_comb
from esutd_bus.signature.keys import ServiceKey
from esutd_bus.signature.known import CertificateIndex, KnownCertificates
from esutd_bus.signature.reason import Reason, Refusal
from esutd_bus.signature.report import MessageReport, SignatureRefused
from esutd_bus.signature.signing import KEY_INFO_FORMS, KeyInfoForm, sign, sign_wsse
from esutd_bus.signature.trust import TrustError, TrustStore
from esutd_bus.signature.verifier import VerifiedMessage, Verifier
from esutd_bus.soap.envelope import open_envelope
from esutd_bus.testbed.test_ca import TestCa

PKIGOVKZ = "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:"
XMLDSIG_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
NAMES = {
    "id-tc26-gost-3410-12-512-paramSetA": (
        f"{PKIGOVKZ}gostr34102015-gostr34112015-512",
        f"{PKIGOVKZ}gostr34112015-512",
    ),
    "id-tc26-gost-3410-2012-256-paramSetA": (
        f"{PKIGOVKZ}gostr34102015-gostr34112015-256",
        f"{PKIGOVKZ}gostr34112015-256",
    ),
    "id-GostR3410-2001-CryptoPro-A-ParamSet": (
        f"{XMLDSIG_MORE}gost34310-gost34311",
        f"{XMLDSIG_MORE}gost34311",
    ),
}
"""A key's curve → (SignatureMethod, DigestMethod), as the national authority's tools write them."""

ALGORITHMS = pytest.mark.parametrize("algorithm", GOST_SIGNATURES, ids=lambda one: one.curve.name)


class Disguised(ServiceKey):
    """A key that signs by an algorithm it does not fit."""

    def __init__(self, issued: Issued, algorithm: SignatureAlgorithm) -> None:
        super().__init__(issued.key, issued.certificate)
        self._algorithm = algorithm

    @property
    def algorithm(self) -> SignatureAlgorithm:
        return self._algorithm


def of(algorithm: GostSignature, label: str) -> Any:
    return gost_key(label, algorithm.curve)


def root_of(algorithm: GostSignature, **more: Any) -> Issued:
    return authority("gost root", own_key=of(algorithm, "root"), **more)


def signed(leaf: Issued, profile: str = "wsse", key_info: KeyInfoForm | None = None) -> bytes:
    return sign(PLAIN, ServiceKey(leaf.key, leaf.certificate), profile, key_info)


def verified(
    raw: bytes, *trusted: Issued, now: datetime = NOW, known: KnownCertificates | None = None
) -> VerifiedMessage:
    verifier = Verifier(TrustStore([one.certificate for one in trusted]), known=known)
    return verifier.verify(open_envelope(raw), now)


def refusal(raw: bytes, *trusted: Issued, now: datetime = NOW) -> MessageReport:
    with pytest.raises(SignatureRefused) as refused:
        verified(raw, *trusted, now=now)
    return refused.value.report


@ALGORITHMS
@pytest.mark.parametrize(
    ("profile", "key_info"), [(profile, form) for profile, forms in KEY_INFO_FORMS.items() for form in forms]
)
def test_a_signed_message_verifies(algorithm: GostSignature, profile: str, key_info: KeyInfoForm) -> None:
    root = root_of(algorithm)
    issuing = authority("gost issuing", root, own_key=of(algorithm, "issuing"))
    leaf = employer(issuing, own_key=of(algorithm, "employer"))
    known = CertificateIndex([leaf.der])
    message = verified(signed(leaf, profile, key_info), root, issuing, known=known)
    assert message.signer.employer_id == "990440000385"
    (report,) = message.report.signatures
    methods = report.signature_algorithm, report.digest_algorithm
    assert methods == NAMES[algorithm.curve.name]
    assert report.certificate is not None
    assert report.certificate.issuer == "CN=gost issuing"


@pytest.mark.parametrize(
    ("identity", "algorithm"), [("gost-employer", GOST_2015_512), ("gost-2004-employer", GOST_2004)]
)
def test_the_test_cas_identities_sign(
    identity: str, algorithm: GostSignature, ca: TestCa, verify: Verify
) -> None:
    message = verify(sign_wsse(PLAIN, ca.identity(identity)))
    assert message.signer.employer_id == "990440000385"
    assert message.report.signatures[0].signature_algorithm == algorithm.identifier
    assert len(ca.identity(identity).certificate_chain) == 1


@ALGORITHMS
def test_a_changed_body(algorithm: GostSignature) -> None:
    root = root_of(algorithm)
    raw = signed(employer(root, own_key=of(algorithm, "employer")))
    assert refusal(raw.replace(b"17/2024", b"18/2024"), root).reason == Reason.DIGEST_MISMATCH


@ALGORITHMS
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda octets: bytes([octets[0] ^ 1]) + octets[1:], id="first bit"),
        pytest.param(lambda octets: octets[:-1] + bytes([octets[-1] ^ 1]), id="last octet"),
        pytest.param(lambda octets: octets[: len(octets) // 2], id="half"),
        pytest.param(lambda octets: octets + b"\0", id="one more octet"),
        pytest.param(lambda octets: octets[len(octets) // 2 :] + octets[: len(octets) // 2], id="s first"),
        pytest.param(lambda octets: bytes(len(octets)), id="zeros"),
    ],
)
def test_a_changed_signature(algorithm: GostSignature, change: Callable[[bytes], bytes]) -> None:
    root = root_of(algorithm)
    raw = signed(employer(root, own_key=of(algorithm, "employer")))
    altered = re.sub(
        rb"(?<=<ds:SignatureValue>)[^<]+",
        lambda found: base64.b64encode(change(base64.b64decode(found[0]))),
        raw,
    )
    assert altered != raw
    assert refusal(altered, root).reason == Reason.SIGNATURE_MISMATCH


@pytest.mark.parametrize(("own", "borrowed"), [
    (GOST_2015_256, GOST_2015_512),
    (GOST_2015_512, GOST_2015_256),
    (GOST_2015_256, GOST_2004),
    (GOST_2004, GOST_2015_256),
])  # fmt: skip
def test_a_key_does_not_sign_by_the_algorithm_of_another_curve(
    own: GostSignature, borrowed: GostSignature
) -> None:
    """The equation itself would hold: nothing but the closed list keeps them apart."""
    root = root_of(own)
    leaf = employer(root, own_key=of(own, "employer"))
    report = refusal(sign_wsse(PLAIN, Disguised(leaf, borrowed)), root)
    assert (report.reason, report.signatures[-1].checks[-1].name) == (Reason.ALGORITHM, "signature")


@pytest.mark.parametrize("identifier", [one for one in SIGNATURES if SIGNATURES[one] not in GOST_SIGNATURES])
def test_a_gost_key_under_the_name_of_another_kind(identifier: str, ca: TestCa, verify: Verify) -> None:
    raw = sign_wsse(PLAIN, ca.identity("gost-employer"))
    renamed = raw.replace(GOST_2015_512.identifier.encode() + b'"', identifier.encode() + b'"')
    assert renamed != raw
    with pytest.raises(SignatureRefused) as refused:
        verify(renamed)
    assert refused.value.report.reason == Reason.ALGORITHM


@ALGORITHMS
@pytest.mark.parametrize(
    ("identity", "method"), [("employer", "rsa-sha256"), ("ec-employer", "ecdsa-sha256")]
)
def test_another_kind_of_key_under_a_gost_name(
    algorithm: GostSignature, identity: str, method: str, ca: TestCa, verify: Verify
) -> None:
    raw = sign_wsse(PLAIN, ca.identity(identity))
    renamed = raw.replace(RSA_SHA256.replace("rsa-sha256", method).encode(), algorithm.identifier.encode())
    assert renamed != raw
    with pytest.raises(SignatureRefused) as refused:
        verify(renamed)
    assert refused.value.report.reason == Reason.ALGORITHM


@ALGORITHMS
def test_a_strangers_authority_of_the_same_name(algorithm: GostSignature) -> None:
    root = root_of(algorithm)
    impostor = authority("gost root", own_key=of(algorithm, "impostor"))
    raw = signed(employer(impostor, own_key=of(algorithm, "employer")))
    assert refusal(raw, root).reason == Reason.UNTRUSTED
    assert verified(raw, root, impostor).signer.bin == "990440000385"


def test_a_certificate_that_names_an_authority_of_another_kind() -> None:
    """A GOST key signed under the name of an authority with an EC key, and the other way round."""
    named = authority("root", own_key=key("root"))
    impostor = authority("root", own_key=of(GOST_2015_512, "impostor"))
    assert refusal(signed(employer(impostor, own_key=impostor.key)), named).reason == Reason.UNTRUSTED
    assert refusal(signed(employer(named)), impostor).reason == Reason.UNTRUSTED


def test_a_certificate_that_names_another_authority() -> None:
    """The trusted key has signed it, but not in the name it is trusted by."""
    root = root_of(GOST_2015_512)
    namesake = authority("another name", own_key=root.key)
    assert refusal(signed(employer(namesake, own_key=root.key)), root).reason == Reason.UNTRUSTED


def test_a_message_of_a_stranger_costs_no_table_of_multiples(ca: TestCa, verify: Verify) -> None:
    verify(sign_wsse(PLAIN, ca.identity("gost-employer")))
    raw = sign_wsse(PLAIN, ca.identity("gost-stranger"))
    before = key_comb.cache_info()
    with pytest.raises(SignatureRefused):
        verify(raw)
    assert key_comb.cache_info().misses == before.misses


def test_a_certificate_that_has_ended() -> None:
    root = root_of(GOST_2015_512)
    ended = employer(root, own_key=of(GOST_2015_512, "employer"), days=(-5, -1))
    assert refusal(signed(ended), root).reason == Reason.EXPIRED
    assert verified(signed(ended), root, now=NOW - timedelta(days=2)).signer.bin == "990440000385"
    future = employer(root, own_key=of(GOST_2015_512, "employer"), days=(1, 5))
    assert refusal(signed(future), root).reason == Reason.NOT_YET_VALID


def test_an_authority_that_has_ended() -> None:
    root = root_of(GOST_2015_512, days=(-5, 5))
    raw = signed(employer(root, own_key=of(GOST_2015_512, "employer")))
    assert refusal(raw, root, now=NOW + timedelta(days=6)).reason == Reason.EXPIRED


def test_the_path_length_limit() -> None:
    root = root_of(GOST_2015_512, path_length=0)
    issuing = authority("gost issuing", root, own_key=of(GOST_2015_512, "issuing"))
    raw = signed(employer(issuing, own_key=of(GOST_2015_512, "employer")))
    assert refusal(raw, root, issuing).reason == Reason.UNTRUSTED


def test_a_certificate_that_is_no_authoritys(tmp_path: Path) -> None:
    leaf = employer(root_of(GOST_2015_512), own_key=of(GOST_2015_512, "employer"))
    (tmp_path / "leaf.pem").write_bytes(leaf.pem)
    with pytest.raises(TrustError, match=r"leaf\.pem.*not an authority's certificate"):
        TrustStore.from_directory(tmp_path)


@ALGORITHMS
def test_the_algorithm_that_is_not_signed_must_be_the_one_that_is(algorithm: GostSignature) -> None:
    """RFC 5280, 4.1.1.2: otherwise one certificate would have many fingerprints."""
    root = root_of(algorithm)
    leaf = employer(root, own_key=of(algorithm, "employer"))
    inside = leaf.der.index(leaf.certificate.tbs_certificate_bytes) + len(
        leaf.certificate.tbs_certificate_bytes
    )
    null = leaf.der.index(b"\x05\x00", inside)
    padding = leaf.der.index(leaf.certificate.signature, inside) - 1
    trust = TrustStore([root.certificate])
    trust.paths(read_certificate(leaf.der))
    for place, octet in ((null, 0x09), (padding, 0x01)):
        with pytest.raises(Refusal) as refused:
            trust.paths(read_certificate(leaf.der[:place] + bytes([octet]) + leaf.der[place + 1 :]))
        assert refused.value.reason in {Reason.UNTRUSTED, Reason.CERTIFICATE_MALFORMED}


@pytest.mark.parametrize(
    ("subject", "issuer", "stranger"),
    [
        ("ceo_valid_sign_2004_gost.cer", "nca_gost_test.crt", "nca_gost2015_test.cer"),
        ("nca_gost_2022.pem", "root_gost_2022.pem", "nca_gost_test.crt"),
    ],
)
def test_the_national_authoritys_certificates(
    real_certificates: Path, tmp_path: Path, subject: str, issuer: str, stranger: str
) -> None:
    octets = (real_certificates / subject).read_bytes()
    certificate = read_certificate(x509.load_pem_x509_certificate(octets).public_bytes(Encoding.DER))
    (path,) = trusting(real_certificates / issuer, tmp_path / "one").paths(certificate)
    assert len(path.certificates) == 2
    with pytest.raises(Refusal) as refused:
        trusting(real_certificates / stranger, tmp_path / "other").paths(certificate)
    assert refused.value.reason == Reason.UNTRUSTED


def trusting(file: Path, folder: Path) -> TrustStore:
    """What a trust directory with one file makes."""
    folder.mkdir()
    (folder / file.name).write_bytes(file.read_bytes())
    return TrustStore.from_directory(folder)
