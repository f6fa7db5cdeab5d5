"""A pushed image starts a pipeline whose source is in ECR."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from typing import Any

import pytest

from localaws.testing import LocalAws
from server.pipeline_world import Aws, World, approval, kind, role, wait_for

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def request(server: LocalAws, token: str, method: str, path: str, body: bytes, kind_: str) -> Any:
    call = urllib.request.Request(
        path if path.startswith("http") else server.endpoint_url + path,
        data=body,
        method=method,
        headers={"Authorization": f"Basic {token}", "Content-Type": kind_},
    )
    return urllib.request.urlopen(call, timeout=30)


def push(server: LocalAws, aws: Aws, repository: str, tag: str, content: str) -> str:
    """Push an image without layers; its digest."""
    token = aws("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    config = json.dumps({"architecture": "amd64", "os": "linux", "comment": content}).encode()
    digest = "sha256:" + hashlib.sha256(config).hexdigest()
    with request(server, token, "POST", f"/v2/{repository}/blobs/uploads/", b"", "") as started:
        place = started.headers["Location"]
    joint = "&" if "?" in place else "?"
    upload = f"{place}{joint}digest={digest}"
    request(server, token, "PUT", upload, config, "application/octet-stream").close()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": len(config),
            "digest": digest,
        },
        "layers": [],
    }
    body = json.dumps(manifest).encode()
    request(server, token, "PUT", f"/v2/{repository}/manifests/{tag}", body, MANIFEST).close()
    return "sha256:" + hashlib.sha256(body).hexdigest()


@pytest.fixture
def world(aws: Aws) -> World:
    return World(aws)


def test_a_pushed_image_starts_the_pipeline(world: World, localaws: LocalAws) -> None:
    aws = world.aws
    repository = aws("ecr").create_repository(repositoryName=world.name)["repository"]
    definition = world.declaration(
        [approval("Approve", CustomData="#{Image.ImageDigest}")], executionMode="PARALLEL"
    )
    definition["stages"][0]["actions"] = [
        {
            "name": "Image",
            "actionTypeId": kind("Source", "ECR"),
            "configuration": {"RepositoryName": world.name, "ImageTag": "live"},
            "outputArtifacts": [{"name": "Detail"}],
            "namespace": "Image",
        }
    ]
    client = aws("codepipeline")
    client.create_pipeline(pipeline=definition)
    detail = {
        "action-type": ["PUSH"],
        "result": ["SUCCESS"],
        "repository-name": [world.name],
        "image-tag": ["live"],
    }
    pattern = {"source": ["aws.ecr"], "detail-type": ["ECR Image Action"], "detail": detail}
    rule = aws("events").put_rule(Name=world.name, EventPattern=json.dumps(pattern))["RuleArn"]
    target = {
        "Id": "pipeline",
        "Arn": f"arn:aws:codepipeline:eu-west-1:123456789012:{world.name}",
        "RoleArn": role(aws, f"{world.name}-events", "events.amazonaws.com"),
    }
    aws("events").put_targets(Rule=world.name, Targets=[target])
    push(localaws, aws, world.name, "other", "not this one")
    digest = push(localaws, aws, world.name, "live", "this one")

    def started() -> dict[str, Any] | None:
        found = client.list_pipeline_executions(pipelineName=world.name)
        for execution in found["pipelineExecutionSummaries"]:
            actions = world.actions(execution["pipelineExecutionId"])
            if execution["trigger"]["triggerType"] == "CloudWatchEvent" and "Approve" in actions:
                return {"trigger": execution["trigger"], "actions": actions}
        return None

    run = wait_for(started)
    assert run["trigger"]["triggerDetail"] == rule
    variables = run["actions"]["Image"]["output"]["outputVariables"]
    assert variables["ImageDigest"] == digest
    assert variables["ImageURI"] == f"{repository['repositoryUri']}:live"
    approve = run["actions"]["Approve"]["input"]["resolvedConfiguration"]
    assert approve["CustomData"] == digest
