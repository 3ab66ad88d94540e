"""Whom an operation serves: the `roles` of its mapping."""

from __future__ import annotations

from esutd_bus.mapping.document import OperationDocument
from esutd_bus.mapping.request_compiler import EMPLOYER
from esutd_bus.mapping.yaml_file import MappingError
from esutd_bus.register.partners import EMPLOYERS, PartnerKind
from esutd_bus.soap.contract import Operation


def served(contract: Operation, said: OperationDocument) -> frozenset[PartnerKind]:
    """As what one must speak to ask for the operation. Raises MappingError.

    A message that names its employer is signed by this employer: it serves employers, all unless the mapping says
    which. Any other must say whom it serves.
    """
    kinds = frozenset(_kind(role, said.place) for role in said.roles)
    names_employer = EMPLOYER in {child.name for child in contract.request.children}
    if not kinds and not names_employer:
        raise MappingError(f"{said.place}: the message names no employer: say whom it serves, «roles: […]»")
    if names_employer and not kinds <= EMPLOYERS:
        others = ", ".join(sorted(kinds - EMPLOYERS))
        raise MappingError(
            f"{said.place}, roles: the message names the employer that must have signed it, so it cannot serve {others}"
        )
    return kinds or EMPLOYERS


def _kind(role: str, place: str) -> PartnerKind:
    try:
        return PartnerKind(role)
    except ValueError:
        raise MappingError(f"{place}, roles: no role «{role}» (known: {', '.join(PartnerKind)})") from None
