"""The settings of the client."""

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.github.api import GitHub

COMPLETE = {"GITHUB_API_URL": "https://a/", "GITHUB_REPOSITORY": "o/r", "GITHUB_TOKEN": "t"}


def test_the_environment_of_a_workflow():
    assert GitHub.from_environment(COMPLETE) == GitHub("https://a", "o/r", "t")


@pytest.mark.parametrize("name", sorted(COMPLETE))
def test_what_is_missing_is_named(name):
    with pytest.raises(OperatorError, match=name):
        GitHub.from_environment({**COMPLETE, name: ""})


def test_a_file_is_no_address():
    with pytest.raises(OperatorError, match="file:///etc"):
        GitHub.from_environment({**COMPLETE, "GITHUB_API_URL": "file:///etc"})
