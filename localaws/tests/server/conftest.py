"""Tests that talk to a running localaws as any AWS client would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from localaws.testing import LocalAws, running
from without_patch import running_without


@pytest.fixture(scope="session")
def localaws(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[LocalAws]:
    """One server for all tests of this folder: they use names of their own and clean nothing up."""
    state_dir = tmp_path_factory.mktemp("localaws")
    target = pytestconfig.getoption("without_patch")
    with running_without(target, state_dir) if target else running(state_dir) as server:
        yield server


@pytest.fixture(scope="session")
def aws(localaws: LocalAws) -> Callable[..., Any]:
    """``aws("codepipeline")`` is a boto3 client of the running localaws; made once per service."""
    return cache(localaws.client)
