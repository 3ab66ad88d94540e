"""Roles: what the authority says of the holder of a certificate (EKU, arc 1.2.398.3.3.4.1 of НУЦ РК)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.x509 import ObjectIdentifier

_ARC: Final = "1.2.398.3.3.4.1"


class Role(StrEnum):
    """One purpose of the certificate's ExtendedKeyUsage (RFC 5280, 4.2.1.12)."""

    INDIVIDUAL = "individual"
    """A person who signs for oneself."""

    ORGANISATION = "organisation"
    """The holder belongs to a body: goes with one of those below."""

    FIRST_HEAD = "first-head"
    """The body's first head, who acts for it without a power of attorney."""

    MAY_SIGN = "may-sign"
    """A person with the right to sign for the body."""

    FINANCIAL_DOCUMENTS = "financial-documents"
    """A person with the right to sign the body's financial documents."""

    PERSONNEL_DEPARTMENT = "personnel-department"
    """An officer of the body's personnel department."""

    EMPLOYEE = "employee"
    """An employee of the body."""

    INFORMATION_SYSTEM = "information-system"
    """An information system of the body."""


_BY_OID: Final[Mapping[str, Role]] = MappingProxyType(
    {
        f"{_ARC}.1": Role.INDIVIDUAL,
        f"{_ARC}.2": Role.ORGANISATION,
        f"{_ARC}.2.1": Role.FIRST_HEAD,
        f"{_ARC}.2.2": Role.MAY_SIGN,
        f"{_ARC}.2.3": Role.FINANCIAL_DOCUMENTS,
        f"{_ARC}.2.4": Role.PERSONNEL_DEPARTMENT,
        f"{_ARC}.2.5": Role.EMPLOYEE,
        f"{_ARC}.2.6": Role.INFORMATION_SYSTEM,
    }
)


def roles_of(purposes: Iterable[ObjectIdentifier]) -> frozenset[Role]:
    """The roles among a certificate's purposes; others (client authentication, say) are none."""
    return frozenset(_BY_OID[oid.dotted_string] for oid in purposes if oid.dotted_string in _BY_OID)
