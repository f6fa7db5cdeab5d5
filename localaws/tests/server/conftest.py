"""Tests that talk to a running localaws as any AWS client would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from localaws.testing import LocalAws, running


@pytest.fixture(scope="session")
def localaws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """One server for all tests of this folder: they use names of their own and clean nothing up."""
    with running(tmp_path_factory.mktemp("localaws")) as server:
        yield server


@pytest.fixture(scope="session")
def aws(localaws: LocalAws) -> Callable[..., Any]:
    """``aws("codepipeline")`` is a boto3 client of the running localaws; made once per service."""
    return cache(localaws.client)
