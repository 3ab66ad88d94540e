from __future__ import annotations

from pathlib import Path

import pytest
from training_exchange import TrainingExchange

from esutd_bus.mapping.compile import MappedOperation


@pytest.fixture(scope="session")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> TrainingExchange:
    """The exchange as it is: its contract is read once, its mapping compiled anew by every test."""
    return TrainingExchange(tmp_path_factory.mktemp("training"))


@pytest.fixture(scope="session")
def training(exchange: TrainingExchange) -> MappedOperation:
    """The exchange's operation, mapped as it is."""
    return exchange.operation()


@pytest.fixture
def own_exchange(tmp_path: Path) -> TrainingExchange:
    """An exchange whose schema a test may change."""
    return TrainingExchange(tmp_path)
