"""A localaws whose clock runs faster, with what a job needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from localaws.testing import running
from server.sagemaker.client import SageMaker

IMAGE = Path(__file__).parents[2] / "workflow" / "container"


@pytest.fixture(scope="session")
def sagemaker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SageMaker]:
    """Its minutes take six seconds, and the images of its account are our own."""
    options = ("--time-scale", "10", "--image", f"*={IMAGE}")
    with running(tmp_path_factory.mktemp("localaws"), *options) as server:
        yield SageMaker(server)
