"""Trust: which authorities are believed, and whether a certificate stands on one of them now."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

from esutd_bus.signature.certificates import (
    MALFORMED,
    Certificate,
    public_key,
    read_certificate,
    require_processed_extensions,
)
from esutd_bus.signature.gost.certificates import is_certified
from esutd_bus.signature.gost.keys import GostPublicKey
from esutd_bus.signature.reason import Reason, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

MAX_PATH: Final = 4
"""Certificates in a path, the signer's and the topmost authority's included."""

CACHED_PATHS: Final = 4096
"""Signers whose paths are remembered. Only trusted ones are, so strangers cannot crowd them out."""

SUFFIXES: Final = frozenset({".pem", ".crt", ".cer", ".der"})
"""Files of the trust directory that are read; others (notes, revocation lists) are left alone."""

_PEM: Final = b"-----BEGIN CERTIFICATE-----"
_HASHES: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
"""Digests that a certificate may be signed over by an RSA or EC key; a GOST key has one of its own."""

_log = structlog.get_logger(__name__)


class TrustError(Exception):
    """The trust directory cannot be used; the message names the file and what is wrong with it."""


@dataclass(frozen=True, slots=True, eq=False)
class TrustPath:
    """From a signer's certificate up to the topmost configured authority; all signatures in it hold.

    Equal to itself alone, like the certificate it begins with.
    """

    certificates: tuple[x509.Certificate, ...]
    """The signer's first."""

    validities: tuple[tuple[datetime, datetime], ...]
    """(not before, not after) of each, in the same order."""

    def failing(self, made: datetime, now: datetime) -> Refusal | None:
        """Why the path does not hold from one moment to a later one, or nothing when it does.

        RFC 5280, 6.1.3 a 2.
        """
        for level, (not_before, not_after) in enumerate(self.validities):
            whose = "an authority's certificate" if level else "the certificate"
            if made < not_before:
                return Refusal(Reason.NOT_YET_VALID, f"{whose} begins {not_before.isoformat()}")
            if now > not_after:
                return Refusal(Reason.EXPIRED, f"{whose} ended {not_after.isoformat()}")
        return None


class TrustStore:
    """The configured authorities. Each is believed; one whose issuer is also here is judged with it.

    Signatures of a path are verified once per certificate; validity at every use.
    """

    def __init__(self, authorities: Iterable[x509.Certificate]) -> None:
        self.authorities: Sequence[x509.Certificate] = tuple(authorities)
        if not self.authorities:
            raise TrustError("no certification authority to trust: add CA certificates (PEM or DER)")
        by_subject: dict[bytes, list[x509.Certificate]] = {}
        for authority in self.authorities:
            by_subject.setdefault(authority.subject.public_bytes(), []).append(authority)
        self._by_subject: Mapping[bytes, Sequence[x509.Certificate]] = by_subject
        self._read = lru_cache(CACHED_PATHS)(read_certificate)
        self._paths = lru_cache(CACHED_PATHS)(self._find_paths)

    @classmethod
    def from_directory(cls, directory: Path) -> TrustStore:
        """The authorities whose certificates stand in a directory's files, PEM or DER, several in a PEM file.

        Raises `TrustError` where there is none, a file cannot be read, or a certificate is no authority's.
        Authorities whose keys are of no kind known here are left out with a warning.
        """
        if not directory.is_dir():
            raise TrustError(f"{directory}: there is no such trust directory")
        files = sorted(file for file in directory.iterdir() if file.suffix.lower() in SUFFIXES)
        authorities = [authority for file in files for authority in _authorities(file)]
        if not authorities:
            raise TrustError(
                f"{directory}: no usable CA certificate; put the authorities' PEM or DER files there"
            )
        return cls(dict.fromkeys(authorities))

    def read(self, der: bytes) -> Certificate:
        """A certificate from its DER, remembered. Refuses what cannot be read."""
        return self._read(der)

    def paths(self, certificate: Certificate) -> tuple[TrustPath, ...]:
        """The paths from a certificate to configured authorities, at least one. Refuses an untrusted one."""
        return self._paths(certificate)

    def _find_paths(self, leaf: Certificate) -> tuple[TrustPath, ...]:
        found = tuple(
            TrustPath(path, tuple((one.not_valid_before_utc, one.not_valid_after_utc) for one in path))
            for path in self._climb((leaf.x509,))
        )
        if not found:
            raise Refusal(Reason.UNTRUSTED, "no chain leads from the certificate to a configured authority")
        return found

    def _climb(self, path: tuple[x509.Certificate, ...]) -> Iterator[tuple[x509.Certificate, ...]]:
        """Each way up from the path's last certificate. It ends at an authority whose issuer is not here.

        A certificate that issued itself ends it too: of an old root and its renewal, either one is enough.
        """
        last = path[-1]
        issuers = [
            issuer
            for issuer in self._by_subject.get(last.issuer.public_bytes(), ())
            if last.issuer != last.subject and is_issued_by(last, issuer)
        ]
        if not issuers and len(path) > 1:
            yield path
        for issuer in issuers:
            if len(path) < MAX_PATH and _allows_below(issuer, path):
                yield from self._climb((*path, issuer))


def require_valid(paths: Sequence[TrustPath], made: datetime, now: datetime) -> TrustPath:
    """The first path that held when a signature was made and holds now; where none does, the first one's fault
    is told.
    """
    refusals = []
    for path in paths:
        if (refusal := path.failing(made, now)) is None:
            return path
        refusals.append(refusal)
    raise refusals[0]


def _authorities(file: Path) -> Iterator[x509.Certificate]:
    octets = file.read_bytes()
    try:
        if _PEM in octets:
            certificates = x509.load_pem_x509_certificates(octets)
        else:
            certificates = [x509.load_der_x509_certificate(octets)]
    except MALFORMED as error:
        raise TrustError(f"{file}: no X.509 certificate in PEM or DER: {error}") from error
    for certificate in certificates:
        subject = certificate.subject.rfc4514_string()
        try:
            public_key(certificate)
        except ValueError as error:
            raise TrustError(f"{file}: {subject}: its key is malformed: {error}") from error
        except UnsupportedAlgorithm:
            _log.warning(
                "authority left out: its key's algorithm is not supported", file=str(file), subject=subject
            )
            continue
        _require_authority(certificate, f"{file}: {subject}")
        yield certificate


def _require_authority(certificate: x509.Certificate, what: str) -> None:
    """RFC 5280, 4.2.1.9 (basicConstraints) and 4.2.1.3 (keyCertSign)."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        require_processed_extensions(certificate)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError) as error:
        raise TrustError(f"{what}: not an authority's certificate: {error}") from error
    except Refusal as refusal:
        raise TrustError(f"{what}: {refusal.detail}") from refusal
    if not (constraints.ca and usage.key_cert_sign):
        raise TrustError(f"{what}: not an authority's certificate: it may not sign certificates")


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's key signed the certificate (RFC 5280, 6.1.3 a 1, a 4). Refuses a weak digest."""
    try:
        key = public_key(issuer)
        if isinstance(key, GostPublicKey):
            return certificate.issuer == issuer.subject and is_certified(certificate, key)
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    if not isinstance(certificate.signature_hash_algorithm, _HASHES):
        raise Refusal(Reason.WEAK_DIGEST, "a certificate in the chain is signed over a weak digest")
    return True


def _allows_below(issuer: x509.Certificate, path: tuple[x509.Certificate, ...]) -> bool:
    """RFC 5280, 4.2.1.9: pathLenConstraint counts the authorities below that did not issue themselves."""
    limit = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
    between = sum(certificate.subject != certificate.issuer for certificate in path[1:])
    return limit is None or between <= limit
