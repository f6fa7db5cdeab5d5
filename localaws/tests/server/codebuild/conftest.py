"""What the tests of CodeBuild share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localaws.testing import LocalAws, running
from server.codebuild.client import CodeBuild

# A minute is 20 milliseconds, for builds that only wait.
HASTE = 3_000


@pytest.fixture(scope="session")
def codebuild(localaws: LocalAws) -> CodeBuild:
    """CodeBuild of the server that all tests share."""
    return CodeBuild(localaws)


@pytest.fixture(scope="session")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodeBuild]:
    """CodeBuild of a server on which minutes pass at once."""
    with running(tmp_path_factory.mktemp("hasty"), "--time-scale", str(HASTE)) as server:
        yield CodeBuild(server)
