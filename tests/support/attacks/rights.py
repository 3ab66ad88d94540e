"""Good signatures of those who may not: withdrawn, blocked, not entrusted, not recorded."""

from __future__ import annotations

import base64
from collections.abc import Callable

from cryptography import x509
from issuing import twin

from esutd_bus.signature.signing import sign_document, sign_wsse
from support.attacks.attack import Attack, Bearer, Forge, Recipe, each

NOT_PERMITTED = "ESB005"


def _rewrite(message: Bearer) -> None:
    certificate = x509.load_der_x509_certificate(base64.b64decode(message.certificate.text or ""))
    message.certificate.text = base64.b64encode(twin(certificate)).decode()


def _sent_by(system: str) -> Callable[[Forge], bytes]:
    return lambda forge: sign_wsse(forge.signed(profile="document"), forge.ca.identity(system))


def _signed_before_by(cosigner: str) -> Callable[[Forge], bytes]:
    def make(forge: Forge) -> bytes:
        signed = sign_document(forge.self_contained, forge.ca.identity(cosigner))
        return sign_document(signed, forge.ca.identity("employer"))

    return make


RIGHTS = (
    *each(
        Recipe("by a withdrawn key", "withdrawn", code=NOT_PERMITTED, signer="withdrawn-key"),
        Recipe("by a withdrawn key, its certificate rewritten around what is signed of it", "withdrawn", _rewrite,
               code=NOT_PERMITTED, signer=lambda forge: forge.attestors.withdrawn),
        Recipe("by an employee", "delegation", code=NOT_PERMITTED, signer="employee"),
        Recipe("by a personnel officer without an act", "delegation", code=NOT_PERMITTED, signer="personnel-officer"),
        profiles=("wsse", "document"),
    ),
    Attack("document in wsse: by a system that nobody has recorded", _sent_by("other-employer"), "system",
           NOT_PERMITTED),
    Attack("document in wsse: by a blocked employer", _sent_by("blocked-employer"), "blocked", NOT_PERMITTED),
    Attack("document: co-signed with a withdrawn key", _signed_before_by("withdrawn-key"), "withdrawn", NOT_PERMITTED),
    Attack("document: co-signed by a blocked employer", _signed_before_by("blocked-employer"), "blocked",
           NOT_PERMITTED),
)  # fmt: skip
