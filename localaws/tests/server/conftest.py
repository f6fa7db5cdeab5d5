"""Tests that talk to a running localaws as any AWS client would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import cache, partial
from typing import Any

import pytest

from localaws.testing import LocalAws, running
from without_patch import running_without

StartLocalAws = Callable[..., AbstractContextManager[LocalAws]]


@pytest.fixture(scope="session")
def start_localaws(pytestconfig: pytest.Config) -> StartLocalAws:
    """``localaws.testing.running``, without the patch that ``--without-patch`` names."""
    target = pytestconfig.getoption("without_patch")
    return partial(running_without, target) if target else running


@pytest.fixture(scope="session")
def localaws(
    start_localaws: StartLocalAws, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalAws]:
    """One server for all tests of this folder: they use names of their own and clean nothing up."""
    with start_localaws(tmp_path_factory.mktemp("localaws")) as server:
        yield server


@pytest.fixture(scope="session")
def aws(localaws: LocalAws) -> Callable[..., Any]:
    """``aws("codepipeline")`` is a boto3 client of the running localaws; made once per service."""
    return cache(localaws.client)
