"""Servers whose clocks run faster."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localaws.testing import running
from server.sagemaker.client import SageMaker

# A minute is six seconds: a serving process must still be up within its four minutes on a busy machine.
SCALE = 10
# A minute is a second: for what only waits.
HASTE = 60


@pytest.fixture(scope="session")
def sagemaker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SageMaker]:
    """The server of nearly all tests."""
    with running(tmp_path_factory.mktemp("fast"), "--time-scale", str(SCALE)) as server:
        yield SageMaker(server)


@pytest.fixture(scope="session")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SageMaker]:
    """The server of tests that wait for a deadline."""
    with running(tmp_path_factory.mktemp("hasty"), "--time-scale", str(HASTE)) as server:
        yield SageMaker(server)
