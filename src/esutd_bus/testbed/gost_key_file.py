"""The key files of identities with GOST keys, which the PKCS#12 of `cryptography` cannot carry.

One PEM file without a password: the key as PKCS#8 (RFC 5958, 2), its certificate, the authorities above it. The
number is written little-endian; no other software has been asked to read it.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.serialization import Encoding
from gmpy2 import mpz

from esutd_bus.signature.gost.certificates import GostKeyAlgorithm, GostKeyInfo, public_key
from esutd_bus.signature.gost.keys import GostPrivateKey
from esutd_bus.signature.keys import ServiceKey
from esutd_bus.testbed.gost_ca import key_info

if TYPE_CHECKING:
    from pathlib import Path

_PRIVATE_KEY: Final = re.compile(rb"-----BEGIN PRIVATE KEY-----\n(.+?)-----END PRIVATE KEY-----\n", re.DOTALL)


@asn1.sequence
class _PrivateKeyInfo:
    """`OneAsymmetricKey`, version 1."""

    version: int
    algorithm: GostKeyAlgorithm
    key: bytes


def write(key: GostPrivateKey, certificate: x509.Certificate, chain: tuple[x509.Certificate, ...]) -> bytes:
    """The file's content."""
    algorithm = asn1.decode_der(GostKeyInfo, key_info(key.public_key)).algorithm
    number = int(key.d).to_bytes(key.curve.size, "little")
    private = asn1.encode_der(_PrivateKeyInfo(version=0, algorithm=algorithm, key=number))
    return b"".join(
        [
            b"-----BEGIN PRIVATE KEY-----\n",
            base64.encodebytes(private),
            b"-----END PRIVATE KEY-----\n",
            *(one.public_bytes(Encoding.PEM) for one in (certificate, *chain)),
        ]
    )


def read(path: Path) -> ServiceKey:
    """The key of a file, with its certificates. Raises `ValueError` for a file of another kind."""
    content = path.read_bytes()
    private = _PRIVATE_KEY.search(content)
    if private is None:
        raise ValueError(f"{path}: holds no private key")
    certificate, *chain = x509.load_pem_x509_certificates(content)
    number = asn1.decode_der(_PrivateKeyInfo, base64.b64decode(private[1])).key
    key = GostPrivateKey(public_key(certificate).curve, mpz(int.from_bytes(number, "little")))
    return ServiceKey(key, certificate, tuple(chain))
