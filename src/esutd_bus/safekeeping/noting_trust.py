"""A trust store that notes which certificates it was asked about."""

from __future__ import annotations

from cryptography import x509

from esutd_bus.signature.certificates import Certificate
from esutd_bus.signature.trust import TrustPath, TrustStore


class NotingTrust(TrustStore):
    """Believes what a `TrustStore` believes."""

    def __init__(self, authorities: list[x509.Certificate]) -> None:
        super().__init__(authorities)
        self.noted: dict[x509.Certificate, None] = {}
        """Each certificate of the paths asked for, in order."""

    def paths(self, certificate: Certificate) -> tuple[TrustPath, ...]:
        """As of a `TrustStore`."""
        self.noted[certificate.x509] = None
        found = super().paths(certificate)
        for path in found:
            self.noted |= dict.fromkeys(path.certificates)
        return found
