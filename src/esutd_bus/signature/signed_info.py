"""What a `ds:Signature` says: its parts, read in their exact places (XMLDSig 4.2–4.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from esutd_bus.signature import names
from esutd_bus.signature.reason import Reason, Refusal
from esutd_bus.signature.structure import (
    decode_base64,
    leaf_text,
    only_elements,
    require_empty,
)

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_SIGNATURE: Final = [names.SIGNED_INFO, names.SIGNATURE_VALUE, names.KEY_INFO]
_SIGNED_INFO: Final = [names.CANONICALIZATION_METHOD, names.SIGNATURE_METHOD, names.REFERENCE]
_REFERENCE: Final = [names.TRANSFORMS, names.DIGEST_METHOD, names.DIGEST_VALUE]

_ID: Final = frozenset({"Id"})
_ALGORITHM: Final = frozenset({"Algorithm"})
_URI: Final = frozenset({"Id", "URI"})
_PREFIX_LIST: Final = frozenset({"PrefixList"})


class Method(NamedTuple):
    """A CanonicalizationMethod or a Transform."""

    algorithm: str
    prefixes: tuple[str, ...]
    """InclusiveNamespaces' PrefixList, if there is one (Exclusive C14N, 4)."""


_WITHOUT_PARAMETERS: Final = {
    algorithm: Method(algorithm, ())
    for algorithm in (names.EXCLUSIVE_C14N, names.C14N, names.C14N_WITH_COMMENTS, names.ENVELOPED_SIGNATURE)
}


class Reference(NamedTuple):
    """The one Reference (XMLDSig 4.4.3)."""

    uri: str | None
    transforms: tuple[Method, ...]
    digest_method: str
    digest_value: bytes


class SignatureParts(NamedTuple):
    """All that a `ds:Signature` says. Nothing in it is checked against a list yet."""

    signed_info: Element
    canonicalization: Method
    signature_method: str
    reference: Reference
    signature_value: bytes
    key_info: Element


def read_signature(signature: Element) -> SignatureParts:
    """The parts of a `ds:Signature`. Refuses whatever else stands in it, `ds:Object` included."""
    signed_info, signature_value, key_info = only_elements(signature, _ID, exactly=_SIGNATURE)
    try:
        canonicalization, signature_method, reference = only_elements(signed_info, _ID, exactly=_SIGNED_INFO)
    except Refusal:
        if len(signed_info.findall(names.REFERENCE)) > 1:
            raise Refusal(
                Reason.SEVERAL_REFERENCES, "SignedInfo must hold one Reference, to the signed element"
            ) from None
        raise
    return SignatureParts(
        signed_info,
        _method(canonicalization),
        _algorithm(signature_method),
        _reference(reference),
        _octets(signature_value, "SignatureValue", _ID),
        key_info,
    )


def _reference(reference: Element) -> Reference:
    try:
        transforms, digest_method, digest_value = only_elements(reference, _URI, exactly=_REFERENCE)
    except Refusal:
        children = list(reference)
        if not children or children[0].tag != names.TRANSFORMS:
            # Without transforms the default would be inclusive C14N (XMLDSig 4.4.3.2).
            raise Refusal(Reason.TRANSFORM, "the Reference names no transforms") from None
        raise
    chain = only_elements(transforms, exactly=[names.TRANSFORM] * len(transforms))
    return Reference(
        reference.get("URI"),
        tuple([_method(transform) for transform in chain]),
        _algorithm(digest_method),
        _octets(digest_value, "DigestValue"),
    )


def _method(element: Element) -> Method:
    algorithm = element.get("Algorithm", "")
    if algorithm == names.EXCLUSIVE_C14N and len(element):
        (inclusive,) = only_elements(element, _ALGORITHM, exactly=[names.INCLUSIVE_NAMESPACES])
        require_empty(inclusive, _PREFIX_LIST)
        return Method(algorithm, tuple(inclusive.get("PrefixList", "").split()))
    method = _WITHOUT_PARAMETERS.get(algorithm)
    if method is None:
        return Method(algorithm, ())  # no profile takes it, whatever its parameters
    require_empty(element, _ALGORITHM)
    return method


def _algorithm(element: Element) -> str:
    """SignatureMethod or DigestMethod. HMACOutputLength and other parameters have no place in either."""
    require_empty(element, _ALGORITHM)
    return element.get("Algorithm", "")


def _octets(element: Element, what: str, attributes: frozenset[str] = frozenset()) -> bytes:
    return decode_base64(leaf_text(element, attributes), Reason.STRUCTURE, what)
