"""Where the bus is, and who calls it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class BusAccess:
    """The synchronous channel of the bus, as this service calls it."""

    url: str
    """Address of the channel, `https://…/bip-sync-wss-gost/`. The WSDL's own address is not used."""

    sender_id: str
    """`senderId` that the bus gave this service; also the registries' `senderCode`."""

    password: str | None = field(default=None, repr=False)
    """`password` of that sender, where the bus asks for one."""

    deadline: float = 10.0
    """Seconds for a whole call: connecting, sending and the last byte of the answer."""

    sign: Callable[[bytes], bytes] | None = field(default=None, repr=False)
    """Signs each envelope before it is sent; without it they go out unsigned."""

    max_answer_bytes: int = 2 * 1024 * 1024
    """A longer answer is not read to its end."""
