"""What is read from a certificate, and what is refused in one."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from issuing import EMPLOYER, authority, employer, gost_key, issue, key, name, of_an_unknown_kind, usage

from esutd_bus.signature.certificates import Certificate, read_certificate
from esutd_bus.signature.gost.curves import TC26_512_A
from esutd_bus.signature.reason import Reason, Refusal

SIGNING = ((usage("digital_signature", "content_commitment"), True),)


def of(*attributes: tuple[x509.ObjectIdentifier, str]) -> Certificate:
    return read_certificate(issue(name(*attributes), extensions=SIGNING).der)


def pem(file: Path) -> bytes:
    return x509.load_pem_x509_certificate(file.read_bytes()).public_bytes(Encoding.DER)


SN, OU = NameOID.SERIAL_NUMBER, NameOID.ORGANIZATIONAL_UNIT_NAME


@pytest.mark.parametrize(
    ("attributes", "identifiers"),
    [
        (((SN, "IIN850315100105"),), (None, "850315100105")),
        (((SN, "IIN850315100105"), (OU, "BIN990440000385")), ("990440000385", "850315100105")),
        (((OU, "BINARY WORKS"), (OU, "BIN990440000385"), (SN, "IIN850315100105")), ("990440000385", "850315100105")),
        (((SN, "IIN850315100105"), (SN, "42")), (None, "850315100105")),
    ],
)  # fmt: skip
def test_whom_a_subject_names(
    attributes: tuple[tuple[x509.ObjectIdentifier, str], ...], identifiers: tuple[str | None, str]
) -> None:
    holder = of(*attributes).require_holder()
    assert (holder.bin, holder.iin) == identifiers


@pytest.mark.clause("353/5")
@pytest.mark.parametrize(
    ("purposes", "roles"),
    [
        (["1.2.398.3.3.4.1.1"], {"individual"}),
        (["1.2.398.3.3.4.1.2", "1.2.398.3.3.4.1.2.1"], {"organisation", "first-head"}),
        (["1.2.398.3.3.4.1.2.2"], {"may-sign"}),
        (["1.2.398.3.3.4.1.2.3"], {"financial-documents"}),
        (["1.2.398.3.3.4.1.2.4"], {"personnel-department"}),
        (["1.2.398.3.3.4.1.2.5"], {"employee"}),
        (["1.2.398.3.3.4.1.2.6"], {"information-system"}),
        (["1.3.6.1.5.5.7.3.2", "1.2.398.3.3.4.1.2.7", "1.2.398.3.3.4.1"], set()),
        (None, set()),
    ],
)
def test_what_a_certificate_entitles_to(purposes: list[str] | None, roles: set[str]) -> None:
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = SIGNING
    if purposes is not None:
        extensions += ((x509.ExtendedKeyUsage([x509.ObjectIdentifier(oid) for oid in purposes]), False),)
    assert read_certificate(issue(EMPLOYER, extensions=extensions).der).require_holder().roles == roles


@pytest.mark.parametrize(
    "attributes",
    [
        ((NameOID.COMMON_NAME, "IIN850315100105"),),
        ((OU, "BIN990440000385"),),
        ((SN, "IIN85031510010"),),
        ((SN, "IIN8503151001055"),),
        ((SN, "850315100105"),),
        ((SN, "iin850315100105"),),
        ((SN, "IIN٨٥٠٣١٥١٠٠١٠٥"),),
        ((SN, "IIN850315100105\n"),),
        ((SN, "IIN850315100105"), (SN, "IIN780912200200")),
        ((SN, "IIN850315100105"), (SN, "IIN850315100105")),
        ((SN, "IIN850315100105"), (OU, "BIN990440000385"), (OU, "BIN940340000421")),
        ((SN, "IIN850315100105"), (OU, "BIN99044000038")),
        ((OU, "IIN850315100105"), (SN, "BIN990440000385")),
    ],
)
def test_subjects_that_name_nobody_or_too_many(
    attributes: tuple[tuple[x509.ObjectIdentifier, str], ...],
) -> None:
    with pytest.raises(Refusal) as refused:
        of(*attributes).require_holder()
    assert refused.value.reason == Reason.SUBJECT_WITHOUT_BIN_OR_IIN


@pytest.mark.parametrize(
    ("usages", "signs"),
    [
        (("content_commitment",), True),
        (("digital_signature", "content_commitment", "key_encipherment"), True),
        (("digital_signature", "key_encipherment"), False),
        (("digital_signature",), False),
    ],
)
def test_a_signing_key_has_non_repudiation(usages: tuple[str, ...], signs: bool) -> None:
    certificate = read_certificate(issue(EMPLOYER, extensions=((usage(*usages), True),)).der)
    assert certificate.signs_documents is signs


def test_a_certificate_without_key_usage_does_not_sign() -> None:
    with pytest.raises(Refusal) as refused:
        read_certificate(issue(EMPLOYER).der).require_signing_use()
    assert refused.value.reason == Reason.KEY_USAGE


def test_an_unknown_critical_extension_is_refused() -> None:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.398.3.99"), b"\x05\x00")
    assert read_certificate(employer(authority("root"), (unknown, False)).der)
    with pytest.raises(Refusal) as refused:
        read_certificate(employer(authority("root"), (unknown, True)).der)
    assert refused.value.reason == Reason.CRITICAL_EXTENSION


@pytest.mark.parametrize("version", [3, 0x6A])
def test_a_version_that_does_not_exist_is_malformed(version: int) -> None:
    """X.509 v3 says 2; `cryptography` raises an exception of its own for others."""
    der = authority("root").der
    v3 = der.index(b"\xa0\x03\x02\x01\x02") + 4
    changed = der[:v3] + bytes([version]) + der[v3 + 1 :]
    with pytest.raises(Refusal) as refused:
        read_certificate(changed)
    assert refused.value.reason == Reason.CERTIFICATE_MALFORMED


def test_a_name_that_is_a_bit_string_is_malformed() -> None:
    der = issue(name((NameOID.COMMON_NAME, "\0name")), authority("root")).der
    value = bytes([0x0C, 5]) + b"\0name"
    assert der.count(value) == 1
    with pytest.raises(Refusal) as refused:
        read_certificate(der.replace(value, bytes([0x03]) + value[1:]))
    assert refused.value.reason == Reason.CERTIFICATE_MALFORMED


def test_keys_of_other_kinds_are_refused() -> None:
    weak = issue(EMPLOYER, own_key=key("k1", ec.SECP256K1), extensions=SIGNING)
    with pytest.raises(Refusal) as refused:
        read_certificate(weak.der).require_strength()
    assert refused.value.reason == Reason.WEAK_KEY

    edwards = ed25519.Ed25519PrivateKey.generate()
    root = authority("root")
    other = issue(EMPLOYER, root, own_key=edwards, extensions=SIGNING)  # type: ignore[arg-type]
    with pytest.raises(Refusal) as refused:
        read_certificate(other.der).require_strength()
    assert refused.value.reason == Reason.ALGORITHM


def test_the_national_authoritys_signing_certificate(real_certificates: Path) -> None:
    certificate = read_certificate(pem(real_certificates / "individual_valid_sign_2004_rsa.cer"))
    certificate.require_strength()
    certificate.require_signing_use()
    holder = certificate.require_holder()
    assert (holder.bin, holder.iin, holder.name) == (None, "123456789011", "ТЕСТОВ ТЕСТ")
    assert certificate.summary.serial == "41e45cc8a04c705963e5cd6769848a934d8eaef5"


def test_the_national_authoritys_authentication_certificate(real_certificates: Path) -> None:
    certificate = read_certificate(pem(real_certificates / "individual_valid_sign_2004_rsa_auth.cer"))
    with pytest.raises(Refusal) as refused:
        certificate.require_signing_use()
    assert refused.value.reason == Reason.KEY_USAGE


def test_a_key_that_is_not_supported_is_told_apart() -> None:
    with pytest.raises(Refusal) as refused:
        read_certificate(of_an_unknown_kind(authority("gost", own_key=gost_key("gost", TC26_512_A))))
    assert refused.value.reason == Reason.ALGORITHM


def test_a_gost_key_off_its_curve_is_told_apart() -> None:
    own_key = gost_key("gost", TC26_512_A)
    octets = own_key.public_key.to_octets()
    der = authority("gost", own_key=own_key).der
    with pytest.raises(Refusal) as refused:
        read_certificate(der.replace(octets, octets[64:] + octets[:64]))
    assert refused.value.reason == Reason.CERTIFICATE_MALFORMED


def test_the_national_authoritys_gost_certificate(real_certificates: Path) -> None:
    certificate = read_certificate(pem(real_certificates / "ceo_valid_sign_2004_gost.cer"))
    certificate.require_strength()
    certificate.require_signing_use()
    holder = certificate.require_holder()
    assert (holder.bin, holder.iin, holder.name) == ("123456789021", "123456789011", "ТЕСТОВ ТЕСТ")
