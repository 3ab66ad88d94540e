"""Why a signature is refused: the verifier's closed vocabulary.

A reason travels in the fault beside SCSE001, in the journal and in reports, so its spelling is part of
the service's contract. What it means, by which section of which standard, and what to do about it is data:
`reasons.yaml`, read by `explanation`.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """One word for each way a signature can fail."""

    UNREADABLE = "unreadable"
    """The bytes are no XML as it is taken here, or no SOAP 1.1 envelope (SOAP 1.1, 4)."""

    ABSENT = "absent"
    """The message carries no `ds:Signature` at all."""

    MISPLACED = "misplaced"
    """There is a `ds:Signature`, but not where a profile puts it (WS-Security 5 and 8)."""

    PROFILE = "profile"
    """The message bears its signature by a profile that is not accepted for it."""

    NAMESPACE_CONTEXT = "namespace-context"
    """A document that is signed stands on namespace declarations around it (Namespaces in XML 6.1)."""

    SEVERAL_SECURITY_HEADERS = "several-security-headers"
    """More than one `wsse:Security` is addressed to this service (WS-Security 5)."""

    SEVERAL_SIGNATURES = "several-signatures"
    """More than one `ds:Signature` stands where exactly one may (WS-Security 8)."""

    STRUCTURE = "structure"
    """Something in or beside the signature that the profile does not know (XMLDSig 4; WS-Security 8)."""

    SEVERAL_REFERENCES = "several-references"
    """SignedInfo refers to more than the one element of the profile (XMLDSig 4.4.3)."""

    CANONICALIZATION = "canonicalization"
    """SignedInfo's form is not the profile's, or there is none (XMLDSig 4.4.1; Canonical XML 2.1)."""

    ALGORITHM = "algorithm"
    """A signature or digest algorithm off the closed list, or one that does not fit the key (XMLDSig 6.1)."""

    WEAK_DIGEST = "weak-digest"
    """SHA-1 or MD5, in the signature, its reference or a certificate (XMLDSig 6.2; RFC 6194)."""

    SYMMETRIC_ALGORITHM = "symmetric-algorithm"
    """HMAC: whoever knows the public certificate could compute it (XMLDSig 6.3.1, 12.2)."""

    TRANSFORM = "transform"
    """The Reference's transforms are not exactly the profile's (XMLDSig 4.4.3.4, 12.1)."""

    DUPLICATE_ID = "duplicate-id"
    """An identifier occurs twice in the document (XMLDSig 4.4.3.2; WS-Security 4.2)."""

    REFERENCE_TARGET = "reference-target"
    """The Reference is not to the very element that is processed (XMLDSig 4.4.3, 12.1.3; WS-Security 8.3)."""

    TIMESTAMP = "timestamp"
    """`wsu:Timestamp` is malformed, from the future, or has expired (WS-Security 10)."""

    KEY_INFO = "key-info"
    """KeyInfo leads to no certificate in a form of the profile (XMLDSig 4.5; X.509 Token Profile 3.1)."""

    CERTIFICATE_UNKNOWN = "certificate-unknown"
    """KeyInfo names a certificate by issuer and number that is not known here (XMLDSig 4.5.4.1)."""

    CERTIFICATE_MALFORMED = "certificate-malformed"
    """What KeyInfo holds cannot be read as a certificate (RFC 5280, 4.1)."""

    CRITICAL_EXTENSION = "critical-extension"
    """The certificate has a critical extension that is not processed here (RFC 5280, 4.2)."""

    WEAK_KEY = "weak-key"
    """An RSA key under 2048 bits, or a curve off the closed list."""

    UNTRUSTED = "untrusted"
    """No chain of signatures leads to a configured authority (RFC 5280, 6.1)."""

    EXPIRED = "expired"
    """The certificate, or an authority's above it, has ended (RFC 5280, 4.1.2.5)."""

    NOT_YET_VALID = "not-yet-valid"
    """The certificate, or an authority's above it, has not begun (RFC 5280, 4.1.2.5)."""

    REVOKED = "revoked"
    """The authority has taken the certificate, or an authority's above it, back (RFC 5280, 6.3; RFC 6960)."""

    REVOCATION_UNKNOWN = "revocation-unknown"
    """Nothing current is known of whether it was revoked, and here that must be known (RFC 5280, 6.3; RFC 6960)."""

    KEY_USAGE = "key-usage"
    """The key is not for signing documents: nonRepudiation is not set (RFC 5280, 4.2.1.3)."""

    SUBJECT_WITHOUT_BIN_OR_IIN = "subject-without-bin-or-iin"
    """The subject does not name one person (`SERIALNUMBER=IIN…`) and at most one body (`OU=BIN…`)."""

    SIGNATURE_MISMATCH = "signature-mismatch"
    """SignatureValue is not SignedInfo's under the certificate's key (XMLDSig 3.2.2)."""

    DIGEST_MISMATCH = "digest-mismatch"
    """The signed element is not what was signed (XMLDSig 3.2.1)."""


class Refusal(Exception):  # noqa: N818  # a verdict on a message, not an error of the program
    """A check failed. Stays inside this room: the verifier turns it into a report (`SignatureRefused`)."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
        """One English sentence for a developer or an operator; never a secret, never an IIN."""
