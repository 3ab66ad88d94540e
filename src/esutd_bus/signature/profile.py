"""Profiles: where a message bears its signature, and of what kind. Data, not code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from esutd_bus.signature import names

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """One way to bear a signature. The verifier goes where the profile points; it never searches."""

    name: str
    """As reports, mappings and the command line call it."""

    holder: tuple[str, ...]
    """From the document's root down to the element whose direct child is the `ds:Signature`."""

    companions: AbstractSet[str]
    """What may stand beside the signature and belongs to it, each at most once."""

    identifier: str | None
    """The signed element's attribute that the Reference's URI names, after `#` (XMLDSig 4.4.3.1); none where
    the whole document is signed, whose URI is empty."""

    canonicalizations: AbstractSet[str]
    """What SignedInfo's CanonicalizationMethod may be (XMLDSig 4.4.1)."""

    transforms: AbstractSet[tuple[str, ...]]
    """The chains that the Reference's transforms may be; the last of a chain is a canonical form (4.4.3.4)."""

    key_info: AbstractSet[tuple[str, ...]]
    """The forms KeyInfo may take: from KeyInfo down to the element that holds or names the certificate."""


_CERTIFICATE: Final = (names.X509_DATA, names.X509_CERTIFICATE)
_ISSUER_SERIAL: Final = (names.X509_DATA, names.X509_ISSUER_SERIAL)

WSSE: Final = Profile(
    name="wsse",
    holder=(names.HEADER, names.SECURITY),
    companions=frozenset({names.BINARY_SECURITY_TOKEN, names.TIMESTAMP}),
    identifier=names.WSU_ID,
    canonicalizations=frozenset({names.EXCLUSIVE_C14N}),
    transforms=frozenset({(names.EXCLUSIVE_C14N,)}),
    key_info=frozenset(
        {
            (names.SECURITY_TOKEN_REFERENCE, names.KEY_IDENTIFIER),
            (names.SECURITY_TOKEN_REFERENCE, names.TOKEN_REFERENCE),
            (names.SECURITY_TOKEN_REFERENCE, *_CERTIFICATE),
            (names.SECURITY_TOKEN_REFERENCE, *_ISSUER_SERIAL),
            _CERTIFICATE,
        }
    ),
)
"""WS-Security over the Body (WS-Security 1.1, 8; X.509 Token Profile 1.1, 3)."""

HEADER: Final = Profile(
    name="header",
    holder=(names.HEADER,),
    companions=frozenset(),
    identifier=names.ID,
    canonicalizations=frozenset({names.EXCLUSIVE_C14N}),
    transforms=frozenset({(names.EXCLUSIVE_C14N,)}),
    key_info=frozenset({_CERTIFICATE, _ISSUER_SERIAL}),
)
"""A bare XML signature over the Body, straight in the Header."""

DOCUMENT: Final = Profile(
    name="document",
    holder=(),
    companions=frozenset(),
    identifier=None,
    canonicalizations=frozenset({names.C14N, names.C14N_WITH_COMMENTS}),
    transforms=frozenset(
        {
            (names.ENVELOPED_SIGNATURE, names.C14N),
            (names.ENVELOPED_SIGNATURE, names.C14N_WITH_COMMENTS),
        }
    ),
    key_info=frozenset({_CERTIFICATE}),
)
"""An enveloped signature over a document that is complete in itself, as НУЦ РК's own tools make it."""

ALL_PROFILES: Final = frozenset(profile.name for profile in (WSSE, HEADER, DOCUMENT))
"""The names of all profiles."""
