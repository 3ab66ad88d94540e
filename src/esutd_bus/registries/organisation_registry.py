"""The port to a registry of legal entities, and the shape of what it tells of one."""

from __future__ import annotations

from typing import Any, Protocol

Organisation = dict[str, Any]
"""An organisation, as flat keys. What the registry does not tell has no key; nothing is `None` or empty.

| keys | type |
|---|---|
| `bin` (always) | str, 12 digits |
| `full_name_ru`, `full_name_kk`, `short_name_ru`, `short_name_kk` | str |
| `registered_on` | date |
| `status_code`, `status_name_ru`, `status_name_kk` (an entry of the registry's own dictionary) | str |
| `is_liquidated` (always), `is_made_by_reorganisation` (always) | bool |
| `is_reorganised` (always): it is, or was, itself the subject of a reorganisation | bool |
| `ended_on`: liquidated or reorganised on that day; where none is told, the day of the decision | date |
| `successor`: BIN of who follows it | str |
| `head_organisation`: BIN of whose branch or representation it is | str |
| `founders`: BINs of the legal entities that founded it (always) | tuple of str |
| `head_iin`, `head_surname`, `head_name`, `head_patronymic`: its first head | str |
| `postal_code`, `district_ru`, `district_kk`, `region_ru`, `region_kk`, `city_ru`, `city_kk` | str |
| `street_ru`, `street_kk`, `building` | str |
| `activity_code` (ОКЭД), `activity_name_ru`, `activity_name_kk`: its main activity | str |
"""


class OrganisationRegistry(Protocol):
    """A registry of legal entities. Safe to use from many threads."""

    def find(self, number: str) -> Organisation | None:
        """The organisation of this BIN (12 digits), or `None` when the registry knows none.

        Blocks the calling thread, at most until the call's deadline. Raises UpstreamError in all its kinds.
        """
        ...
