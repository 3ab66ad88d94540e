"""The test CA: what it makes, and when."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from esutd_bus.signature.keys import SigningKey
from esutd_bus.testbed.test_ca import TestCa, UnknownIdentityError


def test_its_files(ca: TestCa) -> None:
    assert sorted(file.name for file in ca.trust_dir.iterdir()) == [
        "authority.pem",
        "gost-authority.pem",
        "root.pem",
    ]
    keys = list((ca.directory / "identities").iterdir())
    assert {key.stem for key in keys} == set(ca.names())
    keys += [key for name in ("authorities", "responders") for key in (ca.directory / name).iterdir()]
    assert {key.stat().st_mode & 0o777 for key in keys} == {0o600}


def test_an_identity_is_a_signing_key(ca: TestCa) -> None:
    key: SigningKey = ca.identity("employer")
    assert key.certificate_chain[0].subject == key.certificate.issuer
    assert ca.service_key.name == "service"
    assert ca.service_key.wrong is None
    roles = key.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert x509.ObjectIdentifier("1.2.398.3.3.4.1.2.1") in roles


def test_its_lists_revoke_who_is_said_to_be_revoked(ca: TestCa) -> None:
    revoked = {ca.identity(name).certificate.serial_number for name in ("revoked", "gost-revoked")}
    authorities = ca.revoking()
    assert authorities.keys() == {"root", "authority", "gost-authority"}
    assert {serial for one in authorities.values() for serial in one.whole.revoked} == revoked
    lists = [x509.load_der_x509_crl(file.read_bytes()) for file in (ca.directory / "crl").iterdir()]
    assert {entry.serial_number for one in lists for entry in one} == revoked
    assert {Path(url).name for url in ca.list_urls} == {f"{name}.crl" for name in authorities}


def test_an_unknown_identity(ca: TestCa) -> None:
    with pytest.raises(UnknownIdentityError, match="there are: employer"):
        ca.identity("nobody")


def test_validity_is_told_from_the_given_time(tmp_path: Path) -> None:
    now = datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC)
    ca = TestCa.create(tmp_path / "ca", now=now)
    assert ca.identity("expired").certificate.not_valid_after_utc == now - timedelta(days=1)
    assert ca.identity("not-yet-valid").certificate.not_valid_before_utc > now


def test_it_is_made_once(ca: TestCa) -> None:
    before = {file: file.read_bytes() for file in ca.directory.rglob("*") if file.is_file()}
    again = TestCa.ensure(ca.directory)
    assert {file: file.read_bytes() for file in again.directory.rglob("*") if file.is_file()} == before


def test_it_is_made_anew_when_its_data_has_changed(tmp_path: Path) -> None:
    first = TestCa.ensure(tmp_path / "a" / "ca")
    serial = first.identity("employer").certificate.serial_number
    record = json.loads((first.directory / "made.json").read_text())
    (first.directory / "made.json").write_text(json.dumps({**record, "identities": "other"}))
    assert TestCa.ensure(first.directory).identity("employer").certificate.serial_number != serial
    assert [file.name for file in (tmp_path / "a").iterdir()] == ["ca"]


def test_a_directory_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "ca").mkdir()
    (tmp_path / "ca" / "precious").write_text("x")
    with pytest.raises(OSError, match="not empty"):
        TestCa.create(tmp_path / "ca")
    assert [file.name for file in tmp_path.iterdir()] == ["ca"]
    with pytest.raises(FileNotFoundError, match="no test CA"):
        TestCa.load(tmp_path / "ca")
