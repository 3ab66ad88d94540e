"""Files that cannot be used are refused, each in words of its own, and whatever is in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from key_pairs import gost_pair, pair

from esutd_bus.signature.certificates import public_key
from esutd_bus.signature.gost.keys import GostPrivateKey
from esutd_bus.signature.keys import KeyFileError, ServiceKey
from esutd_bus.signature.pkcs12 import container, encryption, private_key
from esutd_bus.signature.pkcs12.encryption import Password, Pkcs12Error
from esutd_bus.testbed import pkcs12_file
from esutd_bus.testbed.pkcs12_file import authenticated_safe, pkcs8, sealed

PASSWORD = "the-secret-password"
CURVE = "id-tc26-gost-3410-12-512-paramSetA"
FOR_EVER = 2**31 - 1
"""Iterations that would take minutes or hours."""

KEY, CERTIFICATE = gost_pair(CURVE)
GOST = pkcs12_file.pkcs12([pkcs8(KEY)], [CERTIFICATE], PASSWORD)
SAFE = authenticated_safe([pkcs8(KEY)], [CERTIFICATE], PASSWORD)


@asn1.sequence
class RsaPrivateKey:
    version: int
    n: int
    e: int
    d: int
    p: int
    q: int
    dp: int
    dq: int
    qi: int


def tlv(value: object) -> asn1.TLV:
    return asn1.decode_der(asn1.TLV, asn1.encode_der(value))


def rsa_file() -> bytes:
    key, certificate = pair("rsa")
    assert not isinstance(key, GostPrivateKey)
    how = BestAvailableEncryption(PASSWORD.encode())
    return pkcs12.serialize_key_and_certificates(None, key, certificate, None, how)


def plain_pkcs8(kind: str) -> bytes:
    key, _ = pair(kind)
    assert not isinstance(key, GostPrivateKey)
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def long_rsa_key() -> bytes:
    """Of 40 000 bits."""
    p, q, e = 2**20_000 - 1, 2**20_000 - 3, 65537
    numbers = RsaPrivateKey(version=0, n=p * q, e=e, d=3, p=p, q=q, dp=3, dq=3, qi=3)
    algorithm = [tlv(x509.ObjectIdentifier("1.2.840.113549.1.1.1")), tlv(asn1.Null())]
    return asn1.encode_der(
        private_key._PrivateKeyInfo(
            version=0, algorithm=algorithm, key=asn1.encode_der(numbers), attributes=None
        )
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files") / "key.p12"


def refusal(path: Path, content: bytes, password: str = PASSWORD) -> str:
    """Why a file is not taken. The words name the file, and never the password."""
    path.write_bytes(content)
    with pytest.raises(KeyFileError) as refused:
        ServiceKey.from_pkcs12(path, password)
    told = str(refused.value)
    assert told.startswith(f"{path}: ")
    assert password not in told
    return told.removeprefix(f"{path}: ")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match=r"absent\.p12: cannot be read: No such file"):
        ServiceKey.from_pkcs12(tmp_path / "absent.p12", PASSWORD)
    with pytest.raises(KeyFileError, match="cannot be read: Is a directory"):
        ServiceKey.from_pkcs12(tmp_path, PASSWORD)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no PKCS#12 file"),
        (b"-----BEGIN PRIVATE KEY-----", "no PKCS#12 file"),
        (GOST[:-9], "no PKCS#12 file, or a damaged one"),
        (GOST + b"\0", "no PKCS#12 file, or a damaged one"),
        (b"0" * (container.MAX_OCTETS + 1), "larger than 1048576 octets"),
        (pkcs12_file.pkcs12([], [CERTIFICATE], PASSWORD), "no private key"),
        (pkcs12_file.pkcs12([pkcs8(KEY)], [], PASSWORD), "no certificate"),
        (pkcs12_file.pkcs12([pkcs8(KEY)] * 2, [CERTIFICATE], PASSWORD), "several private keys"),
        (pkcs12_file.pkcs12([pkcs8(KEY)], [gost_pair(CURVE, "x")[1]], PASSWORD), "none of its certificates"),
        (pkcs12_file.pkcs12([pkcs8(KEY)], [pair("rsa")[1]], PASSWORD), "none of its certificates"),
        (pkcs12_file.pkcs12([plain_pkcs8("rsa")], [pair("ec")[1]], PASSWORD), "none of its certificates"),
        (pkcs12_file.pkcs12([plain_pkcs8("ec")], [CERTIFICATE], PASSWORD), "none of its certificates"),
        (pkcs12_file.pkcs12([pkcs8(KEY, b"\x04\1\1")], [CERTIFICATE], PASSWORD), "none of its certificates"),
        (pkcs12_file.pkcs12([long_rsa_key()], [CERTIFICATE], PASSWORD), "larger than 5120 octets"),
        (pkcs12_file.pkcs12([b"\x30\x00"], [CERTIFICATE], PASSWORD), "its private key is malformed"),
        (pkcs12_file.pkcs12([b"\x30\x05"], [CERTIFICATE], PASSWORD), "contents cannot be read"),
        (sealed(b"\x30\x02\x30\x00", PASSWORD), "contents cannot be read"),
        (sealed(b"\x04\x00", PASSWORD), "contents cannot be read"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # the octets are others each time
)
def test_what_is_in_it(content: bytes, words: str, path: Path) -> None:
    assert words in refusal(path, content)


@pytest.mark.parametrize("content", [GOST, rsa_file()], ids=["GOST", "RSA"])
@pytest.mark.parametrize("password", ["another", "", PASSWORD + " ", "the-secret-passworD", "пароль"])
def test_a_wrong_password(content: bytes, password: str, path: Path) -> None:
    path.write_bytes(content)
    with pytest.raises(KeyFileError, match="the password is not its, or the file is damaged"):
        ServiceKey.from_pkcs12(path, password)


def test_a_password_that_is_no_text(path: Path) -> None:
    """Octets of the environment that are no UTF-8 come as lone surrogates."""
    assert refusal(path, GOST, "secret-\udcff") == "the password is no text in UTF-8"


def test_a_key_of_a_kind_that_does_not_sign(path: Path) -> None:
    how = BestAvailableEncryption(PASSWORD.encode())
    key = ed25519.Ed25519PrivateKey.generate()
    content = pkcs12.serialize_key_and_certificates(b"x", key, None, [pair("rsa")[1]], how)
    assert "neither RSA, elliptic curve nor GOST" in refusal(path, content)


def test_the_key_s_certificate_may_stand_anywhere(path: Path) -> None:
    others = [pair("ec")[1], gost_pair(CURVE, "another")[1]]
    path.write_bytes(pkcs12_file.pkcs12([pkcs8(KEY)], [*others, CERTIFICATE], PASSWORD))
    key = ServiceKey.from_pkcs12(path, PASSWORD)
    assert key.certificate == CERTIFICATE
    assert key.certificate_chain == ()


@pytest.mark.parametrize(
    ("name", "oid", "words"),
    [
        ("_TRIPLE_DES", "1.2.840.113549.1.12.1.1", "encrypted in a way that is not supported"),  # RC4
        ("_SHA1", "1.2.840.113549.2.5", "its MAC is of a kind that is not supported"),  # MD5
        ("_ENCRYPTED_DATA", "1.2.840.113549.1.7.3", "wrapped in a way that is not supported"),  # public keys
    ],
)
def test_encryption_that_is_not_known(name: str, oid: str, words: str, path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pkcs12_file, name, x509.ObjectIdentifier(oid))
        content = pkcs12_file.pkcs12([pkcs8(KEY)], [CERTIFICATE], PASSWORD)
    assert words in refusal(path, content)


def test_without_a_mac(path: Path) -> None:
    pfx = asn1.decode_der(container._Pfx, GOST)
    assert "without a MAC" in refusal(path, asn1.encode_der(replace(pfx, mac=None)))


def test_no_file_keeps_the_start_waiting(path: Path) -> None:
    """Each derivation is counted before it is begun: these would not end."""
    pfx = asn1.decode_der(container._Pfx, GOST)
    assert pfx.mac is not None
    content = asn1.encode_der(replace(pfx, mac=replace(pfx.mac, iterations=FOR_EVER)))
    assert "more than 5000000 iterations" in refusal(path, content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pkcs12_file, "_ITERATIONS", FOR_EVER)
        patch.setattr(pkcs12_file, "derive", lambda *arguments: b"12345678" * (arguments[4] // 8))
        safe = authenticated_safe([pkcs8(KEY)], [CERTIFICATE], PASSWORD)
    assert "more than 5000000 iterations" in refusal(path, sealed(safe, PASSWORD))


def test_pbkdf2_is_counted_too() -> None:
    def algorithm(name: str, parameters: object) -> list[asn1.TLV]:
        return [tlv(x509.ObjectIdentifier(name)), tlv(parameters)]

    def pbes2(iterations: int) -> list[asn1.TLV]:
        pbkdf2 = encryption._Pbkdf2Parameters(salt=b"salt", iterations=iterations, key_length=None, prf=None)
        parameters = encryption._Pbes2Parameters(
            derivation=algorithm("1.2.840.113549.1.5.12", pbkdf2),
            encryption=algorithm("2.16.840.1.101.3.4.1.42", bytes(16)),
        )
        return algorithm("1.2.840.113549.1.5.13", parameters)

    with pytest.raises(Pkcs12Error, match="more than 5000000 iterations"):
        Password(PASSWORD).decrypt(pbes2(FOR_EVER), bytes(16))
    with pytest.raises(ValueError, match="no iterations"):
        Password(PASSWORD).decrypt(pbes2(0), bytes(16))


def test_iterations_of_all_parts_are_counted_together(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "MAX_ITERATIONS", 6 * 1024)
    assert "more than 6144 iterations" in refusal(path, GOST)
    monkeypatch.setattr(encryption, "MAX_ITERATIONS", 7 * 1024)
    assert ServiceKey.from_pkcs12(path, PASSWORD).certificate == CERTIFICATE


def test_neither_password_nor_key_is_in_a_repr(path: Path) -> None:
    path.write_bytes(GOST)
    opened = container.open_container(GOST, PASSWORD)
    for shown in map(repr, (ServiceKey.from_pkcs12(path, PASSWORD), opened, Password(PASSWORD), KEY)):
        assert PASSWORD not in shown
        assert str(int(KEY.d)) not in shown
        assert repr(opened.keys[0])[2:40] not in shown


@st.composite
def mutations(draw: st.DrawFn, octets: bytes) -> bytes:
    """Octets changed, left out, put in; and lengths that lie."""
    lies = st.sampled_from([b"\x80", b"\x84\xff\xff\xff\xff", b"\x30\x80", b"\0\0"])
    changed = bytearray(octets)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(changed)))
        changed[at : at + draw(st.integers(0, 40))] = draw(st.binary(max_size=8) | lies)
    return bytes(changed)


def around(key: bytes) -> bytes:
    """A file that is whole, of a key that may not be."""
    return pkcs12_file.pkcs12([key], [CERTIFICATE, pair("ec")[1], pair("rsa")[1]], PASSWORD)


@pytest.mark.filterwarnings("ignore:Parsed a serial number:cryptography.utils.CryptographyDeprecationWarning")
@settings(max_examples=400, deadline=None)
@given(
    mutations(GOST)
    | mutations(rsa_file())
    # The MAC keeps changed octets out, so it is made anew over some.
    | mutations(SAFE).map(lambda safe: sealed(safe, PASSWORD))
    | mutations(pkcs8(KEY)).map(around)
    | mutations(plain_pkcs8("ec")).map(around)
    | mutations(plain_pkcs8("rsa")).map(around)
)
def test_a_mutated_file_is_refused_or_holds_the_key(path: Path, content: bytes) -> None:
    """Nothing but `KeyFileError` comes out, or a key that signs under its certificate."""
    path.write_bytes(content)
    try:
        key = ServiceKey.from_pkcs12(path, PASSWORD)
    except KeyFileError:
        return
    public = public_key(key.certificate)
    assert key.algorithm.verify(public, key.sign(b"data", key.algorithm), b"data")
