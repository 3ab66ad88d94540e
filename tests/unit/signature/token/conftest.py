"""Tokens of SoftHSM for one test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from esutd_bus.signature.token import module as token_modules
from support.tokens import SoftHsm


@pytest.fixture
def make_hsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., SoftHsm]]:
    """Makes tokens that this process alone sees."""

    def make(mechanisms: str = "ALL") -> SoftHsm:
        hsm = SoftHsm(tmp_path / "hsm", mechanisms)
        monkeypatch.setenv("SOFTHSM2_CONF", hsm.environment["SOFTHSM2_CONF"])
        hsm.add_token("esutd")
        return hsm

    yield make
    for module in token_modules._modules.values():
        module.begin_anew()
    token_modules._modules.clear()


@pytest.fixture
def hsm(make_hsm: Callable[..., SoftHsm]) -> SoftHsm:
    return make_hsm()
