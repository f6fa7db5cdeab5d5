"""A pushed image starts a pipeline whose source is in ECR."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localaws.testing import LocalAws
from server.ecr.client import Registry, digest_of, make_image
from server.pipeline_world import Aws, World, approval, kind, role
from waiting import eventually


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
    registry, image = Registry(localaws), make_image()
    registry.push(world.name, "other", make_image())
    registry.push(world.name, "live", image)

    def started() -> dict[str, Any] | None:
        found = client.list_pipeline_executions(pipelineName=world.name)
        for execution in found["pipelineExecutionSummaries"]:
            actions = world.actions(execution["pipelineExecutionId"])
            if execution["trigger"]["triggerType"] == "CloudWatchEvent" and "Approve" in actions:
                return {"trigger": execution["trigger"], "actions": actions}
        return None

    run = eventually(started)
    assert run["trigger"]["triggerDetail"] == rule
    variables = run["actions"]["Image"]["output"]["outputVariables"]
    digest = digest_of(image.manifest)
    assert variables["ImageDigest"] == digest
    assert variables["ImageURI"] == f"{repository['repositoryUri']}:live"
    approve = run["actions"]["Approve"]["input"]["resolvedConfiguration"]
    assert approve["CustomData"] == digest
