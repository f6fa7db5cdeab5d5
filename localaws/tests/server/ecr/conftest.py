"""A registry of the running localaws."""

from __future__ import annotations

import pytest

from localaws.testing import LocalAws
from server.ecr.client import Registry


@pytest.fixture(scope="session")
def registry(localaws: LocalAws) -> Registry:
    """One registry for all tests: each uses a repository of its own."""
    return Registry(localaws)
