"""Profiles: where a message bears its signature, and of what kind. Data, not code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from esutd_bus.signature import names


@dataclass(frozen=True, slots=True)
class Profile:
    """One way to bear a signature. The verifier goes where the profile points; it never searches."""

    name: str
    """As reports and the command line call it."""

    holder: tuple[str, ...]
    """From the Envelope down to the element whose direct child is the `ds:Signature`."""

    companions: frozenset[str]
    """What else the holder may hold, each at most once."""

    signed: tuple[str, ...]
    """From the Envelope down to the one element that is signed."""

    identifier: str
    """The signed element's attribute that the Reference's URI names, after `#` (XMLDSig 4.4.3.1)."""

    canonicalization: str
    """SignedInfo's CanonicalizationMethod (XMLDSig 4.4.1)."""

    transforms: tuple[str, ...]
    """The Reference's transforms, exactly these in this order (XMLDSig 4.4.3.4)."""

    key_info: frozenset[tuple[str, ...]]
    """The forms KeyInfo may take: from KeyInfo down to the element that holds or names the certificate."""


WSSE: Final = Profile(
    name="wsse",
    holder=(names.HEADER, names.SECURITY),
    companions=frozenset({names.BINARY_SECURITY_TOKEN, names.TIMESTAMP}),
    signed=(names.BODY,),
    identifier=names.WSU_ID,
    canonicalization=names.EXCLUSIVE_C14N,
    transforms=(names.EXCLUSIVE_C14N,),
    key_info=frozenset(
        {
            (names.SECURITY_TOKEN_REFERENCE, names.KEY_IDENTIFIER),
            (names.SECURITY_TOKEN_REFERENCE, names.TOKEN_REFERENCE),
            (names.SECURITY_TOKEN_REFERENCE, names.X509_DATA, names.X509_CERTIFICATE),
            (names.X509_DATA, names.X509_CERTIFICATE),
        }
    ),
)
"""WS-Security over the Body (WS-Security 1.1, 8; X.509 Token Profile 1.1, 3)."""
