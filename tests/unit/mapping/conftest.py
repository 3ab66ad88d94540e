from __future__ import annotations

from pathlib import Path

import pytest
from training_exchange import TrainingExchange


@pytest.fixture(scope="session")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> TrainingExchange:
    """The exchange as it is: its contract is read once, its mapping compiled anew by every test."""
    return TrainingExchange(tmp_path_factory.mktemp("training"))


@pytest.fixture
def own_exchange(tmp_path: Path) -> TrainingExchange:
    """An exchange whose schema a test may change."""
    return TrainingExchange(tmp_path)
