"""Which names are in the registry of localaws."""

import pytest

from localaws.services.ecr.docker.errors import DockerError
from localaws.services.ecr.docker.names import LocalRegistry, host_of, is_ecr, with_tag

HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


def test_a_name_of_ecr_is_mapped():
    registry = LocalRegistry.from_environment({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"})

    assert registry.name(f"{HOST}/team/app:1") == "127.0.0.1:4566/team/app:1"


@pytest.mark.parametrize(
    "url",
    ["", "https://ecr.eu-west-1.amazonaws.com", "http://192.0.2.1:4566", "http://127.0.0.1"],
)
def test_another_address_is_refused(url):
    with pytest.raises(DockerError, match="AWS_ENDPOINT_URL is"):
        LocalRegistry.from_environment({"AWS_ENDPOINT_URL": url})


@pytest.mark.parametrize(
    ("image", "host", "ecr", "tagged"),
    [
        ("python:3.11", "docker.io", False, "python:3.11"),
        ("team/app", "docker.io", False, "team/app:latest"),
        ("localhost/app", "localhost", False, "localhost/app:latest"),
        ("127.0.0.1:4566/app", "127.0.0.1:4566", False, "127.0.0.1:4566/app:latest"),
        (f"{HOST}/app", HOST, True, f"{HOST}/app:latest"),
        (f"evil.example/{HOST}/app:1", "evil.example", False, f"evil.example/{HOST}/app:1"),
    ],
)
def test_parts_of_a_name(image, host, ecr, tagged):
    assert (host_of(image), is_ecr(image), with_tag(image)) == (host, ecr, tagged)
