"""What the simulated КДП answers: the token by which a person's data are asked for, where the person lets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from esutd_bus.testbed.answer_signature import sign_data
from esutd_bus.testbed.population import Behaviour

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from lxml.etree import _Element as Element

    from esutd_bus.signature.keys import SigningKey
    from esutd_bus.testbed.bus_contract import Asked, BusContract

SERVICE_ID = "KDP_SERVICE"
GRANTED = "VALID"
REFUSED = "INVALID"
_SUCCESS = {"code": "SCSS001", "message": "Message has been processed successfully"}
_ALGORITHM = "RS256"
_KEY_BITS = 2048


class SimulatedKdp:
    """Gives tokens, and says of one whether it is its own."""

    def __init__(
        self,
        contract: BusContract,
        refuses: Mapping[str, Behaviour] | None = None,
        key: SigningKey | None = None,
        *,
        organisation: RSAPublicKey | None = None,
    ) -> None:
        """`refuses`: what goes wrong, or differs, by IIN; `result` tells the status of a refusal.

        `key`: signs the answers. `organisation`: the key by which `ovt` must be signed; without it any will do.
        """
        self._contract = contract
        self._behaviours = refuses or {}
        self._key = key
        self._organisation = organisation
        self._issuer = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)

    @property
    def public_key(self) -> str:
        """What its tokens are verified by, as it stands in its answers: PEM without line breaks and frame."""
        pem = self._issuer.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return "".join(pem.decode().splitlines()[1:-1])

    def answer(self, asked: Asked) -> tuple[Element, Behaviour]:
        """The envelope that answers a request, and what is to be done to it on its way.

        Raises:
            BrokenRequestError: the business data are not КДП's request.
        """
        request = self._contract.kdp_request(asked.data)
        behaviour = self._behaviours.get(request["uin"], Behaviour())
        if behaviour.fault is not None:
            return self._contract.fault(behaviour.fault["code"], behaviour.fault["text"]), behaviour
        if behaviour.result is not None:
            told = {"status": behaviour.result["code"]}
        elif not self._is_the_organisations(request["ovt"], request["company_bin"]):
            told = {"status": REFUSED}
        else:
            told = {
                "status": GRANTED,
                "code": self._token(request),
                "public-key": self.public_key,
            }
        status = behaviour.status or _SUCCESS
        envelope = self._contract.answer(
            asked, status["code"], status["message"], self._contract.kdp_response(told)
        )
        return sign_data(envelope, self._key, behaviour.signature), behaviour

    def has_given(self, token: str, public_key: str, iin: str, service: str) -> bool:
        """Whether a token is this control's own, for that person and service, and still holds."""
        if public_key != self.public_key:
            return False
        try:
            claims = jwt.decode(token, self._issuer.public_key(), algorithms=[_ALGORITHM])
        except jwt.InvalidTokenError:
            return False
        return (claims.get("uin"), claims.get("access_name")) == (iin, service)

    def _token(self, request: Mapping[str, str]) -> str:
        ends_at = datetime.now(UTC) + timedelta(milliseconds=int(request["expiresIn"]))
        claims = {"uin": request["uin"], "access_name": request["access_name"], "exp": ends_at}
        return jwt.encode(claims, self._issuer, algorithm=_ALGORITHM)

    def _is_the_organisations(self, ovt: str, company_bin: str) -> bool:
        try:
            claims = jwt.decode(
                ovt,
                self._organisation or "",
                algorithms=[_ALGORITHM],
                options={"verify_signature": self._organisation is not None, "verify_exp": True},
            )
        except jwt.InvalidTokenError:
            return False
        return bool(claims.get("cbin") == company_bin)
