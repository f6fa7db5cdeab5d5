"""What the tests of CodePipeline share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from unit.services.codepipeline.fakes import Harness, running


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    """A provider in a fake AWS, in real time."""
    with running(tmp_path, continuation_seconds=0.01) as harness:
        yield harness
