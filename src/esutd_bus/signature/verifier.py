"""The verifier: one strict XMLDSig core, and the only maker of a verified message.

The order follows XML Signature Best Practices, 2.1: the shape first, then the trust in the key, then
SignedInfo's signature, and the reference's digest last, so that a stranger's message costs little.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NoReturn, SupportsIndex, final

from esutd_bus.signature import canonical, names, timestamp
from esutd_bus.signature.algorithms import digest_function, signature_algorithm
from esutd_bus.signature.evidence import Evidence
from esutd_bus.signature.key_info import certificate_octets
from esutd_bus.signature.place import locate, require_unique_identifiers
from esutd_bus.signature.profile import WSSE
from esutd_bus.signature.reason import Reason, Refusal
from esutd_bus.signature.report import SignatureRefused
from esutd_bus.signature.signed_info import read_signature
from esutd_bus.signature.trust import require_valid

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from esutd_bus.signature.profile import Profile
    from esutd_bus.signature.report import SignatureReport
    from esutd_bus.signature.signed_info import SignatureParts
    from esutd_bus.signature.signer import Signer
    from esutd_bus.signature.trust import TrustStore
    from esutd_bus.soap.envelope import Envelope

CLOCK_SKEW: Final = timedelta(minutes=5)

_SEAL: Final = object()
"""Known to this module alone; without it no `VerifiedMessage` comes into being."""


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VerifiedMessage:
    """A message whose payload stands inside the very element that was signed: what handlers take.

    Made by `Verifier.verify` and nothing else: it cannot be constructed, copied, pickled or subclassed.
    """

    payload: Element = field(repr=False)
    """The one element of the signed Body, in its document. Not to be changed.

    Comments are not signed (see `canonical.exclusive`).
    """

    raw: bytes = field(repr=False)
    """The bytes that came, that were verified, and that are to be stored."""

    signer: Signer
    """Who has spoken: the verified certificate's holder, never a field of the message."""

    report: SignatureReport = field(repr=False)
    """What was checked."""

    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        """Refuse every maker but the verifier."""
        if seal is not _SEAL:
            raise TypeError("a VerifiedMessage is made by the verifier alone")

    def __init_subclass__(cls) -> NoReturn:
        """Refuse a subclass, which could leave the seal out."""
        raise TypeError("VerifiedMessage has no subclasses")

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        """Refuse pickling and copying: both would make a message that was not verified."""
        raise TypeError("a VerifiedMessage is neither copied nor pickled")


class Verifier:
    """Verifies messages against one set of trusted authorities. Safe to share between threads."""

    def __init__(self, trust: TrustStore, *, clock_skew: timedelta = CLOCK_SKEW) -> None:
        self._trust = trust
        self._clock_skew = clock_skew

    def verify(self, envelope: Envelope, now: datetime) -> VerifiedMessage:
        """The message, if its signature holds at `now` (with zone); otherwise raises `SignatureRefused`."""
        evidence = Evidence(WSSE.name, now)
        try:
            signer = self._verify(envelope, WSSE, evidence)
        except Refusal as refusal:
            raise SignatureRefused(evidence.refused(refusal)) from refusal
        report = evidence.valid(signer, signed_node=_path(WSSE))
        return VerifiedMessage(
            payload=envelope.payload, raw=envelope.raw, signer=signer, report=report, seal=_SEAL
        )

    def _verify(self, envelope: Envelope, profile: Profile, evidence: Evidence) -> Signer:
        begin = evidence.begin

        begin("position")
        place = locate(envelope, profile)
        begin("structure")
        parts = read_signature(place.signature)
        begin("algorithms")
        _require_methods(parts, profile, evidence)
        algorithm = signature_algorithm(parts.signature_method)
        digest = digest_function(parts.reference.digest_method)
        begin("unique-ids")
        require_unique_identifiers(envelope.root)
        begin("reference")
        _require_reference(parts, place.signed, profile, evidence)
        begin("timestamp")
        timestamp.require_current(place.companions.get(names.TIMESTAMP), evidence.now, self._clock_skew)

        begin("key-info")
        der = certificate_octets(parts.key_info, place.companions.get(names.BINARY_SECURITY_TOKEN), profile)
        begin("certificate")
        certificate = self._trust.read(der)
        evidence.certificate = certificate.summary
        certificate.require_strength()
        begin("key-usage")
        certificate.require_signing_use()
        begin("subject")
        signer = certificate.require_holder()
        begin("trust")
        paths = self._trust.paths(certificate)
        begin("validity")
        require_valid(paths, evidence.now)

        begin("signature")
        if not algorithm.fits(certificate.public_key):
            raise Refusal(Reason.ALGORITHM, "SignatureMethod does not fit the certificate's key")
        signed_info = canonical.exclusive(parts.signed_info, parts.canonicalization.prefixes)
        if not algorithm.verify(certificate.public_key, parts.signature_value, signed_info):
            raise Refusal(Reason.SIGNATURE_MISMATCH, "SignatureValue is not SignedInfo's under this key")
        begin("digest")
        signed = canonical.exclusive(place.signed, parts.reference.transforms[0].prefixes)
        if digest(signed) != parts.reference.digest_value:
            raise Refusal(Reason.DIGEST_MISMATCH, "the signed element was changed after it was signed")
        return signer


def _require_methods(parts: SignatureParts, profile: Profile, evidence: Evidence) -> None:
    """The profile's canonicalization and transforms, to the letter."""
    evidence.signature_algorithm = parts.signature_method
    evidence.digest_algorithm = parts.reference.digest_method
    evidence.canonicalization = parts.canonicalization.algorithm
    if parts.canonicalization.algorithm != profile.canonicalization:
        raise Refusal(
            Reason.CANONICALIZATION,
            f"CanonicalizationMethod {parts.canonicalization.algorithm!r} is not accepted",
        )
    transforms = tuple([transform.algorithm for transform in parts.reference.transforms])
    if transforms != profile.transforms:
        raise Refusal(Reason.TRANSFORM, f"the transforms must be exactly {', '.join(profile.transforms)}")


def _require_reference(parts: SignatureParts, signed: Element, profile: Profile, evidence: Evidence) -> None:
    """The Reference names the very element that is processed."""
    evidence.reference = parts.reference.uri
    identifier = signed.get(profile.identifier)
    if not identifier or parts.reference.uri != f"#{identifier}":
        raise Refusal(Reason.REFERENCE_TARGET, f"the Reference is not to the message's {_path(profile)}")


def _path(profile: Profile) -> str:
    return "/".join(["Envelope", *(tag.rpartition("}")[2] for tag in profile.signed)])
