"""Revocation lists: what they tell, and each reason for not believing them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ReasonFlags
from hypothesis import given
from hypothesis import strategies as st
from issuing import issue
from listing import HOUR, KINDS, NOW, STRICT, certified, crl, own_key, revoking

from esutd_bus.signature.revocation.period import Period, Tolerance
from esutd_bus.signature.revocation.problem import NotBelieved, Problem
from esutd_bus.signature.revocation.revocation_list import CurrentList, current_lists, read_revocation_list
from esutd_bus.signature.revocation.scope import Scope
from esutd_bus.testbed.authority import Authority

KZ_LISTS = [
    ("nca_rsa_test.crl", "nca_rsa_test.crt", 9, 126, 0x474C38696D8677A2C8B6E40345A8B04168C0905C, "certificateHold"),
    ("nca_gost_test.crl", "nca_gost_test.crt", 7, 31, 0x603F1A3FD58DBA417046E02FD8139CD0E78B2637, "keyCompromise"),
    ("nca_gost2022_test.crl", "nca_gost2015_test.cer", 4, 6, 0x0FD51BA7059261AE60CC621F316DB4EF0EF4BA14,
     "keyCompromise"),
]  # fmt: skip
real_lists = pytest.mark.parametrize(("name", "issuer", "number", "size", "serial", "reason"), KZ_LISTS)
kinds = pytest.mark.parametrize("kind", KINDS)
NUMBER = (x509.CRLNumber(5), False)
URI = "http://crl.example.kz/a.crl"
HELD = ((x509.CRLReason(ReasonFlags.certificate_hold), False),)
REMOVED = ((x509.CRLReason(ReasonFlags.remove_from_crl), False),)


def load(path: Path) -> x509.Certificate:
    octets = path.read_bytes()
    return (x509.load_pem_x509_certificate if b"-----BEGIN" in octets else x509.load_der_x509_certificate)(
        octets
    )


def refusal(der: bytes, *authorities: Authority) -> Problem:
    with pytest.raises(NotBelieved) as refused:
        read_revocation_list(der, [one.certificate for one in authorities])
    assert refused.value.detail
    return refused.value.problem


class TestTheNationalAuthoritysLists:
    @real_lists
    def test_they_hold(
        self,
        real_certificates: Path,
        name: str,
        issuer: str,
        number: int,
        size: int,
        serial: int,
        reason: str,
    ) -> None:
        authority = load(real_certificates / issuer)
        found = read_revocation_list((real_certificates / name).read_bytes(), [authority])
        assert (found.authorities, found.number, len(found.entries)) == ((authority,), number, size)
        assert (found.base_number, found.scope) == (None, Scope())
        entry = found.entries.find(serial)
        assert entry is not None
        assert entry.reason.value == reason
        assert found.entries.find(serial + 1) is None

        then = found.period.this_update + timedelta(days=1)
        assert found.period.failing(then, STRICT) is None
        with pytest.raises(NotBelieved, match="stale"):
            found.period.require(datetime.now(UTC), Tolerance(grace=timedelta(days=30)))

    @real_lists
    def test_no_octet_may_change(
        self,
        real_certificates: Path,
        name: str,
        issuer: str,
        number: int,
        size: int,
        serial: int,
        reason: str,
    ) -> None:
        del number, size, serial, reason
        authority = load(real_certificates / issuer)
        octets = (real_certificates / name).read_bytes()
        for place in range(len(octets)):
            changed = bytearray(octets)
            changed[place] ^= 1 << place % 8
            with pytest.raises(NotBelieved):
                read_revocation_list(bytes(changed), [authority])

    def test_another_authoritys_key_does_not_do(self, real_certificates: Path) -> None:
        strangers = [load(real_certificates / name) for name in ("nca_gost_2022.pem", "nca_rsa_test.crt")]
        with pytest.raises(NotBelieved, match="issuer"):
            read_revocation_list((real_certificates / "nca_gost_test.crl").read_bytes(), strangers)


@kinds
def test_what_a_list_tells(kind: str) -> None:
    authority = revoking(kind)
    stolen, fine = authority.certify("stolen").certificate, authority.certify("fine").certificate
    at = NOW - timedelta(days=3)
    authority.revoke(stolen, ReasonFlags.cessation_of_operation, at)
    authority.issue()
    found = read_revocation_list(authority.sign_list(authority.whole), [authority.certificate])
    entry = found.entries.find(stolen.serial_number)
    assert entry is not None
    assert (entry.revoked_at, entry.reason) == (at, ReasonFlags.cessation_of_operation)
    assert found.entries.find(fine.serial_number) is None
    assert not found.is_delta
    assert found.issuer == f"CN=Authority ({kind})"
    assert found.period.next_update - found.period.this_update == authority.lasting


def test_every_entry_is_found() -> None:
    """However many there are, whatever their order, with and without a reason; and none that is not there."""
    authority = certified("ec")
    serials = [(serial * 7919) % 5003 + 1 for serial in range(1, 2000)] + [2**159 - 1, 2**159 - 2]
    entries = [(serial, HELD if serial % 2 else ()) for serial in serials]
    found = read_revocation_list(crl(authority, entries=entries), [authority.certificate]).entries
    assert len(found) == len(serials)
    assert all(found.find(serial) for serial in serials)
    assert not any(found.find(serial) for serial in {*range(5010)} - {*serials})
    assert found.find(-1) is found.find(2**160) is None
    for serial in serials[:10]:
        entry = found.find(serial)
        assert entry is not None
        assert entry.reason is (ReasonFlags.certificate_hold if serial % 2 else ReasonFlags.unspecified)


class TestNotBelieved:
    @kinds
    def test_a_changed_signature(self, kind: str) -> None:
        der = bytearray(crl(certified(kind)))
        der[-1] ^= 1
        assert refusal(bytes(der), certified(kind)) in {Problem.SIGNATURE, Problem.UNREADABLE}

    @kinds
    def test_an_authority_of_the_same_name_with_another_key(self, kind: str) -> None:
        assert refusal(crl(certified(kind, "namesake")), certified(kind)) is Problem.SIGNATURE

    def test_an_issuer_that_is_not_configured(self) -> None:
        assert refusal(crl(certified("ec")), certified("gost")) is Problem.ISSUER
        assert refusal(crl(certified("ec"))) is Problem.ISSUER

    def test_an_authority_that_may_not_sign_lists(self) -> None:
        authority = certified("ec", "authority", "key_cert_sign")
        assert refusal(crl(authority), authority) is Problem.ISSUER

    def test_a_weak_digest(self) -> None:
        """SHA-224 stands for SHA-1, which the library no longer signs with."""
        authority = certified("ec")
        assert refusal(crl(authority, digest=hashes.SHA224()), authority) is Problem.ALGORITHM

    def test_a_key_of_another_kind(self) -> None:
        subject = certified("ec").certificate.subject
        namesake = issue(
            subject,
            own_key=own_key("rsa"),
            extensions=tuple((one.value, one.critical) for one in certified("rsa").certificate.extensions),
        )
        assert (
            refusal(crl(certified("ec")), Authority(namesake.certificate, own_key("rsa")))
            is Problem.ALGORITHM
        )

    @pytest.mark.parametrize(
        "octets",
        [b"", b"<!DOCTYPE html>", b"-----BEGIN X509 CRL-----", b"\x30\x03\x02\x01\x01"],
        ids=["nothing", "a page", "text", "another DER"],
    )
    def test_no_list(self, octets: bytes) -> None:
        assert refusal(octets, certified("ec")) is Problem.UNREADABLE

    def test_octets_after_the_list(self) -> None:
        assert refusal(crl(certified("ec")) + b"\0", certified("ec")) is Problem.UNREADABLE

    def test_a_list_without_a_number(self) -> None:
        assert refusal(crl(certified("ec"), extensions=()), certified("ec")) is Problem.UNREADABLE

    def test_an_extension_that_must_be_understood(self) -> None:
        strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
        authority = certified("ec")
        assert refusal(crl(authority, extensions=[NUMBER, (strange, True)]), authority) is Problem.EXTENSION
        read_revocation_list(crl(authority, extensions=[NUMBER, (strange, False)]), [authority.certificate])

    def test_an_entrys_extension_that_must_be_understood(self) -> None:
        """Who has issued the entry's certificate: an indirect list has that (RFC 5280, 5.3.3)."""
        authority = certified("ec")
        whose = x509.CertificateIssuer([x509.DirectoryName(authority.certificate.subject)])
        assert refusal(crl(authority, entries=[(7, [(whose, True)])]), authority) is Problem.EXTENSION

    @pytest.mark.parametrize(
        "about",
        [
            {"indirect_crl": True},
            {"only_some_reasons": frozenset({ReasonFlags.key_compromise})},
            {"only_contains_attribute_certs": True},
            {"relative_name": x509.RelativeDistinguishedName(
                [x509.NameAttribute(x509.NameOID.COMMON_NAME, "part")])},
        ],
        ids=["indirect", "some reasons", "attribute certificates", "a relative name"],
    )  # fmt: skip
    def test_a_scope_that_is_not_processed(self, about: dict[str, object]) -> None:
        authority = certified("ec")
        assert (
            refusal(crl(authority, extensions=[NUMBER, (point(**about), True)]), authority) is Problem.SCOPE
        )

    def test_a_removal_in_a_whole_list(self) -> None:
        authority = certified("ec")
        assert refusal(crl(authority, entries=[(7, REMOVED)]), authority) is Problem.UNREADABLE

    def test_no_end(self) -> None:
        with pytest.raises(NotBelieved, match="period"):
            Period.of(NOW, None)
        with pytest.raises(NotBelieved, match="period"):
            Period.of(NOW, NOW)


def point(**about: object) -> x509.IssuingDistributionPoint:
    nothing: dict[str, object] = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**{**nothing, **about})  # type: ignore[arg-type]


class TestPeriod:
    """From thisUpdate to nextUpdate, with a little skew before and the grace period after."""

    PERIOD = Period(NOW, NOW + HOUR)
    GRACE = Tolerance(skew=timedelta(minutes=5), grace=timedelta(hours=2))

    @pytest.mark.parametrize("after", [timedelta(0), HOUR, 3 * HOUR, -timedelta(minutes=5)])
    def test_it_speaks(self, after: timedelta) -> None:
        assert self.PERIOD.failing(NOW + after, self.GRACE) is None

    @pytest.mark.parametrize(
        ("after", "problem"),
        [
            (3 * HOUR + timedelta(seconds=1), Problem.STALE),
            (-timedelta(minutes=5, seconds=1), Problem.FUTURE),
        ],
    )
    def test_it_does_not(self, after: timedelta, problem: Problem) -> None:
        failing = self.PERIOD.failing(NOW + after, self.GRACE)
        assert failing is not None
        assert failing.problem is problem


class TestScope:
    """A list may be about the certificates of one kind, or those that name its address (RFC 5280, 6.3.3 b)."""

    def read(self, **about: object) -> Scope:
        authority = certified("ec")
        der = crl(authority, extensions=[NUMBER, (point(**about), True)])
        return read_revocation_list(der, [authority.certificate]).scope

    def test_users_or_authorities_only(self) -> None:
        user, authority = revoking().certify("user").certificate, certified("ec").certificate
        users, authorities = self.read(only_contains_user_certs=True), self.read(only_contains_ca_certs=True)
        assert (users.covers(user), users.covers(authority)) == (True, False)
        assert (authorities.covers(user), authorities.covers(authority)) == (False, True)
        assert Scope().covers(user)
        assert Scope().covers(authority)

    def test_an_address(self) -> None:
        names = [x509.UniformResourceIdentifier(URI)]
        scope = self.read(full_name=names)
        distribution = x509.CRLDistributionPoints([x509.DistributionPoint(names, None, None, None)])
        assert scope.covers(revoking().certify("user", distribution).certificate)
        assert not scope.covers(revoking().certify("user").certificate)

    def test_lists_of_different_scopes_stand_beside_each_other(self) -> None:
        authority = certified("ec")
        lists = [
            read_revocation_list(crl(authority, extensions=more), [authority.certificate])
            for more in ([NUMBER], [NUMBER, (point(only_contains_ca_certs=True), True)])
        ]
        assert {one.whole.scope for one in current_lists(lists)} == {one.scope for one in lists}


class TestDelta:
    """RFC 5280, 5.2.4 and 6.3.3 c."""

    def both(self, kind: str = "ec") -> tuple[CurrentList, int, int, int]:
        """A whole list, laid under a delta which adds one certificate and releases another; all serial numbers."""
        authority = revoking(kind)
        old, held, new = (authority.certify(name).certificate for name in ("old", "held", "new"))
        authority.revoke(old)
        authority.revoke(held, ReasonFlags.certificate_hold)
        authority.issue()
        authority.revoke(new)
        authority.release(held)
        lists = [
            read_revocation_list(authority.sign_list(issue), [authority.certificate])
            for issue in (authority.whole, authority.delta)
        ]
        (current,) = current_lists(lists)
        assert current.delta is lists[1]
        return current, old.serial_number, held.serial_number, new.serial_number

    @kinds
    def test_it_adds_and_releases(self, kind: str) -> None:
        current, old, held, new = self.both(kind)
        assert current.whole.entries.find(held) is not None
        assert (current.find(old) is None, current.find(held), current.find(new) is None) == (
            False,
            None,
            False,
        )

    def test_both_are_as_good_as_the_newer_one(self) -> None:
        current, *_ = self.both()
        assert current.delta is not None
        assert current.period.this_update == max(
            current.whole.period.this_update, current.delta.period.this_update
        )
        long_ago = Period(NOW - 9 * HOUR, NOW - 8 * HOUR)
        object.__setattr__(current.whole, "period", long_ago)
        assert current.period == current.delta.period

    @pytest.mark.parametrize(
        ("number", "base", "fits"),
        [(6, 5, True), (9, 3, True), (6, 6, False), (5, 5, False), (4, 3, False)],
        ids=["the next", "an older base", "a newer base", "the whole list's number", "before the whole list"],
    )
    def test_it_must_fit_its_base(self, number: int, base: int, *, fits: bool) -> None:
        authority = certified("ec")
        delta = [(x509.CRLNumber(number), False), (x509.DeltaCRLIndicator(base), True)]
        lists = [
            read_revocation_list(crl(authority, extensions=more, entries=entries), [authority.certificate])
            for more, entries in (([NUMBER], []), (delta, [(7, HELD)]))
        ]
        (current,) = current_lists(lists)
        assert (current.find(7) is not None) is fits

    def test_the_newest_that_fits_is_taken(self) -> None:
        authority = certified("ec")
        deltas = [
            read_revocation_list(
                crl(
                    authority, extensions=[(x509.CRLNumber(number), False), (x509.DeltaCRLIndicator(5), True)]
                ),
                [authority.certificate],
            )
            for number in (7, 8, 6)
        ]
        whole = read_revocation_list(crl(authority, extensions=[NUMBER]), [authority.certificate])
        (current,) = current_lists([*deltas, whole])
        assert current.delta is deltas[1]

    def test_it_must_have_its_bases_scope(self) -> None:
        authority = certified("ec")
        about = (point(only_contains_ca_certs=True), True)
        delta = [(x509.CRLNumber(6), False), (x509.DeltaCRLIndicator(5), True), about]
        lists = [
            read_revocation_list(crl(authority, extensions=more), [authority.certificate])
            for more in ([NUMBER], delta)
        ]
        (current,) = current_lists(lists)
        assert current.delta is None

    def test_alone_it_tells_nothing(self) -> None:
        authority = certified("ec")
        delta = [(x509.CRLNumber(6), False), (x509.DeltaCRLIndicator(5), True)]
        found = read_revocation_list(crl(authority, extensions=delta), [authority.certificate])
        assert found.is_delta
        assert current_lists([found]) == ()

    def test_of_one_certificates_entries_the_revoking_one_counts(self) -> None:
        authority = certified("ec")
        delta = [(x509.CRLNumber(6), False), (x509.DeltaCRLIndicator(5), True)]
        der = crl(authority, extensions=delta, entries=[(7, REMOVED), (7, HELD), (8, REMOVED)])
        entries = read_revocation_list(der, [authority.certificate]).entries
        assert [entries.find(serial).is_removal for serial in (7, 8)] == [False, True]  # type: ignore[union-attr]


def test_of_two_whole_lists_the_newer_one_counts() -> None:
    authority = certified("ec")
    old, new = (
        read_revocation_list(crl(authority, this_update=at, entries=entries), [authority.certificate])
        for at, entries in ((NOW - HOUR, [(7, HELD)]), (NOW, []))
    )
    for lists in ([old, new], [new, old]):
        (current,) = current_lists(lists)
        assert current.find(7) is None


@given(place=st.integers(0), octets=st.binary(max_size=8), length=st.integers(0, 8))
def test_whatever_is_changed_it_is_refused_in_our_own_words(place: int, octets: bytes, length: int) -> None:
    der = crl(certified("ec"), entries=[(7, HELD), (8, ())])
    start = place % (len(der) + 1)
    changed = der[:start] + octets + der[start + length :]
    if changed != der:
        assert refusal(changed, certified("ec")) in Problem
