"""The command ``docker`` of localaws with buildah, against the running registry."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from server.ecr.client import HOST

pytestmark = pytest.mark.skipif(
    shutil.which("buildah") is None, reason="needs buildah: apt-get install buildah"
)


@pytest.fixture(scope="module")
def docker(localaws, tmp_path_factory):
    """Runs a command; returns its exit code, output and errors."""
    directory = tmp_path_factory.mktemp("docker")
    variables = {
        **os.environ, **localaws.environment, "DOCKER_HOST": "unix:///no/such/socket",
        "DOCKER_CONFIG": str(directory / "config"), "LOCALAWS_BUILD_DIR": str(directory / "build"),
    }  # fmt: skip

    def run(*words, stdin=None):
        done = subprocess.run(
            [sys.executable, "-m", "localaws.services.ecr.docker", *words],
            input=stdin, capture_output=True, text=True, check=False, env=variables,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    return run


def test_an_image_is_built_pushed_and_pulled(docker, registry, aws, tmp_path):
    name = registry.repository(imageTagMutability="IMMUTABLE")
    image = f"{HOST}/{name}:1"
    (tmp_path / "Dockerfile").write_text(
        'ARG BASE=scratch\nFROM ${BASE}\nCOPY Dockerfile /\nUSER 7\nHEALTHCHECK CMD ["x"]\n'
    )
    assert docker("build", "-q", "-t", image, str(tmp_path))[0] == 0

    code, _, refusal = docker("push", image)
    assert code == 1
    assert "unauthorized" in refusal.lower()
    assert docker("login", "-u", "AWS", "-p", "wrong", HOST)[0] == 1
    token = aws("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    password = registry.password(token)
    login = docker(
        "login", "--username", "AWS", "--password-stdin", f"https://{HOST}", stdin=password
    )
    assert login[:2] == (0, "Login Succeeded\n")

    code, pushed, errors = docker("push", image)
    assert code == 0, errors
    (details,) = registry.ecr.describe_images(repositoryName=name)["imageDetails"]
    assert pushed.splitlines()[-1] == f"1: digest: {details['imageDigest']}"
    assert docker("inspect", "-f", "{{.Config.User}} {{json .Config.Healthcheck}}", image)[1] == (
        '7 {"Test": ["CMD", "x"]}\n'
    )

    # A build takes its base image from the same registry.
    assert docker("rmi", image)[0] == 0
    code, _, errors = docker(
        "build", "--build-arg", f"BASE={image}", "--label", "a=b", "-t", f"{HOST}/{name}:2",
        str(tmp_path),
    )  # fmt: skip
    assert code == 0, errors
    # The tag stays with its image.
    assert docker("tag", f"{HOST}/{name}:2", image)[0] == 0
    code, _, errors = docker("push", image)
    assert code == 1
    assert "already exists" in errors
    code, _, errors = docker("pull", f"{HOST}/{name}:1")
    assert code == 0, errors
