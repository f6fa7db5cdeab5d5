"""A localaws whose clock runs faster, with what a job needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localaws.testing import running
from server.sagemaker.client import SageMaker


@pytest.fixture(scope="session")
def sagemaker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SageMaker]:
    """A minute is six seconds there."""
    with running(tmp_path_factory.mktemp("localaws"), "--time-scale", "10") as server:
        yield SageMaker(server)
