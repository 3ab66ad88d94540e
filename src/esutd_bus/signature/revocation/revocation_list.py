"""Revocation lists, whole ones and deltas (RFC 5280, 5 and 6.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import ExtensionOID

from esutd_bus.signature.certificates import public_key
from esutd_bus.signature.revocation.entries import Entries, Entry
from esutd_bus.signature.revocation.period import Period
from esutd_bus.signature.revocation.problem import NotBelieved, Problem
from esutd_bus.signature.revocation.scope import Scope
from esutd_bus.signature.revocation.unreadable import UNREADABLE
from esutd_bus.signature.x509_signature import is_signed, require_plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cryptography.x509 import ObjectIdentifier

_PROCESSED: Final[frozenset[ObjectIdentifier]] = frozenset(
    {
        ExtensionOID.CRL_NUMBER,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.ISSUING_DISTRIBUTION_POINT,
        ExtensionOID.DELTA_CRL_INDICATOR,
        ExtensionOID.FRESHEST_CRL,
    }
)
"""Extensions that may be critical (RFC 5280, 5.2)."""


@dataclass(frozen=True, slots=True, eq=False)
class RevocationList:
    """A list whose signature holds. Equal to itself alone."""

    authorities: tuple[x509.Certificate, ...]
    """Whose it is: the configured authorities of its issuer's name whose key signed it. Several when one's
    certificate was renewed with the same key.
    """

    number: int
    base_number: int | None
    """Of a delta: the number of the oldest whole list that it can be laid over (RFC 5280, 5.2.4)."""

    period: Period
    scope: Scope
    entries: Entries

    @property
    def is_delta(self) -> bool:
        """Whether it tells changes only."""
        return self.base_number is not None

    @property
    def issuer(self) -> str:
        """The issuer's name as RFC 4514 writes it."""
        return self.authorities[0].subject.rfc4514_string()

    def may_lie_over(self, whole: RevocationList) -> bool:
        """Whether this delta continues a whole list of the same authority (RFC 5280, 5.2.4 and 6.3.3 c)."""
        return (
            self.base_number is not None
            and self.scope == whole.scope
            and self.base_number <= whole.number < self.number
        )


@dataclass(frozen=True, slots=True, eq=False)
class CurrentList:
    """A whole list with the newest delta that continues it, if there is one."""

    whole: RevocationList
    delta: RevocationList | None = None

    @property
    def period(self) -> Period:
        """Both together are as good as a whole list issued with the delta (RFC 5280, 5.2.4)."""
        periods = [one.period for one in (self.whole, self.delta) if one is not None]
        return Period(max(one.this_update for one in periods), max(one.next_update for one in periods))

    def find(self, serial: int) -> Entry | None:
        """The entry that revokes a certificate, if there is one."""
        changed = self.delta.entries.find(serial) if self.delta is not None else None
        entry = changed or self.whole.entries.find(serial)
        return None if entry is None or entry.is_removal else entry


def current_lists(lists: Iterable[RevocationList]) -> tuple[CurrentList, ...]:
    """Of one authority's lists, the newest whole one of each scope, each with its newest delta."""
    newest: dict[Scope, RevocationList] = {}
    deltas = []
    for one in lists:
        if one.is_delta:
            deltas.append(one)
        elif one.scope not in newest or newest[one.scope].period.this_update < one.period.this_update:
            newest[one.scope] = one
    return tuple(
        CurrentList(
            whole,
            max((d for d in deltas if d.may_lie_over(whole)), key=lambda d: d.number, default=None),
        )
        for whole in newest.values()
    )


def read_revocation_list(der: bytes, authorities: Iterable[x509.Certificate]) -> RevocationList:
    """A list from its DER, whoever of the authorities has signed it.

    Raises `NotBelieved`. When it was issued is not judged: that depends on the moment (`RevocationList.period`).
    """
    try:
        crl = x509.load_der_x509_crl(der)
        require_plain(der)
        signers = _signers(crl, authorities)
        return _understood(crl, signers)
    except UnsupportedAlgorithm as error:
        raise NotBelieved(Problem.ALGORITHM, str(error)) from error
    except UNREADABLE as error:
        raise NotBelieved(Problem.UNREADABLE, "no revocation list in DER") from error


def _signers(
    crl: x509.CertificateRevocationList, authorities: Iterable[x509.Certificate]
) -> tuple[x509.Certificate, ...]:
    """RFC 5280, 6.3.3 f and g."""
    issuer = crl.issuer.public_bytes()
    namesakes = [one for one in authorities if one.subject.public_bytes() == issuer and _may_sign_lists(one)]
    if not namesakes:
        raise NotBelieved(
            Problem.ISSUER,
            f"no configured authority that may sign lists is called {crl.issuer.rfc4514_string()}",
        )
    signed, signature, oid = crl.tbs_certlist_bytes, crl.signature, crl.signature_algorithm_oid
    signers = []
    misfit: UnsupportedAlgorithm | None = None
    for one in namesakes:
        try:
            if is_signed(signed, signature, oid, public_key(one)):
                signers.append(one)
        except UnsupportedAlgorithm as error:
            misfit = error
    if not signers:
        raise misfit or NotBelieved(Problem.SIGNATURE, "the signature is not the issuer's")
    return tuple(signers)


def _may_sign_lists(authority: x509.Certificate) -> bool:
    return authority.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign


def _understood(crl: x509.CertificateRevocationList, signers: tuple[x509.Certificate, ...]) -> RevocationList:
    number: int | None = None
    base_number: int | None = None
    scope = Scope()
    for extension in crl.extensions:
        match extension.value:
            case x509.CRLNumber() as value:
                number = value.crl_number
            case x509.DeltaCRLIndicator() as value:
                base_number = value.crl_number
            case x509.IssuingDistributionPoint() as value:
                scope = Scope.of(value)
            case _ if extension.critical and extension.oid not in _PROCESSED:
                raise NotBelieved(
                    Problem.EXTENSION,
                    f"the critical extension {extension.oid.dotted_string} is not processed",
                )
    if number is None:
        raise NotBelieved(Problem.UNREADABLE, "the list has no number (RFC 5280, 5.2.3)")
    entries = Entries(crl)
    if base_number is None and entries.has_removals:
        raise NotBelieved(Problem.UNREADABLE, "removals stand in a list that is no delta (RFC 5280, 5.3.1)")
    period = Period.of(crl.last_update_utc, crl.next_update_utc)
    return RevocationList(signers, number, base_number, period, scope, entries)
