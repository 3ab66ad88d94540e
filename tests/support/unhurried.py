"""How hypothesis tries wherever our tests run: how fast a machine is today proves nothing."""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def try_unhurriedly() -> None:
    """Makes hypothesis believe neither in deadlines nor in generating quickly."""
    settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("unhurried")
