"""КДП, the control of access to personal data, behind the bus: a person's consent becomes a token to ask with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from esutd_bus.registries.lenient import descend, text_at
from esutd_bus.registries.ovt import ovt
from esutd_bus.registries.upstream import UpstreamRefused, UpstreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from esutd_bus.registries.sync_channel import SyncChannel
    from esutd_bus.signature.keys import SigningKey

SERVICE_ID = "KDP_SERVICE"
_REQUEST = "{http://service.2fa-chain.kz/ns/kdp}getUserDataRequest"
_OVT_HOLDS: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What lets a person's data out for a while."""

    code: str = field(repr=False)
    """`kdpToken` of the next request."""

    public_key: str = field(repr=False)
    """`publicKey` of the next request."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks the control of access, as it wants to know it."""

    company: str
    """The organisation's name."""

    company_bin: str
    responsible: str
    """Its unit that answers for the data."""

    employee: str
    """Who works with them."""

    data_name: str
    """`personal_data_name`: what of the data is read."""


class AccessControl:
    """Asks КДП for tokens. Safe to use from many threads.

    Args:
        channel: the bus.
        asker: this service's owner.
        key: signs `ovt`, the organisation's word about itself; asked for before each signature.
    """

    def __init__(self, channel: SyncChannel, asker: Asker, key: Callable[[], SigningKey]) -> None:
        self._channel = channel
        self._request = channel.payload_type("kdp.xsd", _REQUEST)
        self._asker = asker
        self._key = key

    def token(self, iin: str, service_id: str, holds: timedelta) -> AccessToken:
        """A token for one person's data from one service, on a consent that is on record here.

        The person is not asked by SMS: the consent was given with the person's signature.

        Raises:
            UpstreamError: in all its kinds; UpstreamRefused with the control's own status where it lets nobody in.
            KeyUnavailableError: the key cannot sign.
        """
        data = self._channel.send(
            SERVICE_ID,
            self._request,
            {
                "uin": iin,
                "company": self._asker.company,
                "company_bin": self._asker.company_bin,
                "company_responsible": self._asker.responsible,
                "employee_name": self._asker.employee,
                "access_name": service_id,
                "personal_data_name": self._asker.data_name,
                "expiresIn": int(holds / timedelta(milliseconds=1)),
                "omit-sms": True,
                "ovt": ovt(self._asker.company_bin, self._key(), datetime.now(UTC), _OVT_HOLDS),
            },
        )
        told = next((part for part in data.iter("*") if descend(part, "status") is not None), None)
        code, public_key = text_at(told, "code"), text_at(told, "public-key")
        if code and public_key:
            # Line breaks stand in both where they were wrapped; neither has blanks of its own.
            return AccessToken("".join(code.split()), "".join(public_key.split()))
        status = text_at(told, "status")
        if status is None:
            raise UpstreamUnavailable("the answer has neither a token nor a status")
        raise UpstreamRefused(status, "access to the person's data is not given")
