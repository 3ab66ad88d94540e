"""`ovt`: an organisation's word about itself, as КДП wants it: a JWT (RFC 7519) signed by RS256 (RFC 7518, 3.3).

Written here, since the key may be one that never leaves its token: no library of JWT signs with such a one.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any, Final

from esutd_bus.signature.algorithms import RSA_SHA256, SIGNATURES
from esutd_bus.signature.keys import KeyUnavailableError

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from esutd_bus.signature.keys import SigningKey

_HEADER: Final = {"alg": "RS256", "typ": "JWT"}
_RS256: Final = SIGNATURES[RSA_SHA256]


def ovt(company_bin: str, key: SigningKey, now: datetime, holds: timedelta) -> str:
    """The token of an organisation, which holds from now on for so long. Raises KeyUnavailableError."""
    if not _RS256.fits(key.certificate.public_key()):
        raise KeyUnavailableError("КДП takes an RSA key alone (RS256)")
    claims = {
        "cbin": company_bin,
        "mcheck": "EDS",
        "iat": int(now.timestamp()),
        "exp": int((now + holds).timestamp()),
    }
    signed = f"{_encoded(_HEADER)}.{_encoded(claims)}"
    return f"{signed}.{_base64(key.sign(signed.encode(), _RS256))}"


def _encoded(part: dict[str, Any]) -> str:
    return _base64(json.dumps(part, separators=(",", ":")).encode())


def _base64(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()
