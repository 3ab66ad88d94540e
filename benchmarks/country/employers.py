"""Employers of the country that can really sign: certificates of the test CA, one key for all of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from benchmarks.country import people
from benchmarks.country.messages import EXAMPLE_BIN, EXAMPLE_HEAD, EXAMPLE_SIGNER, HEADS
from esutd_bus.testbed.authority import Authority

if TYPE_CHECKING:
    from esutd_bus.signature.algorithms import SignatureAlgorithm
    from esutd_bus.testbed.test_ca import TestCa, TestIdentity

_AUTHORITY: Final = "authority"


class Employer:
    """A `signature.keys.SigningKey`: the example's key, with a certificate that names another employer."""

    def __init__(self, identity: TestIdentity, certificate: x509.Certificate) -> None:
        self._identity = identity
        self.certificate = certificate
        self.certificate_chain = identity.certificate_chain

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """What the key signs with."""
        return self._identity.algorithm

    def sign(self, data: bytes, algorithm: SignatureAlgorithm) -> bytes:
        """The data's SignatureValue octets."""
        return self._identity.sign(data, algorithm)


def employer(ca: TestCa, number: int) -> Employer:
    """The plan's employer of that number, whose certificate is kept beside the CA's identities."""
    kept = ca.directory / "employers" / f"{number}.der"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        made = kept.with_suffix(f".{os.getpid()}")
        made.write_bytes(_issue(ca, number).public_bytes(Encoding.DER))
        made.replace(kept)
    return Employer(ca.identity(EXAMPLE_SIGNER), x509.load_der_x509_certificate(kept.read_bytes()))


def _issue(ca: TestCa, number: int) -> x509.Certificate:
    identity = ca.identity(EXAMPLE_SIGNER)
    like = identity.certificate
    path = ca.directory / "authorities" / f"{_AUTHORITY}.p12"
    authority = Authority.load(path, identity.password)
    builder = x509.CertificateBuilder(
        like.issuer,
        _subject(like, people.bin_of(number), people.iin(HEADS + number)),
        like.public_key(),
        x509.random_serial_number(),
        like.not_valid_before_utc,
        like.not_valid_after_utc,
        list(like.extensions),
    )
    if not isinstance(authority.key, RSAPrivateKey):
        raise TypeError(authority.key)
    return builder.sign(authority.key, hashes.SHA256())


def _subject(like: x509.Certificate, bin_: str, head: str) -> x509.Name:
    return x509.Name(
        x509.NameAttribute(one.oid, str(one.value).replace(EXAMPLE_BIN, bin_).replace(EXAMPLE_HEAD, head))
        for one in like.subject
    )
