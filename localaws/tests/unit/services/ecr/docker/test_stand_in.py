"""Which base images Debian's Python can stand in for."""

import pytest

from localaws.services.ecr.docker.stand_in import suite_of


@pytest.mark.parametrize(
    ("image", "suite"),
    [
        ("python:3.11.13-slim-bookworm", "bookworm"),
        ("docker.io/library/python:3.11", "bookworm"),
        ("python:3.13-slim", "trixie"),
        ("python:3.12-slim", None),
        ("python:3.11-alpine", None),
        ("python:3.11-slim-trixie", None),
        ("python", None),
        ("team/python:3.11", None),
        ("debian:bookworm", None),
    ],
)
def test_the_release_of_debian(image, suite):
    assert suite_of(image) == suite
