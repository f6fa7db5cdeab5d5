"""An environment image that was pushed to ECR."""

import re
import subprocess
from pathlib import Path

from server.codebuild.client import ENVIRONMENT, context
from server.ecr.client import HOST, Registry, layer_tar, make_image


def shell_layer():
    """A shell, ``env``, and what they load."""
    files = {"etc/passwd": b"root:x:0:0::/root:/bin/sh\n", "tmp": None}
    for program in ("/bin/sh", "/usr/bin/env", "/bin/cat"):
        files[program.lstrip("/")] = Path(program).resolve().read_bytes()
        listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        for library in re.findall(r"(/\S+) \(0x", listed):
            files[library.lstrip("/")] = Path(library).resolve().read_bytes()
    return layer_tar(files)


def test_a_build_runs_in_a_pushed_image(codebuild):
    registry = Registry(codebuild.server)
    name = registry.repository()
    registry.push(name, "1", make_image([shell_layer()], Env=["GREETING=from the image"]))
    image = f"{HOST}/{name}:1"
    spec = """version: 0.2
phases:
  install: {commands: ['echo kept > /written; X=carried']}
  build: {commands: ['echo "$GREETING, $X, $(cat /written), $HOME"']}
"""
    project = codebuild.project(spec, environment={**ENVIRONMENT, "image": image})
    build = codebuild.run(project)
    log = codebuild.log(build)
    assert build["buildStatus"] == "SUCCEEDED", log
    assert "from the image, carried, kept, /root" in log
    assert not Path("/written").exists()


def test_an_image_that_was_not_pushed_fails_the_provisioning(codebuild):
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/never-pushed:1"
    project = codebuild.project(
        "version: 0.2\nphases: {build: {commands: [true]}}",
        environment={**ENVIRONMENT, "image": image},
    )
    build = codebuild.run(project)
    status, code, message = context(build, "PROVISIONING")
    assert (status, code) == ("FAILED", "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE")
    assert image in message


def test_a_privileged_build_has_the_docker_of_localaws(codebuild):
    project = codebuild.project(
        "version: 0.2\nphases: {build: {commands: [docker version]}}",
        environment={**ENVIRONMENT, "privilegedMode": True},
    )
    build = codebuild.run(project)
    assert build["buildStatus"] == "SUCCEEDED", codebuild.log(build)
