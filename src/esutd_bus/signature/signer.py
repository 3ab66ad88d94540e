"""The signer: who a verified certificate says has spoken."""

from __future__ import annotations

from dataclasses import dataclass, field

from esutd_bus.signature.role import Role


@dataclass(frozen=True, slots=True)
class Signer:
    """The holder of the certificate a message was verified with. Personal data stays out of `repr`."""

    bin: str | None
    """12 digits of the body (`OU=BIN…`) the person signs for; none when the person signs for oneself."""

    iin: str = field(repr=False)
    """12 digits of the person (`SERIALNUMBER=IIN…`)."""

    name: str = field(repr=False)
    """The subject's common name."""

    subject: str = field(repr=False)
    """The whole subject as RFC 4514 writes it."""

    issuer: str
    """Who issued the certificate, as RFC 4514 writes it."""

    serial: str
    """The certificate's serial number, hexadecimal."""

    fingerprint: str
    """SHA-256 of the certificate, hexadecimal."""

    roles: frozenset[Role] = frozenset()
    """What the certificate entitles its holder to act as."""

    @property
    def certificate(self) -> str:
        """Which certificate it is (RFC 5280, 4.1.2.2).

        Not its fingerprint, which its bearer can change (see `certificates.identity`).
        """
        return f"{self.issuer} {self.serial}"

    @property
    def employer_id(self) -> str:
        """12 digits of who acts as employer: the body if there is one, else the person."""
        return self.bin or self.iin
