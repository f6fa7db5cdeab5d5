"""HTTP APIs of the running localaws, and the functions behind them."""

from __future__ import annotations

import pytest

from localaws.testing import LocalAws
from server.execute_api.client import HttpApi, World


@pytest.fixture(scope="session")
def world(localaws: LocalAws) -> World:
    """One role and one function for all tests."""
    return World(localaws)


@pytest.fixture(scope="session")
def api(world: World) -> HttpApi:
    """An API with the stages ``$default`` and ``v1``, for the tests that need no other settings."""
    made = world.api("shared")
    for method in ("POST", "GET"):
        made.route(f"{method} /echo")
    made.route("POST /signed", AuthorizationType="AWS_IAM")
    made.stage("$default")
    made.stage("v1", StageVariables={"colour": "blue"})
    return made
