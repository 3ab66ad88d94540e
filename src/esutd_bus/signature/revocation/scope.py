"""Which certificates of its issuer a revocation list is about (RFC 5280, 5.2.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509

from esutd_bus.signature.revocation.problem import NotBelieved, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Scope:
    """All of them, unless something is said. Two lists with one scope are a list and its delta (RFC 5280, 5.2.4)."""

    addresses: frozenset[str] | None = None
    """Where the list is published: it is about certificates that name one of these addresses."""

    users_only: bool = False
    authorities_only: bool = False

    @classmethod
    def of(cls, point: x509.IssuingDistributionPoint) -> Scope:
        """Raises `NotBelieved` for an indirect list, one about some reasons only, and others not understood."""
        if point.indirect_crl or point.only_some_reasons or point.only_contains_attribute_certs:
            raise NotBelieved(Problem.SCOPE, "an indirect list, or one about a part of what is asked for")
        if point.relative_name is not None:
            raise NotBelieved(Problem.SCOPE, "a list published under a relative name")
        if point.only_contains_user_certs and point.only_contains_ca_certs:
            raise NotBelieved(Problem.SCOPE, "a list about nobody")
        return cls(
            None if point.full_name is None else _addresses(point.full_name),
            point.only_contains_user_certs,
            point.only_contains_ca_certs,
        )

    def covers(self, certificate: x509.Certificate) -> bool:
        """Whether the list is about the certificate, which its issuer has issued (RFC 5280, 6.3.3 b)."""
        if (self.users_only or self.authorities_only) and self.users_only == _is_authority(certificate):
            return False
        return self.addresses is None or not self.addresses.isdisjoint(_points_of(certificate))


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _points_of(certificate: x509.Certificate) -> frozenset[str]:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return frozenset()
    return _addresses(name for point in points for name in point.full_name or ())


def _addresses(names: Iterable[x509.GeneralName]) -> frozenset[str]:
    return frozenset(name.value for name in names if isinstance(name, x509.UniformResourceIdentifier))
