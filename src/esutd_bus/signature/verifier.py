"""The verifier: one strict XMLDSig core, and the only maker of a verified message.

The order follows XML Signature Best Practices, 2.1: the shape first, then the trust in the key, then
SignedInfo's signature, and the reference's digest last, so that a stranger's message costs little.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NoReturn, SupportsIndex, final

from esutd_bus.lockstep import at_once
from esutd_bus.signature import canonical, names, timestamp
from esutd_bus.signature.algorithms import digest_function, signature_algorithm
from esutd_bus.signature.evidence import MessageEvidence
from esutd_bus.signature.key_info import CertificateTexts, certificate_octets
from esutd_bus.signature.known import CertificateIndex
from esutd_bus.signature.own_document import take_off
from esutd_bus.signature.place import in_document, in_element, in_envelope, require_unique_identifiers
from esutd_bus.signature.profile import ALL_PROFILES, DOCUMENT
from esutd_bus.signature.reason import Reason, Refusal
from esutd_bus.signature.report import SignatureRefused
from esutd_bus.signature.signed_info import read_signature
from esutd_bus.signature.trust import require_valid
from esutd_bus.soap.envelope import SoapError, open_document

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from lxml.etree import _Element as Element

    from esutd_bus.lockstep import Steps
    from esutd_bus.signature.evidence import Evidence
    from esutd_bus.signature.known import KnownCertificates
    from esutd_bus.signature.place import Place, Places
    from esutd_bus.signature.profile import Profile
    from esutd_bus.signature.report import MessageReport
    from esutd_bus.signature.revocation.revocation import Revocation
    from esutd_bus.signature.signed_info import Reference, SignatureParts
    from esutd_bus.signature.signer import Signer
    from esutd_bus.signature.trust import TrustStore
    from esutd_bus.soap.envelope import Envelope

CLOCK_SKEW: Final = timedelta(minutes=5)

_SEAL: Final = object()
"""Known to this module alone; without it no `VerifiedMessage` comes into being."""


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VerifiedMessage:
    """A message whose payload is, or stands inside of, the very element that was signed: what handlers take.

    Made by a `Verifier` and nothing else: it cannot be constructed, copied, pickled or subclassed.
    """

    payload: Element = field(repr=False)
    """What the message says: the one element of the signed Body, in its document; or, where the payload itself is
    signed, the root of the very document that was digested, without its signatures. Not to be changed.

    Comments are not signed (see `canonical`).
    """

    raw: bytes = field(repr=False)
    """The bytes that came, that were verified, and that are to be stored."""

    signer: Signer
    """Who has spoken: the verified certificate's holder, never a field of the message.

    Of a signed document the one who signed last, and so signed everything; else who signed the message.
    """

    system: Signer | None
    """Who sent a signed document and signed the message around it; none where that is not told apart."""

    cosigners: tuple[Signer, ...]
    """Who signed the document before, in its order."""

    evidence: MessageEvidence = field(repr=False)
    """What the report is made from. Not to be changed."""

    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        """Refuse every maker but the verifier."""
        if seal is not _SEAL:
            raise TypeError("a VerifiedMessage is made by the verifier alone")

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles of its signatures."""
        return tuple(dict.fromkeys(one.place.profile.name for one in self.evidence.signatures))

    @property
    def report(self) -> MessageReport:
        """What was checked."""
        return self.evidence.valid()

    def __init_subclass__(cls) -> NoReturn:
        """Refuse a subclass, which could leave the seal out."""
        raise TypeError("VerifiedMessage has no subclasses")

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        """Refuse pickling and copying: both would make a message that was not verified."""
        raise TypeError("a VerifiedMessage is neither copied nor pickled")


class Verifier:
    """Verifies messages against one set of trusted authorities. Safe to share between threads, but for what it knows
    of revocation.
    """

    def __init__(
        self,
        trust: TrustStore,
        *,
        known: KnownCertificates | None = None,
        clock_skew: timedelta = CLOCK_SKEW,
        revocation: Revocation | None = None,
    ) -> None:
        """`known`: where certificates are that a message only names; by default there are none.

        `revocation`: what is known of it, and what is required; None where nobody asks.
        """
        self._trust = trust
        self._known = known or CertificateIndex(())
        self._revocation = revocation
        self._texts = CertificateTexts()
        self._clock_skew = clock_skew

    def verify(
        self,
        envelope: Envelope,
        now: datetime,
        accepted: Collection[str] = ALL_PROFILES,
        payload: Element | None = None,
    ) -> VerifiedMessage:
        """The message, if each signature it bears holds at `now` (with zone), and each is by a profile that is
        accepted; otherwise raises `SignatureRefused`.

        `payload`: what is to be handed on, where that is not the Body's element itself: an element inside of it, or
        the root of a document that travels in it as text. Its own signatures are those of the profile `document`.
        """
        return at_once(self.verification(envelope, now, accepted, payload))

    def verification(
        self,
        envelope: Envelope,
        now: datetime,
        accepted: Collection[str] = ALL_PROFILES,
        payload: Element | None = None,
    ) -> Steps[VerifiedMessage]:
        """The same, stage by stage."""
        asked = envelope.payload if payload is None else payload
        return self._verify(
            lambda: in_envelope(envelope, asked), envelope.raw, MessageEvidence(now), accepted
        )

    def verify_document(self, raw: bytes | str, now: datetime) -> VerifiedMessage:
        """A document that is no envelope: a file, or what travelled as escaped text. Raises `SignatureRefused`."""
        evidence = MessageEvidence(now)
        evidence.begun.append("xml")
        try:
            root = open_document(raw)
        except SoapError as error:
            unreadable = Refusal(Reason.UNREADABLE, f"not XML as it is taken here: {error.detail}")
            raise SignatureRefused(evidence.refused(unreadable)) from error
        octets = raw.encode() if isinstance(raw, str) else raw
        return at_once(self._verify(lambda: in_document(root), octets, evidence, ALL_PROFILES))

    def verify_element(self, element: Element, raw: bytes, now: datetime) -> VerifiedMessage:
        """An element that is a signed document inside of another one. Raises `SignatureRefused`.

        `raw`: the bytes that came, which hold the element.
        """
        return at_once(self._verify(lambda: in_element(element), raw, MessageEvidence(now), ALL_PROFILES))

    def _verify(
        self,
        locate: Callable[[], Places],
        raw: bytes,
        evidence: MessageEvidence,
        accepted: Collection[str],
    ) -> Steps[VerifiedMessage]:
        begin = evidence.begun.append
        try:
            begin("position")
            places = locate()
            begin("profile")
            _require_accepted(places, accepted)
            begin("unique-ids")
            require_unique_identifiers(places.nodes)
            yield
            for place in places.signatures:
                yield from self._verify_signature(place, evidence.begin_signature(place), evidence.now)
        except Refusal as refusal:
            raise SignatureRefused(evidence.refused(refusal)) from refusal
        system, signer, cosigners = _speakers(evidence)
        return VerifiedMessage(
            payload=places.payload,
            raw=raw,
            signer=signer,
            system=system,
            cosigners=cosigners,
            evidence=evidence,
            seal=_SEAL,
        )

    def _verify_signature(self, place: Place, evidence: Evidence, now: datetime) -> Steps[None]:
        """All that makes one signature good. Raises `Refusal`."""
        begin, profile = evidence.begun.append, place.profile

        begin("structure")
        evidence.parts = parts = read_signature(place.signature)
        begin("algorithms")
        _require_methods(parts, profile)
        algorithm = signature_algorithm(parts.signature_method)
        digest = digest_function(parts.reference.digest_method)
        begin("reference")
        _require_reference(parts, place)
        begin("timestamp")
        made = timestamp.require_current(place.companions.get(names.TIMESTAMP), now, self._clock_skew)

        yield
        begin("key-info")
        token = place.companions.get(names.BINARY_SECURITY_TOKEN)
        der = certificate_octets(parts.key_info, token, profile, self._known, self._texts)
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
        path = require_valid(paths, made, now)
        if self._revocation is not None:
            begin("revocation")
            evidence.revocation = self._revocation.judge(path, now)
            self._revocation.require_good(evidence.revocation)

        yield
        begin("signature")
        if not algorithm.fits(certificate.public_key):
            raise Refusal(Reason.ALGORITHM, "SignatureMethod does not fit the certificate's key")
        signed_info = canonical.FORMS[parts.canonicalization.algorithm](
            parts.signed_info, parts.canonicalization.prefixes
        )
        yield
        if not algorithm.verify(certificate.public_key, parts.signature_value, signed_info):
            raise Refusal(Reason.SIGNATURE_MISMATCH, "SignatureValue is not SignedInfo's under this key")
        yield
        begin("digest")
        if digest(_signed_octets(place, parts.reference)) != parts.reference.digest_value:
            raise Refusal(Reason.DIGEST_MISMATCH, "the signed element was changed after it was signed")
        evidence.signer = signer
        yield


def _signed_octets(place: Place, reference: Reference) -> bytes:
    """What the Reference digests: the signed element after its transforms, which are the profile's."""
    *before, form = reference.transforms
    if before:
        # An enveloped signature is not part of what it signs, nor of what the signers before it have signed.
        take_off(place.signature)
    return canonical.FORMS[form.algorithm](place.signed, form.prefixes)


def _require_accepted(places: Places, accepted: Collection[str]) -> None:
    for place in places.signatures:
        if place.profile.name not in accepted:
            raise Refusal(
                Reason.PROFILE, f"a signature by the profile {place.profile.name} is not accepted here"
            )


def _speakers(evidence: MessageEvidence) -> tuple[Signer | None, Signer, tuple[Signer, ...]]:
    """(the system, who speaks, the co-signers in the document's order).

    Of a document that a system sends, the document's last signer speaks: his signature covers all others.
    """
    transport: list[Signer] = []
    document: list[Signer] = []
    for one in evidence.signatures:
        if one.signer is None:
            raise RuntimeError("a signature was not verified to its end")
        (document if one.place.profile is DOCUMENT else transport).append(one.signer)
    if not document:
        return None, transport[0], ()
    return (transport[0] if transport else None), document[0], tuple(document[:0:-1])


def _require_methods(parts: SignatureParts, profile: Profile) -> None:
    """The profile's canonicalization and transforms, to the letter."""
    if parts.canonicalization.algorithm not in profile.canonicalizations:
        raise Refusal(
            Reason.CANONICALIZATION,
            f"CanonicalizationMethod {parts.canonicalization.algorithm!r} is not accepted",
        )
    transforms = tuple([transform.algorithm for transform in parts.reference.transforms])
    if transforms not in profile.transforms:
        chains = " or ".join(sorted(", ".join(chain) for chain in profile.transforms))
        raise Refusal(Reason.TRANSFORM, f"the transforms must be exactly {chains}")


def _require_reference(parts: SignatureParts, place: Place) -> None:
    """The Reference names the very element that is processed."""
    uri = parts.reference.uri
    attribute = place.profile.identifier
    if attribute is None:
        named = uri == ""  # absent, it would be for the application to know (XMLDSig 4.4.3.1)
    else:
        identifier = place.signed.get(attribute)
        named = bool(identifier) and uri == f"#{identifier}"
    if not named:
        raise Refusal(Reason.REFERENCE_TARGET, f"the Reference is not to the message's {place.signed_path}")
