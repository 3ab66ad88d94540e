"""Until a message is tried again, or asked about again: longer each time, and never the same for all."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Final

FIRST_PAUSE: Final = timedelta(seconds=2)
LONGEST_PAUSE: Final = timedelta(minutes=10)


def pause(failures: int) -> timedelta:
    """2 s, 4, 8 …, 10 minutes at most, of each something between the half and the whole.

    So that what failed together does not come again together.
    """
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(failures, 20))) * random.uniform(0.5, 1)  # noqa: S311  # no secret
