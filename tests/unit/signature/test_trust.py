"""Which authorities are believed, and when a certificate stands on one of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from issuing import (
    NOW,
    Issued,
    Key,
    authority,
    employer,
    gost_key,
    issue,
    key,
    of_an_unknown_kind,
    usage,
)
from structlog.testing import capture_logs

from esutd_bus.signature.certificates import read_certificate
from esutd_bus.signature.gost.curves import TC26_512_A
from esutd_bus.signature.reason import Reason, Refusal
from esutd_bus.signature.trust import TrustError, TrustPath, TrustStore, require_valid


def paths(leaf: Issued, *authorities: Issued) -> tuple[TrustPath, ...]:
    store = TrustStore([one.certificate for one in authorities])
    return store.paths(read_certificate(leaf.der))


def refusal(leaf: Issued, *authorities: Issued) -> Reason:
    with pytest.raises(Refusal) as refused:
        paths(leaf, *authorities)
    return refused.value.reason


def test_a_path_through_intermediate_authorities() -> None:
    root = authority("root")
    middle = authority("middle", root)
    issuing = authority("issuing", middle)
    (path,) = paths(employer(issuing), root, middle, issuing)
    assert [one.subject for one in path.certificates[1:]] == [
        one.certificate.subject for one in (issuing, middle, root)
    ]


def test_a_path_is_at_most_four_certificates_long() -> None:
    root = authority("root")
    first = authority("first", root)
    second = authority("second", first)
    third = authority("third", second)
    assert refusal(employer(third), root, first, second, third) == Reason.UNTRUSTED


def test_an_intermediate_authority_is_believed_without_its_root() -> None:
    """The directory holds what the operator believes; the authority publishes its issuing CA by itself."""
    issuing = authority("issuing", authority("root"))
    assert len(paths(employer(issuing), issuing)) == 1


def test_an_authority_outside_the_directory_is_not_believed() -> None:
    root = authority("root")
    issuing = authority("issuing", root)
    assert refusal(employer(issuing), root) == Reason.UNTRUSTED


def test_a_certificate_of_the_same_name_and_another_key() -> None:
    root = authority("root")
    impostor = issue(
        root.certificate.subject,
        own_key=key("impostor"),
        extensions=((x509.BasicConstraints(ca=True, path_length=None), True), (usage("key_cert_sign"), True)),
    )
    assert refusal(employer(impostor), root) == Reason.UNTRUSTED
    assert len(paths(employer(root), impostor, root)) == 1


def test_the_path_length_limit() -> None:
    root = authority("root", path_length=0)
    issuing = authority("issuing", root)
    assert len(paths(employer(root), root)) == 1
    assert refusal(employer(issuing), root, issuing) == Reason.UNTRUSTED


def test_a_weak_digest_in_the_chain() -> None:
    root = authority("root")
    leaf = employer(root, digest=hashes.SHA224())
    assert refusal(leaf, root) == Reason.WEAK_DIGEST


def test_every_certificate_of_the_path_must_be_valid() -> None:
    root = authority("root", days=(-5, 5))
    issuing = authority("issuing", root, days=(-8, 8))
    found = paths(employer(issuing), root, issuing)
    require_valid(found, NOW, NOW)
    for days, reason in ((6, "expired"), (-6, "not-yet-valid"), (11, "expired"), (-11, "not-yet-valid")):
        with pytest.raises(Refusal) as refused:
            require_valid(found, NOW + timedelta(days=days), NOW + timedelta(days=days))
        assert refused.value.reason == reason


def test_of_an_old_root_and_its_renewal_one_is_enough() -> None:
    old, new = authority("root", days=(-10, -1)), authority("root", days=(-2, 10))
    found = paths(employer(old), old, new)
    assert len(found) == 2
    assert require_valid(found, NOW, NOW).certificates[-1] == new.certificate


def test_the_directory(tmp_path: Path) -> None:
    root, issuing, other = authority("root"), authority("issuing"), authority("other")
    (tmp_path / "both.pem").write_bytes(root.pem + b"a note\n" + issuing.pem)
    (tmp_path / "other.DER").write_bytes(other.der)
    (tmp_path / "again.crt").write_bytes(root.pem)
    (tmp_path / "notes.txt").write_text("not a certificate")
    store = TrustStore.from_directory(tmp_path)
    assert {one.subject for one in store.authorities} == {
        one.certificate.subject for one in (root, issuing, other)
    }
    assert len(store.authorities) == 3


def test_a_directory_without_authorities(tmp_path: Path) -> None:
    with pytest.raises(TrustError, match="no usable CA certificate"):
        TrustStore.from_directory(tmp_path)
    with pytest.raises(TrustError, match="no such trust directory"):
        TrustStore.from_directory(tmp_path / "absent")
    with pytest.raises(TrustError, match="no certification authority"):
        TrustStore([])


@pytest.mark.parametrize(
    "octets", [b"garbage", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_file_that_is_no_certificate(octets: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.pem").write_bytes(octets)
    with pytest.raises(TrustError, match=r"bad\.pem: no X\.509 certificate"):
        TrustStore.from_directory(tmp_path)


def test_a_certificate_that_is_no_authoritys(tmp_path: Path) -> None:
    root = authority("root")
    constraints = x509.BasicConstraints(ca=True, path_length=None)
    names = x509.NameConstraints([x509.DNSName("kz")], None)
    for one in (
        employer(root),
        issue("no key usage", extensions=((constraints, True),)),
        issue("other use", extensions=((constraints, True), (usage("crl_sign"), True))),
        issue(
            "no ca",
            extensions=(
                (x509.BasicConstraints(ca=False, path_length=None), True),
                (usage("key_cert_sign"), True),
            ),
        ),
        issue(
            "asks for more", extensions=((constraints, True), (usage("key_cert_sign"), True), (names, True))
        ),
    ):
        (tmp_path / "leaf.pem").write_bytes(one.pem)
        with pytest.raises(TrustError, match=r"leaf\.pem"):
            TrustStore.from_directory(tmp_path)


def test_authorities_of_unknown_algorithms_are_left_out(tmp_path: Path) -> None:
    unknown = of_an_unknown_kind(authority("gost", own_key=gost_key("gost", TC26_512_A)))
    (tmp_path / "unknown.der").write_bytes(unknown)
    (tmp_path / "known.pem").write_bytes(authority("root").pem)
    with capture_logs() as logs:
        store = TrustStore.from_directory(tmp_path)
    assert len(store.authorities) == 1
    assert [log["log_level"] for log in logs] == ["warning"]
    assert logs[0]["file"].endswith("unknown.der")


def test_an_authority_whose_key_is_off_its_curve(tmp_path: Path) -> None:
    own_key = gost_key("gost", TC26_512_A)
    octets = own_key.public_key.to_octets()
    der = authority("gost", own_key=own_key).der
    (tmp_path / "off.der").write_bytes(der.replace(octets, octets[64:] + octets[:64]))
    with pytest.raises(TrustError, match=r"off\.der: CN=gost: its key is malformed"):
        TrustStore.from_directory(tmp_path)


@pytest.mark.parametrize("own_key", [key(), gost_key("gost", TC26_512_A)], ids=["EC", "GOST"])
def test_signatures_of_a_path_are_verified_once(own_key: Key, monkeypatch: pytest.MonkeyPatch) -> None:
    root = authority("root", own_key=own_key)
    store = TrustStore([root.certificate])
    der = employer(root, own_key=own_key).der
    first = store.paths(store.read(der))
    monkeypatch.setattr("esutd_bus.signature.trust.is_issued_by", lambda *_: pytest.fail("verified again"))
    assert store.paths(store.read(bytes(bytearray(der)))) is first
