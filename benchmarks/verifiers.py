"""Verifiers of a `wsse` message in Python: ours, and two others as a careful user would call them.

Each takes the bytes that came, from whichever employer, and gives the payload that may be believed, or raises. None is
helped or hindered: what can be kept from one message to the next is kept, trust in the signer's certificate with it,
and each does what makes its answer safe to use, and no more.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import xmlsec
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from esutd_bus.signature import names
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import Verifier
from esutd_bus.soap.envelope import open_envelope

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography import x509
    from lxml.etree import _Element as Element

_NS: Final = {"soap": names.SOAP, "ds": names.DS, "wsse": names.WSSE, "wsu": names.WSU}
_SECURITY: Final = f"{{{names.SOAP}}}Header/{{{names.WSSE}}}Security"
_SIGNATURE: Final = f"{_SECURITY}/{{{names.DS}}}Signature"
_KEY_IDENTIFIER: Final = f"{names.KEY_INFO}/{names.SECURITY_TOKEN_REFERENCE}/{names.KEY_IDENTIFIER}"


class Refused(Exception):  # noqa: N818  # a verdict on a message, not an error of the program
    """What a careful user checks beside the library does not hold."""


class Ours:
    """The service's own way, from the bytes to the verified message.

    The certificate comes with the message; that it is a signer's and leads to an authority is remembered.
    """

    def __init__(self, trust_dir: Path) -> None:
        self._verifier = Verifier(TrustStore.from_directory(trust_dir))

    def __call__(self, raw: bytes) -> Element:
        """The payload."""
        return self._verifier.verify(open_envelope(raw), datetime.now(UTC)).payload


class SignxmlPinned:
    """signxml (`XMLVerifier.verify`) for one signer whose certificate is given, whoever a message says has signed it.

    signxml is told where the signature stands, and the only algorithms to take. `signed_xml` is what it has digested,
    parsed anew; as its documentation asks, that alone is used, and it must be a Body with one payload. It compares the
    certificate's validity with the clock itself. There is no chain to follow from a certificate that is given.
    """

    def __init__(self, certificate: x509.Certificate) -> None:
        self._certificate = certificate
        self._verifier = XMLVerifier()
        self._expected = SignatureConfiguration(
            location=f"./{_SECURITY}/",
            signature_methods=frozenset({SignatureMethod.RSA_SHA256}),
            digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
        )

    def __call__(self, raw: bytes) -> Element:
        """The payload."""
        return self._verify(raw, x509_cert=self._certificate)

    def _verify(self, raw: bytes, **trust: Any) -> Element:
        verified = self._verifier.verify(raw, id_attribute="Id", expect_config=self._expected, **trust)
        if not isinstance(verified, VerifyResult):
            raise Refused("one reference was expected")
        return _payload(verified.signed_xml)


class Signxml(SignxmlPinned):
    """signxml for every signer it knows, as a service must use it.

    signxml finds no certificate in a `wsse:KeyIdentifier`. So the user looks there first, for a certificate that was
    found good before (here: the one signer's), and gives it to signxml. It takes bytes and parses them once more: an
    element it would write out and then parse.
    """

    def __init__(self, certificate: x509.Certificate) -> None:
        super().__init__(certificate)
        self._trusted = _Trusted({_base64(certificate): certificate})

    def __call__(self, raw: bytes) -> Element:
        """The payload."""
        signature = etree.fromstring(raw, _parser()).find(_SIGNATURE)
        return self._verify(raw, x509_cert=self._trusted.of(signature))


class SignxmlWithChain(SignxmlPinned):
    """signxml with the authorities given (`ca_pem_file`), for messages whose certificate stands in `ds:X509Data`.

    It reads the file and follows the chain for each message, and has no way to remember either.
    """

    def __init__(self, certificate: x509.Certificate, authorities: Path) -> None:
        super().__init__(certificate)
        self._authorities = str(authorities)

    def __call__(self, raw: bytes) -> Element:
        """The payload."""
        return self._verify(raw, ca_pem_file=self._authorities)


class Xmlsec:
    """python-xmlsec for every signer it knows: the key is made of the certificate when that is found good.

    libxmlsec verifies what a signature says and looks no further, so the user does. No document type declaration, for
    it could make an attribute an identifier. The signature is taken from its place, the algorithms are restricted, the
    one Reference must be to the Body that will be read, and the Body's identifier must be the only one of its value:
    libxmlsec would take the first of several. The certificate's validity is compared with the clock.
    """

    def __init__(self, certificate: x509.Certificate) -> None:
        pem = certificate.public_bytes(Encoding.PEM)
        key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)
        validity = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        self._trusted = _Trusted({_base64(certificate): (key, validity)})
        self._same_identifiers = etree.XPath("count(//@*[local-name() = 'Id'][. = $identifier])")

    def __call__(self, raw: bytes) -> Element:
        """The payload."""
        root = etree.fromstring(raw, _parser())
        if root.getroottree().docinfo.internalDTD is not None:
            raise Refused("a document type declaration is not taken")
        body, signature = root.find(names.BODY), root.find(_SIGNATURE)
        if body is None or signature is None:
            raise Refused("there is no Body, or no signature where it belongs")
        references = signature.findall("ds:SignedInfo/ds:Reference", _NS)
        identifier = body.get(names.WSU_ID)
        if identifier is None or [one.get("URI") for one in references] != [f"#{identifier}"]:
            raise Refused("the signature is not over the Body")
        if self._same_identifiers(root, identifier=identifier) != 1:
            raise Refused("the Body's identifier is not the only one of its value")
        key, (not_before, not_after) = self._trusted.of(signature)
        if not not_before <= datetime.now(UTC) <= not_after:
            raise Refused("the certificate is not valid now")
        xmlsec.tree.add_ids(root, ["Id"])
        transforms: Any = xmlsec.Transform  # type: ignore[attr-defined]
        context = xmlsec.SignatureContext()
        context.enable_signature_transform(transforms.EXCL_C14N)
        context.enable_signature_transform(transforms.RSA_SHA256)
        context.enable_reference_transform(transforms.EXCL_C14N)
        context.enable_reference_transform(transforms.SHA256)
        context.key = key
        context.verify(signature)
        return _payload(body)


class _Trusted:
    """What was made of certificates that were found good, by the base64 of their DER."""

    def __init__(self, certificates: dict[str, Any]) -> None:
        self._certificates = certificates

    def of(self, signature: Element | None) -> Any:
        """What belongs to the certificate in the signature's `wsse:KeyIdentifier`."""
        text = None if signature is None else signature.findtext(_KEY_IDENTIFIER)
        found = self._certificates.get("".join((text or "").split()))
        if found is None:
            raise Refused("the signer's certificate is not known to be good")
        return found


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True)


def _base64(certificate: x509.Certificate) -> str:
    lines = certificate.public_bytes(Encoding.PEM).decode().splitlines()
    return "".join(lines[1:-1])


def _payload(body: Element | None) -> Element:
    if body is None or body.tag != names.BODY or len(body) != 1:
        raise Refused("what is signed is no Body with one payload")
    return body[0]
