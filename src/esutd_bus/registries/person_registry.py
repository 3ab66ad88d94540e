"""The port to a registry of individuals, and the shape of what it tells of a person."""

from __future__ import annotations

from typing import Any, Protocol

from esutd_bus.registries.upstream import (
    UpstreamError,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnavailable,
)

__all__ = [
    "Person",
    "PersonRegistry",
    "UpstreamError",
    "UpstreamRefused",
    "UpstreamTimeout",
    "UpstreamUnavailable",
]

Person = dict[str, Any]
"""A person, as sources of flat keys. What the registry does not tell has no key; nothing is `None` or empty.

`ENTRY_*` stands for three keys, which come together or not at all: `ENTRY_code`, `ENTRY_name_ru`,
`ENTRY_name_kk` (str: an entry of the registry's own dictionary).

| source | keys | type |
|---|---|---|
| `person` | `iin` (always) | str, 12 digits |
| | `surname`, `name`, `patronymic` | str |
| | `birth_date`, `death_date` | date |
| | `sex_*` (1 male, 2 female), `nationality_*`, `citizenship_*`, `life_status_*` (0 alive) | entry |
| | `birth_country_*`, `birth_district_*`, `birth_region_*` | entry |
| | `birth_foreign_district`, `birth_foreign_region`, `birth_city` | str |
| `address` | `country_*`, `district_*`, `region_*` | entry |
| (permanent | `foreign_district`, `foreign_region`, `city`, `street`, `building`, `corpus`, `flat` | str |
| registration) | `begin_date`, `end_date` | date |
| `temporary_address` | as `address` | |
| `documents` | a list, perhaps empty, of dicts: | |
| | `type_*` (001 passport, 002 identity card), `issue_organization_*`, `status_*` (00 valid) | entry |
| | `number`, `series` | str |
| | `begin_date`, `end_date` | date |

`person` and `documents` are always there; `address` and `temporary_address` when at least one key is.
"""


class PersonRegistry(Protocol):
    """A registry of individuals. Safe to use from many threads."""

    def find(self, iin: str) -> Person | None:
        """The person of this IIN (12 digits), or `None` when the registry knows none.

        Blocks the calling thread, at most until the call's deadline.

        Raises:
            UpstreamTimeout: no answer before the deadline.
            UpstreamUnavailable: what came is no answer.
            UpstreamRefused: the registry or the bus said no, with its own code and text.
        """
        ...
