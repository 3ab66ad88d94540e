"""Files that other software wrote are read, and other software reads ours."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from key_pairs import GOST_KINDS, KINDS, gost_pair, pair

from esutd_bus.signature.certificates import public_key
from esutd_bus.signature.gost.keys import GostPrivateKey
from esutd_bus.signature.keys import ServiceKey
from esutd_bus.testbed.pkcs12_file import pkcs8
from esutd_bus.testbed.pkcs12_file import pkcs12 as gost_file
from esutd_bus.testbed.test_ca import TestCa
from support import tools

MAKER = Path(__file__).with_name("Pkcs12Maker.java")
PASSWORD = "пароль 1"
ASCII_PASSWORD = "password 1"
"""The JDK drops the high bits of any other password's characters, and then nobody else can read the file."""

OPENSSL = {
    "modern": [],
    "legacy": ["-legacy"],
    "the authority's": [
        "-legacy",
        "-keypbe",
        "PBE-SHA1-3DES",
        "-certpbe",
        "PBE-SHA1-RC2-40",
        "-macalg",
        "sha1",
    ],
    "RC2 of 128 bits, two keys": ["-legacy", "-keypbe", "PBE-SHA1-RC2-128", "-certpbe", "PBE-SHA1-2DES"],
    "AES of 128 bits, SHA-512": ["-keypbe", "AES-128-CBC", "-certpbe", "AES-192-CBC", "-macalg", "sha512"],
    "PBES2 with 3DES, SHA-384": ["-keypbe", "DES-EDE3-CBC", "-certpbe", "DES-EDE3-CBC", "-macalg", "sha384"],
    "certificates in the clear": ["-certpbe", "NONE", "-macalg", "sha224"],
    "nothing encrypted": ["-certpbe", "NONE", "-keypbe", "NONE"],
    "one iteration": ["-noiter", "-nomaciter"],
}

INSIDES = {
    "the number, least octet first": lambda key: int(key.d).to_bytes(key.curve.size, "little"),
    "the number, least octet last": lambda key: int(key.d).to_bytes(key.curve.size, "big"),
    "OCTET STRING, least octet first": lambda key: asn1.encode_der(
        int(key.d).to_bytes(key.curve.size, "little")
    ),
    "OCTET STRING, least octet last": lambda key: asn1.encode_der(int(key.d).to_bytes(key.curve.size, "big")),
    "INTEGER": lambda key: asn1.encode_der(int(key.d)),
    "ECPrivateKey": lambda key: asn1.encode_der(
        EcPrivateKey(version=1, key=int(key.d).to_bytes(key.curve.size, "big"))
    ),
}


@asn1.sequence
class EcPrivateKey:
    version: int
    key: bytes


def signs_as(key: ServiceKey, certificate: x509.Certificate) -> bool:
    """Whether a key was read: its signature holds under the certificate."""
    assert key.certificate == certificate
    return key.algorithm.verify(public_key(certificate), key.sign(b"data", key.algorithm), b"data")


@pytest.mark.parametrize("options", OPENSSL.values(), ids=OPENSSL)
@pytest.mark.parametrize("identity", ["employer", "ec-employer"])
def test_what_openssl_wrote(identity: str, options: list[str], ca: TestCa, tmp_path: Path) -> None:
    given = ca.identity(identity)
    key, certificate, others = pkcs12.load_key_and_certificates(
        given.path.read_bytes(), given.password.encode()
    )
    assert key is not None
    assert certificate is not None
    pem = tmp_path / "all.pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + b"".join(one.public_bytes(Encoding.PEM) for one in (certificate, *others))
    )
    file = tmp_path / "key.p12"
    export = [tools.program("openssl"), "pkcs12", "-export", "-in", str(pem), "-out", str(file), *options]
    subprocess.run([*export, "-passout", f"pass:{PASSWORD}"], check=True, capture_output=True)
    read = ServiceKey.from_pkcs12(file, PASSWORD)
    assert signs_as(read, certificate)
    assert list(read.certificate_chain) == list(given.certificate_chain)


@pytest.mark.parametrize("encryption", [None, hashes.SHA1(), hashes.SHA256()], ids=["best", "sha1", "sha256"])
def test_what_cryptography_wrote(encryption: hashes.HashAlgorithm | None, tmp_path: Path) -> None:
    key, certificate = pair("rsa")
    assert not isinstance(key, GostPrivateKey)
    how = (
        BestAvailableEncryption(PASSWORD.encode())
        if encryption is None
        else PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(3000)
        .hmac_hash(encryption)
        .build(PASSWORD.encode())
    )
    file = tmp_path / "key.p12"
    file.write_bytes(pkcs12.serialize_key_and_certificates(b"name", key, certificate, None, how))
    assert signs_as(ServiceKey.from_pkcs12(file, PASSWORD), certificate)


def test_no_password_at_all(tmp_path: Path) -> None:
    """Some tools make no octets of it, others two (RFC 7292, B.1)."""
    key, certificate = pair("rsa")
    assert not isinstance(key, GostPrivateKey)
    file = tmp_path / "key.p12"
    file.write_bytes(pkcs12.serialize_key_and_certificates(None, key, certificate, None, NoEncryption()))
    assert signs_as(ServiceKey.from_pkcs12(file, ""), certificate)
    pem = tmp_path / "all.pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    export = [tools.program("openssl"), "pkcs12", "-export", "-in", str(pem), "-out", str(file)]
    subprocess.run([*export, "-passout", "pass:"], check=True, capture_output=True)
    assert signs_as(ServiceKey.from_pkcs12(file, ""), certificate)


def test_what_java_wrote(tmp_path: Path) -> None:
    """Both of its key stores, around each form of a GOST key, and around RSA and EC keys.

    BouncyCastle writes BER and the encryption of the authority's files: its own tools are made of it.
    """
    expected = {}
    jobs = []
    for kind in KINDS:
        key, certificate = pair(kind)
        for form, inside in INSIDES.items() if isinstance(key, GostPrivateKey) else [("PKCS#8", None)]:
            for provider in ("SUN", "BC"):
                stem = tmp_path / f"{len(expected)}"
                der, cer, file = (stem.with_suffix(suffix) for suffix in (".der", ".cer", ".p12"))
                der.write_bytes(
                    pkcs8(key, inside(key))
                    if isinstance(key, GostPrivateKey) and inside
                    else key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())  # type: ignore[union-attr]
                )
                cer.write_bytes(certificate.public_bytes(Encoding.DER))
                jobs += [provider, str(der), str(cer), str(file)]
                expected[file] = (f"{kind}, {form}, {provider}", certificate)
    provider_library = tools.file("/usr/share/java/bcprov.jar")
    subprocess.run(
        [tools.program("java"), "-cp", str(provider_library), str(MAKER), ASCII_PASSWORD, *jobs],
        check=True,
        capture_output=True,
    )
    for file, (what, certificate) in expected.items():
        assert signs_as(ServiceKey.from_pkcs12(file, ASCII_PASSWORD), certificate), what


@pytest.mark.parametrize("kind", GOST_KINDS)
def test_ours_come_back_and_openssl_takes_them(kind: str, tmp_path: Path) -> None:
    """It checks the MAC, decrypts, and prints every certificate; the key itself it does not know."""
    pairs = [gost_pair(kind, name) for name in ("holder", "authority", "root")]
    certificates = [certificate for _, certificate in pairs]
    file = tmp_path / "key.p12"
    file.write_bytes(gost_file([pkcs8(pairs[0][0])], certificates, PASSWORD))
    key = ServiceKey.from_pkcs12(file, PASSWORD)
    assert signs_as(key, certificates[0])
    assert key.algorithm is GOST_KINDS[kind]
    ask = [tools.program("openssl"), "pkcs12", "-in", str(file), "-info", "-nokeys", "-passin"]
    told = subprocess.run([*ask, f"pass:{PASSWORD}"], check=True, capture_output=True)
    assert x509.load_pem_x509_certificates(told.stdout) == certificates
    assert b"MAC: sha1" in told.stderr
    assert b"Shrouded Keybag: pbeWithSHA1And3-KeyTripleDES-CBC" in told.stderr
    wrong = subprocess.run([*ask, "pass:another"], check=False, capture_output=True)
    assert b"invalid password" in wrong.stderr
