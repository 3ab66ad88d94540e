"""Certificates as the national authority (НУЦ РК) issues them: whom they name, and what their key may do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtensionOID, NameOID

from esutd_bus.signature.gost import certificates as gost
from esutd_bus.signature.gost.keys import GostPublicKey
from esutd_bus.signature.reason import Reason, Refusal
from esutd_bus.signature.role import Role, roles_of
from esutd_bus.signature.signer import Signer

if TYPE_CHECKING:
    from datetime import datetime

MIN_RSA_BITS: Final = 2048
CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
"""Elliptic curves whose keys are accepted: NIST's P-256, P-384 and P-521."""

PROCESSED_EXTENSIONS: Final = frozenset(
    {
        ExtensionOID.KEY_USAGE,
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    }
)
"""Extensions that may be critical: they restrict nothing here, or are checked (RFC 5280, 4.2)."""

MALFORMED: Final = (
    ValueError,
    TypeError,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What `cryptography` raises of octets that are no certificate (`TypeError`: a bit string in a name)."""

_IIN: Final = re.compile(r"IIN([0-9]{12})")
_BIN: Final = re.compile(r"BIN([0-9]{12})")
_IIN_LIKE: Final = re.compile(r"IIN[0-9]")
_BIN_LIKE: Final = re.compile(r"BIN[0-9]")
_SUBJECT_NAMES: Final = {
    NameOID.SERIAL_NUMBER: "SERIALNUMBER",
    NameOID.SURNAME: "SURNAME",
    NameOID.GIVEN_NAME: "GIVENNAME",
    NameOID.EMAIL_ADDRESS: "E",
}
"""How the authority's own tools spell what RFC 4514 leaves as numbers."""


@dataclass(frozen=True, slots=True)
class CertificateSummary:
    """What a report tells of a certificate."""

    subject: str
    """RFC 4514."""

    issuer: str
    """RFC 4514."""

    serial: str
    """Hexadecimal."""

    not_before: datetime
    not_after: datetime
    fingerprint: str
    """SHA-256 of the DER, hexadecimal."""


@dataclass(frozen=True, slots=True, eq=False)
class Certificate:
    """A certificate read once: what its octets say, with no judgement on whether they are to be believed.

    Equal to itself alone, so that what was found out about it is looked up at the cost of a pointer.
    """

    x509: x509.Certificate
    public_key: Any
    """A public key of `cryptography`, or a `GostPublicKey`."""

    summary: CertificateSummary
    signs_documents: bool
    """KeyUsage has nonRepudiation, whatever else is set (RFC 5280, 4.2.1.3)."""

    holder: Signer | None
    """Whom the subject names; none when it does not name one person and at most one body."""

    def require_strength(self) -> None:
        """Refuse a key that is too weak to lean on."""
        key = self.public_key
        if isinstance(key, rsa.RSAPublicKey):
            if key.key_size < MIN_RSA_BITS:
                raise Refusal(Reason.WEAK_KEY, f"an RSA key of {key.key_size} bits; at least {MIN_RSA_BITS}")
        elif isinstance(key, ec.EllipticCurvePublicKey):
            if not isinstance(key.curve, CURVES):
                raise Refusal(Reason.WEAK_KEY, f"the curve {key.curve.name} is not accepted")
        elif not isinstance(key, GostPublicKey):  # whose curves are a closed list already
            raise Refusal(Reason.ALGORITHM, "the certificate's key is neither RSA, elliptic curve nor GOST")

    def require_signing_use(self) -> None:
        """Refuse an authentication key: it has digitalSignature, and lacks nonRepudiation."""
        if not self.signs_documents:
            raise Refusal(Reason.KEY_USAGE, "the certificate's key usage lacks nonRepudiation")

    def require_holder(self) -> Signer:
        """The person, and the body if there is one, that the subject names."""
        if self.holder is None:
            raise Refusal(
                Reason.SUBJECT_WITHOUT_BIN_OR_IIN,
                "the subject does not name exactly one IIN and at most one BIN of 12 digits",
            )
        return self.holder


def read_certificate(der: bytes) -> Certificate:
    """A certificate from its DER. Refuses what cannot be read, or asks for what is not processed."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        extensions = certificate.extensions
        summary = summarize(certificate)
        key = public_key(certificate)
        purposes = next((one.value for one in extensions if isinstance(one.value, x509.ExtendedKeyUsage)), ())
        holder = _holder(certificate.subject, summary, roles_of(purposes))
    except UnsupportedAlgorithm as error:
        raise Refusal(Reason.ALGORITHM, "the certificate's key is of a kind that is not accepted") from error
    except MALFORMED as error:
        raise Refusal(Reason.CERTIFICATE_MALFORMED, "KeyInfo's octets are no X.509 certificate") from error
    require_processed_extensions(certificate)
    usage = next((one.value for one in extensions if isinstance(one.value, x509.KeyUsage)), None)
    return Certificate(
        x509=certificate,
        public_key=key,
        summary=summary,
        signs_documents=usage is not None and usage.content_commitment,
        holder=holder,
    )


def public_key(certificate: x509.Certificate) -> Any:
    """A certificate's key: one of `cryptography`, or a `GostPublicKey`, which that library does not know.

    Raises `UnsupportedAlgorithm` for a key of any other kind, and `ValueError` for a malformed one.
    """
    try:
        return certificate.public_key()
    except UnsupportedAlgorithm:
        return gost.public_key(certificate)


def identity(certificate: x509.Certificate) -> str:
    """Which certificate it is: SHA-256, hexadecimal, of what its issuer has signed of it.

    Its fingerprint would not do: octets around that can be rewritten, and the certificate still holds. Of an ECDSA
    signature there is always a twin.
    """
    return sha256(certificate.tbs_certificate_bytes).hexdigest()


def require_processed_extensions(certificate: x509.Certificate) -> None:
    """Refuse a certificate whose issuer insists on something that is not processed here."""
    for extension in certificate.extensions:
        if extension.critical and extension.oid not in PROCESSED_EXTENSIONS:
            raise Refusal(
                Reason.CRITICAL_EXTENSION,
                f"the critical extension {extension.oid.dotted_string} is not processed",
            )


def summarize(certificate: x509.Certificate) -> CertificateSummary:
    """The certificate's data as reports show them."""
    return CertificateSummary(
        subject=certificate.subject.rfc4514_string(_SUBJECT_NAMES),
        issuer=certificate.issuer.rfc4514_string(_SUBJECT_NAMES),
        serial=f"{certificate.serial_number:x}",
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
    )


def _holder(subject: x509.Name, summary: CertificateSummary, roles: frozenset[Role]) -> Signer | None:
    """A value that looks like an identifier and is none makes the subject unusable, not the person's own."""
    persons = [value for value in _values(subject, NameOID.SERIAL_NUMBER) if _IIN_LIKE.match(value)]
    bodies = [value for value in _values(subject, NameOID.ORGANIZATIONAL_UNIT_NAME) if _BIN_LIKE.match(value)]
    iins = [match[1] for value in persons if (match := _IIN.fullmatch(value))]
    bins = [match[1] for value in bodies if (match := _BIN.fullmatch(value))]
    if len(persons) != 1 or len(iins) != 1 or len(bodies) > 1 or len(bins) != len(bodies):
        return None
    return Signer(
        bin=bins[0] if bins else None,
        iin=iins[0],
        name=next(iter(_values(subject, NameOID.COMMON_NAME)), ""),
        subject=summary.subject,
        issuer=summary.issuer,
        serial=summary.serial,
        fingerprint=summary.fingerprint,
        roles=roles,
    )


def _values(subject: x509.Name, oid: x509.ObjectIdentifier) -> list[str]:
    return [str(attribute.value) for attribute in subject.get_attributes_for_oid(oid)]
