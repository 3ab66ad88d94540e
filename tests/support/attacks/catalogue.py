"""All attacks, by family."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import forgeries
import forgeries_document
import forgeries_header
from forgery import NS

from support.attacks.attack import Attack, from_forgery
from support.attacks.certificates import CERTIFICATES
from support.attacks.content import CONTENT
from support.attacks.documents import DOCUMENTS
from support.attacks.key_info import KEY_INFO
from support.attacks.namespaces import NAMESPACES
from support.attacks.octets import OCTETS
from support.attacks.references import REFERENCES
from support.attacks.rights import RIGHTS
from support.attacks.values import VALUES
from support.attacks.wrapping import WRAPPINGS

_TWO_PAYLOADS = {"code": "ESB002", "reason": "the Body holds 2 elements, not one"}

AT_THE_DOOR: dict[str, dict[str, str]] = {
    "header: forgery: signature in the Body": _TWO_PAYLOADS,
    "document: forgery: signature in the Body, not in its payload": _TWO_PAYLOADS,
    # The real payload declares one prefix more than the evil one around it, and SignedInfo's form bears them all.
    "document: forgery: signed document inside of an evil one": {"reason": "signature-mismatch"},
    "document: forgery: enveloping instead of enveloped": {
        "code": "ESB003",
        "reason": f"{{{NS['ds']}}}Signature",
    },
}
"""Forgeries of the verifier's tests that are refused before the verifier, or for another reason."""


def _forged() -> Iterator[Attack]:
    """The forgeries of the verifier's tests, each by a name of its own."""
    named: Counter[str] = Counter()
    for forgery in (*forgeries.ALL, *forgeries_header.ALL, *forgeries_document.ALL):
        attack = from_forgery(forgery)
        named[attack.name] += 1
        number = f" ({named[attack.name]})" if named[attack.name] > 1 else ""
        yield replace(attack, name=f"{attack.name}{number}", **AT_THE_DOOR.get(attack.name, {}))


FAMILIES: dict[str, tuple[Attack, ...]] = {
    "forgeries": tuple(_forged()),
    "wrapping": WRAPPINGS,
    "documents": DOCUMENTS,
    "references": REFERENCES,
    "values": VALUES,
    "certificates": CERTIFICATES,
    "key_info": KEY_INFO,
    "content": CONTENT,
    "namespaces": NAMESPACES,
    "octets": OCTETS,
    "rights": RIGHTS,
}
"""What is played with → the attacks that do so."""

ATTACKS: tuple[Attack, ...] = tuple(attack for family in FAMILIES.values() for attack in family)
