"""Signing and verifying: the standard's examples, and everything that must be refused."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import textbook
from cryptography.hazmat.primitives.asymmetric import ec
from gmpy2 import mpz
from hypothesis import given, settings
from hypothesis import strategies as st

from esutd_bus.signature.gost import signature as gost_signature
from esutd_bus.signature.gost.algorithms import GOST_DIGESTS, GOST_SIGNATURES, GostSignature
from esutd_bus.signature.gost.curves import TC26_256_A, Curve
from esutd_bus.signature.gost.keys import GostPrivateKey, GostPublicKey, key_comb
from esutd_bus.signature.gost.signature import sign, verify


@dataclass(frozen=True)
class Example:
    """RFC 7091, 7: all numbers as printed there."""

    curve: Curve
    d: int
    x: int
    y: int
    e: int
    k: int
    r: int
    s: int

    @property
    def digest(self) -> bytes:
        return self.e.to_bytes(self.curve.size, "little")

    @property
    def octets(self) -> bytes:
        return b"".join(one.to_bytes(self.curve.size, "little") for one in (self.r, self.s))


EXAMPLE_1 = Example(
    Curve(
        name="RFC 7091, 7.1",
        p=mpz(0x8000000000000000000000000000000000000000000000000000000000000431),
        a=mpz(7),
        b=mpz(0x5FBFF498AA938CE739B8E022FBAFEF40563F6E6A3472FC2A514C0CE9DAE23B7E),
        q=mpz(0x8000000000000000000000000000000150FE8A1892976154C59CFC193ACCF5B3),
        cofactor=1,
        generator=(mpz(2), mpz(0x8E2A8A0E65147D4BD6316030E16D19C85C97F0A9CA267122B96ABBCEA7E8FC8)),
    ),
    d=0x7A929ADE789BB9BE10ED359DD39A72C11B60961F49397EEE1D19CE9891EC3B28,
    x=0x7F2B49E270DB6D90D8595BEC458B50C58585BA1D4E9B788F6689DBD8E56FD80B,
    y=0x26F1B489D6701DD185C8413A977B3CBBAF64D1C593D26627DFFB101A87FF77DA,
    e=0x2DFBC1B372D89A1188C09C52E0EEC61FCE52032AB1022E8E67ECE6672B043EE5,
    k=0x77105C9B20BCD3122823C8CF6FCC7B956DE33814E95B7FE64FED924594DCEAB3,
    r=0x41AA28D2F1AB148280CD9ED56FEDA41974053554A42767B83AD043FD39DC0493,
    s=0x1456C64BA4642A1653C235A98A60249BCD6D3F746B631DF928014F6C5BF9C40,
)
EXAMPLE_2 = Example(
    Curve(
        name="RFC 7091, 7.2",
        p=mpz(
            "4531ACD1FE0023C7550D267B6B2FEE80922B14B2FFB90F04D4EB7C09B5D2D15D"
            "F1D852741AF4704A0458047E80E4546D35B8336FAC224DD81664BBF528BE6373",
            16,
        ),
        a=mpz(7),
        b=mpz(
            "1CFF0806A31116DA29D8CFA54E57EB748BC5F377E49400FDD788B649ECA1AC43"
            "61834013B2AD7322480A89CA58E0CF74BC9E540C2ADD6897FAD0A3084F302ADC",
            16,
        ),
        q=mpz(
            "4531ACD1FE0023C7550D267B6B2FEE80922B14B2FFB90F04D4EB7C09B5D2D15D"
            "A82F2D7ECB1DBAC719905C5EECC423F1D86E25EDBE23C595D644AAF187E6E6DF",
            16,
        ),
        cofactor=1,
        generator=(
            mpz(
                "24D19CC64572EE30F396BF6EBBFD7A6C5213B3B3D7057CC825F91093A68CD762"
                "FD60611262CD838DC6B60AA7EEE804E28BC849977FAC33B4B530F1B120248A9A",
                16,
            ),
            mpz(
                "2BB312A43BD2CE6E0D020613C857ACDDCFBF061E91E5F2C3F32447C259F39B2C"
                "83AB156D77F1496BF7EB3351E1EE4E43DC1A18B91B24640B6DBB92CB1ADD371E",
                16,
            ),
        ),
    ),
    d=int(
        "0BA6048AADAE241BA40936D47756D7C93091A0E8514669700EE7508E508B1020"
        "72E8123B2200A0563322DAD2827E2714A2636B7BFD18AADFC62967821FA18DD4",
        16,
    ),
    x=int(
        "115DC5BC96760C7B48598D8AB9E740D4C4A85A65BE33C1815B5C320C854621DD"
        "5A515856D13314AF69BC5B924C8B4DDFF75C45415C1D9DD9DD33612CD530EFE1",
        16,
    ),
    y=int(
        "37C7C90CD40B0F5621DC3AC1B751CFA0E2634FA0503B3D52639F5D7FB72AFD61"
        "EA199441D943FFE7F0C70A2759A3CDB84C114E1F9339FDF27F35ECA93677BEEC",
        16,
    ),
    e=int(
        "3754F3CFACC9E0615C4F4A7C4D8DAB531B09B6F9C170C533A71D147035B0C591"
        "7184EE536593F4414339976C647C5D5A407ADEDB1D560C4FC6777D2972075B8C",
        16,
    ),
    k=int(
        "359E7F4B1410FEACC570456C6801496946312120B39D019D455986E364F36588"
        "6748ED7A44B3E794434006011842286212273A6D14CF70EA3AF71BB1AE679F1",
        16,
    ),
    r=int(
        "2F86FA60A081091A23DD795E1E3C689EE512A3C82EE0DCC2643C78EEA8FCACD3"
        "5492558486B20F1C9EC197C90699850260C93BCBCD9C5C3317E19344E173AE36",
        16,
    ),
    s=int(
        "1081B394696FFE8E6585E7A9362D26B6325F56778AADBC081C0BFBE933D52FF5"
        "823CE288E8C4F362526080DF7F70CE406A6EEB1F56919CB92A9853BDE73E5B4A",
        16,
    ),
)
EXAMPLES = pytest.mark.parametrize("example", [EXAMPLE_1, EXAMPLE_2], ids=lambda example: example.curve.name)
ALGORITHMS = pytest.mark.parametrize("algorithm", GOST_SIGNATURES, ids=lambda one: one.identifier)


@EXAMPLES
def test_the_standards_example_is_signed(example: Example) -> None:
    key = GostPrivateKey(example.curve, mpz(example.d))
    assert (key.public_key.x, key.public_key.y) == (example.x, example.y)
    assert gost_signature._equation(key, mpz(example.e), mpz(example.k)) == (example.r, example.s)


@EXAMPLES
def test_the_standards_example_is_verified(example: Example) -> None:
    key = GostPublicKey(example.curve, mpz(example.x), mpz(example.y))
    assert verify(key, example.octets, example.digest)
    assert not verify(key, example.octets, example.digest[::-1])
    assert not verify(key, example.octets[::-1], example.digest)


@ALGORITHMS
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_what_is_signed_verifies_and_any_bit_changed_is_refused(
    algorithm: GostSignature, data: st.DataObject
) -> None:
    key = GostPrivateKey.generate(algorithm.curve)
    message = data.draw(st.binary(min_size=1, max_size=200))
    signature = algorithm.sign(key, message)
    assert algorithm.verify(key.public_key, signature, message)
    assert not algorithm.verify(key.public_key, signature, flip(message, data))
    assert not algorithm.verify(key.public_key, flip(signature, data), message)
    assert not algorithm.verify(GostPrivateKey.generate(algorithm.curve).public_key, signature, message)


@ALGORITHMS
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_a_key_with_any_bit_changed_is_refused(algorithm: GostSignature, data: st.DataObject) -> None:
    """With a cofactor of one, every other point is off the curve; a changed y is in any case."""
    octets = GostPrivateKey.generate(algorithm.curve).public_key.to_octets()
    size = algorithm.curve.size
    assert GostPublicKey.from_octets(algorithm.curve, octets).to_octets() == octets
    with pytest.raises(ValueError, match="not on"):
        GostPublicKey.from_octets(algorithm.curve, octets[:size] + flip(octets[size:], data))


@ALGORITHMS
def test_numbers_out_of_range_are_refused(algorithm: GostSignature) -> None:
    curve, message = algorithm.curve, b"message"
    key = GostPrivateKey.generate(curve)
    signature = algorithm.sign(key, message)
    size, q = curve.size, int(curve.q)
    r, s = (int.from_bytes(half, "little") for half in (signature[:size], signature[size:]))
    for wrong_r, wrong_s in (
        (0, s),
        (r, 0),
        (0, 0),
        (q, s),
        (r, q),
        (r + q, s),
        (r, s + q),
        (q - r, s),
        (r, q - s),
    ):
        if max(wrong_r, wrong_s) < 2 ** (8 * size):
            octets = wrong_r.to_bytes(size, "little") + wrong_s.to_bytes(size, "little")
            assert not algorithm.verify(key.public_key, octets, message)
    for wrong_length in (b"", signature[:-1], signature + b"\0", signature[:size]):
        assert not algorithm.verify(key.public_key, wrong_length, message)


@ALGORITHMS
def test_a_digest_of_zero_is_signed_as_one(algorithm: GostSignature) -> None:
    key, size = GostPrivateKey.generate(algorithm.curve), algorithm.curve.size
    for zero in (bytes(size), int(algorithm.curve.q).to_bytes(size, "little")):
        signature = sign(key, zero)
        assert verify(key.public_key, signature, zero)
        assert verify(key.public_key, signature, (1).to_bytes(size, "little"))


@ALGORITHMS
def test_no_two_signatures_share_their_secret(algorithm: GostSignature) -> None:
    key = GostPrivateKey.generate(algorithm.curve)
    signatures = [algorithm.sign(key, b"message") for _ in range(3)]
    assert len({signature[: algorithm.curve.size] for signature in signatures}) == 3


def test_a_zero_in_the_signature_asks_for_another_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    key = GostPrivateKey.generate(TC26_256_A)
    answers = iter([(mpz(0), mpz(5)), (mpz(5), mpz(0)), (mpz(7), mpz(9))])
    monkeypatch.setattr(gost_signature, "_equation", lambda _key, _e, _k: next(answers))
    assert sign(key, b"digest") == b"\x07" + bytes(31) + b"\x09" + bytes(31)


@ALGORITHMS
def test_a_key_fits_the_algorithm_of_its_curve_alone(algorithm: GostSignature) -> None:
    key = GostPrivateKey.generate(algorithm.curve).public_key
    assert [one for one in GOST_SIGNATURES if one.fits(key)] == [algorithm]
    assert not algorithm.fits(ec.generate_private_key(ec.SECP256R1()).public_key())


def test_the_names_in_xml_are_those_of_the_authority() -> None:
    urn = "urn:ietf:params:xml:ns:pkigovkz:xmlsec:algorithms:"
    more = "http://www.w3.org/2001/04/xmldsig-more#"
    assert [one.identifier for one in GOST_SIGNATURES] == [
        f"{urn}gostr34102015-gostr34112015-512",
        f"{urn}gostr34102015-gostr34112015-256",
        f"{more}gost34310-gost34311",
    ]
    assert {name: hash_.name for name, hash_ in GOST_DIGESTS.items()} == {
        f"{urn}gostr34112015-512": "Streebog-512",
        f"{urn}gostr34112015-256": "Streebog-256",
        f"{more}gost34311": "34.311-95",
    }


@ALGORITHMS
def test_keys_out_of_range_are_refused(algorithm: GostSignature) -> None:
    curve = algorithm.curve
    for d in (0, -1, curve.q, curve.q + 1):
        with pytest.raises(ValueError, match="no private key"):
            GostPrivateKey(curve, mpz(d))
    octets = GostPrivateKey.generate(curve).public_key.to_octets()
    for wrong in (b"", octets[:-1], octets + b"\0"):
        with pytest.raises(ValueError, match="octets"):
            GostPublicKey.from_octets(curve, wrong)
    with pytest.raises(ValueError, match="not on"):
        GostPublicKey(curve, mpz(0), mpz(0))


def test_a_point_outside_the_subgroup_is_no_key() -> None:
    x, y = textbook.outside_the_subgroup(TC26_256_A)
    with pytest.raises(ValueError, match="subgroup"):
        GostPublicKey(TC26_256_A, mpz(x), mpz(y))


def test_a_private_key_is_not_shown() -> None:
    key = GostPrivateKey.generate(TC26_256_A)
    assert str(int(key.d)) not in repr(key)


def test_what_is_remembered_of_keys_is_remembered_by_value_and_bounded() -> None:
    key = GostPrivateKey.generate(TC26_256_A).public_key
    again = GostPublicKey.from_octets(TC26_256_A, key.to_octets())
    assert key_comb(key) is key_comb(again)
    assert key_comb.cache_info().maxsize is not None


def flip(octets: bytes, data: st.DataObject) -> bytes:
    """The octets with one bit changed."""
    bit = data.draw(st.integers(0, 8 * len(octets) - 1))
    changed = bytearray(octets)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
