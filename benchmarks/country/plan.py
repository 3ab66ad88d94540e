"""The plan of a country: who is employed by whom, and when that was told. Told by numbers alone, so nothing is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

NODE: Final = "country"
"""The node whose chains they are."""

_GOLDEN: Final = 0x9E3779B97F4A7C15
"""2⁶⁴ by the golden ratio: multiples of it are spread evenly over all numbers of 64 bits."""

_BITS: Final = (1 << 64) - 1

_IN_A_ROW: Final = 8
"""Contracts that an employer tells of one after the other."""


@dataclass(frozen=True, slots=True)
class Plan:
    """So many contracts, one for each employee, registered evenly from one moment to another."""

    employees: int
    begin: datetime
    end: datetime
    """With zone."""

    chains: int = 2
    """The journal's, each with a process of the loader: on two cores, more only stand in each other's way."""

    @property
    def employers(self) -> int:
        """How many there are: of 20 employees on average."""
        return max(1, self.employees // 20)

    def employer_of(self, contract: int) -> int:
        """Whose contract it is: the n-th employer has some √(employers / 4n) times as many as the average."""
        share = (contract // _IN_A_ROW * _GOLDEN & _BITS) / 2**64
        return int(self.employers * share * share)

    def moment(self, contract: int) -> datetime:
        """When its message came."""
        return self.begin + (self.end - self.begin) * (contract / self.employees)

    def of_chain(self, chain: int, upto: int) -> range:
        """The contracts of a chain among the first so many: the chains take turns."""
        return range(chain, upto, self.chains)


def id_at(moment: datetime, chance: int) -> UUID:
    """An id as `uuid7` would have made it then; `chance`: any number of 62 bits."""
    milliseconds, micros = divmod((moment - _EPOCH) // _MICROSECOND, 1000)
    fraction = micros * 4096 // 1000
    return UUID(int=milliseconds << 80 | 7 << 76 | fraction << 64 | 1 << 63 | chance)


_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MICROSECOND: Final = timedelta(microseconds=1)
