from __future__ import annotations

from hypothesis import settings

# No test asserts a time: a calendar's first year is slow to compute on a busy machine.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
