"""Certificates found by their issuer's name, in whatever way it is spelt, and their number."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier
from hypothesis import given
from hypothesis import strategies as st
from issuing import Issued, authority, employer, issue, name

from esutd_bus.signature.issuer_name import comparable, parse, same
from esutd_bus.signature.known import CertificateIndex

ISSUER = name(
    (NameOID.COMMON_NAME, 'ҰКО 3.0, "ТОО"'),
    (NameOID.SERIAL_NUMBER, "BIN990440000385"),
    (NameOID.EMAIL_ADDRESS, "a@b.kz"),
    (NameOID.STATE_OR_PROVINCE_NAME, "АЛМАТЫ"),
    (NameOID.COUNTRY_NAME, "KZ"),
)
SPELLINGS = (
    r"C=KZ,ST=АЛМАТЫ,E=a@b.kz,SERIALNUMBER=BIN990440000385,CN=ҰКО 3.0\, \"ТОО\"",
    r"CN=ҰКО 3.0\, \"ТОО\", SERIALNUMBER=BIN990440000385, E=a@b.kz, ST=АЛМАТЫ, C=KZ",
    r'CN="ҰКО 3.0, \"ТОО\"", OID.2.5.4.5=BIN990440000385, EMAILADDRESS=a@b.kz, S=АЛМАТЫ, C=KZ',
    r"C=KZ; S=Алматы; E=A@B.KZ; serialNumber=bin990440000385; cn=ұко  3.0\, \"тоо\"",
    r"c=KZ,st=АЛМАТЫ,1.2.840.113549.1.9.1=#16066140622e6b7a,2.5.4.5=BIN990440000385,2.5.4.3=ҰКО 3.0\2C \22ТОО\22",
    r'C = KZ ,S=\D0\90\D0\9B\D0\9C\D0\90\D0\A2\D0\AB , E=a@b.kz , 2.5.4.5=BIN990440000385 , CN = "ҰКО 3.0, \"ТОО\""  ',
)
OTHERS = (
    r"C=KZ,ST=АЛМАТЫ,E=a@b.kz,SERIALNUMBER=BIN990440000385,CN=ҰКО 3.0",
    r"ST=АЛМАТЫ,C=KZ,E=a@b.kz,SERIALNUMBER=BIN990440000385,CN=ҰКО 3.0\, \"ТОО\"",
    r"C=KZ,ST=АЛМАТЫ,E=a@b.kz,SERIALNUMBER=BIN990440000385,CN=ҰКО 3.0\, \"ТОО\",O=X",
    r"C=KZ+ST=АЛМАТЫ,E=a@b.kz,SERIALNUMBER=BIN990440000385,CN=ҰКО 3.0\, \"ТОО\"",
    "the test authority",
    "CN",
    "",
    "X=1",
    'CN="open',
    "CN=#0c05d2b0",
    "CN=#",
    "CN=a,",
    r"CN=\FF",
)


@pytest.fixture(scope="module")
def leaf() -> Issued:
    root = authority("known root")
    issuer = issue(
        ISSUER, root, extensions=[(one.value, one.critical) for one in root.certificate.extensions]
    )
    return employer(issuer)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_issuer_is_known_however_it_is_spelt(spelling: str, leaf: Issued) -> None:
    index = CertificateIndex([employer(authority("another root")).der, leaf.der])
    assert index.find(spelling, leaf.certificate.serial_number) == leaf.der


@pytest.mark.parametrize("spelling", OTHERS)
def test_another_issuer_is_not_taken_for_it(spelling: str, leaf: Issued) -> None:
    assert CertificateIndex([leaf.der]).find(spelling, leaf.certificate.serial_number) is None


def test_the_number_counts(leaf: Issued) -> None:
    assert CertificateIndex([leaf.der]).find(SPELLINGS[0], leaf.certificate.serial_number + 1) is None
    assert CertificateIndex(()).find(SPELLINGS[0], leaf.certificate.serial_number) is None


@pytest.mark.parametrize("octets", [b"", b"\x30\x00", b"x" * 400])
def test_octets_that_are_no_certificate(octets: bytes) -> None:
    with pytest.raises(ValueError, match=r"no X\.509 certificate"):
        CertificateIndex([octets])


OIDS = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.LOCALITY_NAME, ObjectIdentifier("1.2.3.4"))
ATTRIBUTE = st.builds(
    x509.NameAttribute,
    st.sampled_from(OIDS),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20),
)
RELATIVE = st.lists(ATTRIBUTE, min_size=1, max_size=2, unique_by=lambda attribute: attribute.oid)


@given(names=st.lists(RELATIVE.map(x509.RelativeDistinguishedName), min_size=1, max_size=4).map(x509.Name))
def test_every_name_is_read_back_from_rfc_4514(names: x509.Name) -> None:
    told = parse(names.rfc4514_string())
    assert told is not None
    assert same(comparable(names), told)


@given(text=st.text() | st.text('=,+;"\\#aCN0. '))
def test_no_string_raises(text: str) -> None:
    parse(text)
