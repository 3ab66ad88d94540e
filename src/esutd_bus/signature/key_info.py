"""KeyInfo: the signer's certificate, whole or by name, in one of the forms a profile allows (XMLDSig 4.5)."""

from __future__ import annotations

import re
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from esutd_bus.signature import names
from esutd_bus.signature.reason import Reason, Refusal
from esutd_bus.signature.structure import (
    decode_base64,
    leaf_text,
    only_elements,
    require_empty,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lxml.etree import _Element as Element

    from esutd_bus.signature.known import KnownCertificates
    from esutd_bus.signature.profile import Profile

_WRAPPER: Final = {
    names.KEY_INFO: frozenset({"Id"}),
    names.SECURITY_TOKEN_REFERENCE: frozenset({names.WSU_ID, "Id", names.TOKEN_TYPE}),
    names.X509_DATA: frozenset[str](),
}
"""The elements between KeyInfo and what holds the certificate → their attributes."""

REMEMBERED_TEXTS: Final = 2048
REMEMBERED_LENGTH: Final = 4096
"""Characters of a text that is remembered: strangers cannot make all of them grow beyond some 15 MB."""

_TOKEN: Final = frozenset({names.WSU_ID, "Id", "ValueType", "EncodingType"})
_TOKEN_REFERENCE: Final = frozenset({"URI", "ValueType"})
_SERIAL_NUMBER: Final = re.compile(r"[ \t\r\n]*\+?([0-9]{1,64})[ \t\r\n]*")


class CertificateTexts:
    """Certificates as messages spell them. The last ones decoded are remembered, for most signers come again."""

    def __init__(self) -> None:
        self._remembered = lru_cache(REMEMBERED_TEXTS)(_decoded)

    def decoded(self, text: str) -> bytes:
        """The DER. Refuses what is not base64 (see `decode_base64`)."""
        return self._remembered(text) if len(text) <= REMEMBERED_LENGTH else _decoded(text)


def _decoded(text: str) -> bytes:
    return decode_base64(text, Reason.CERTIFICATE_MALFORMED, "the certificate")


def certificate_octets(
    key_info: Element,
    token: Element | None,
    profile: Profile,
    known: KnownCertificates,
    texts: CertificateTexts,
) -> bytes:
    """The certificate's DER: as KeyInfo holds it, points to it in the header's BinarySecurityToken, or names it.

    KeyInfo must hold one thing: beside a second certificate, a KeyValue or a name, nobody could say which
    key is meant.
    """
    element, tag, path = key_info, key_info.tag, []
    while (attributes := _WRAPPER.get(tag)) is not None:
        children = only_elements(element, attributes)
        if len(children) != 1 or not isinstance(children[0].tag, str):
            raise Refusal(Reason.KEY_INFO, "KeyInfo must lead to exactly one certificate")
        element = children[0]
        tag = element.tag
        path.append(tag)
    if tuple(path) not in profile.key_info:
        form = "/".join(tag.rpartition("}")[2] for tag in path)
        raise Refusal(Reason.KEY_INFO, f"KeyInfo/{form} is not a form of the profile {profile.name}")
    if (token is not None) != (tag == names.TOKEN_REFERENCE):
        raise Refusal(
            Reason.KEY_INFO, "the BinarySecurityToken and a reference to it come together or not at all"
        )
    if tag == names.X509_ISSUER_SERIAL:
        return _issuer_serial(element, known)
    return texts.decoded(_READERS[tag](element, token))


def _key_identifier(element: Element, _: Element | None) -> str:
    """X.509 Token Profile 3.1, with the certificate itself in place of its identifier, as the bus does it."""
    return _token_text(element)


def _token_reference(element: Element, token: Element | None) -> str:
    """WS-Security 7.2 and 7.3: a direct reference to the header's own token."""
    require_empty(element, _TOKEN_REFERENCE)
    identifier = None if token is None else token.get(names.WSU_ID)
    if token is None or not identifier or element.get("URI") != f"#{identifier}":
        raise Refusal(Reason.KEY_INFO, "wsse:Reference does not name the header's BinarySecurityToken")
    if element.get("ValueType", names.X509V3) != names.X509V3:
        raise Refusal(Reason.KEY_INFO, "wsse:Reference is to a token that is not an X.509 v3 certificate")
    return _token_text(token)


def _x509_certificate(element: Element, _: Element | None) -> str:
    """XMLDSig 4.5.4."""
    return leaf_text(element)


def _issuer_serial(element: Element, known: KnownCertificates) -> bytes:
    """XMLDSig 4.5.4.1: the certificate stays at home, its issuer and number travel."""
    issuer, number = only_elements(element, exactly=[names.X509_ISSUER_NAME, names.X509_SERIAL_NUMBER])
    serial = _SERIAL_NUMBER.fullmatch(leaf_text(number))
    if serial is None:
        raise Refusal(Reason.KEY_INFO, "X509SerialNumber is no whole number")
    der = known.find(leaf_text(issuer), int(serial[1]))
    if der is None:
        raise Refusal(Reason.CERTIFICATE_UNKNOWN, "no certificate of that issuer and number is known here")
    return der


_READERS: Final[Mapping[str, Callable[[Element, Element | None], str]]] = MappingProxyType(
    {
        names.KEY_IDENTIFIER: _key_identifier,
        names.TOKEN_REFERENCE: _token_reference,
        names.X509_CERTIFICATE: _x509_certificate,
    }
)
"""The element that holds the certificate or points to it → how its text is read."""


def _token_text(element: Element) -> str:
    text = leaf_text(element, _TOKEN)
    if element.get("ValueType") != names.X509V3:
        raise Refusal(Reason.KEY_INFO, "the token is not a whole X.509 v3 certificate")
    if element.get("EncodingType", names.BASE64) != names.BASE64:
        raise Refusal(Reason.KEY_INFO, "the token is not in base64")
    return text
