"""Creating, updating, deleting and tagging; and every structure that is refused."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from localaws.core.errors import AwsError
from unit.services.codepipeline.definitions import build, check, condition, rule, trigger
from unit.services.codepipeline.fakes import (
    Harness,
    action,
    approval,
    function,
    machine,
    pipeline,
    source,
)

ARN = "arn:aws:codepipeline:eu-west-1:123456789012:demo"
Definition = dict[str, Any]


def test_get_pipeline_returns_what_was_put_with_awss_defaults(harness: Harness) -> None:
    written = pipeline([approval()], variables=[{"name": "V", "defaultValue": "1"}])
    del written["executionMode"], written["pipelineType"]
    sparse = written["stages"][1]["actions"][0]
    for member in ("runOrder", "configuration", "inputArtifacts", "outputArtifacts"):
        del sparse[member]
    harness.create(copy.deepcopy(written))
    answer = harness.api.get_pipeline({"name": "demo"})
    sparse |= {"runOrder": 1, "configuration": {}, "inputArtifacts": [], "outputArtifacts": []}
    assert answer["pipeline"] == written | {
        "version": 1,
        "executionMode": "SUPERSEDED",
        "pipelineType": "V2",
    }
    assert answer["metadata"]["pipelineArn"] == ARN


def test_a_plain_pipeline_is_of_type_v1(harness: Harness) -> None:
    written = pipeline([approval()], executionMode="SUPERSEDED")
    del written["pipelineType"]
    harness.create(written)
    assert harness.api.get_pipeline({"name": "demo"})["pipeline"]["pipelineType"] == "V1"


def test_an_update_raises_the_version_and_keeps_the_old_one(harness: Harness) -> None:
    harness.create(pipeline([approval()]))
    second = pipeline([approval()], version=7)
    answer = harness.api.update_pipeline({"pipeline": second})
    assert answer["pipeline"]["version"] == 2
    assert harness.api.get_pipeline({"name": "demo", "version": 1})["pipeline"]["version"] == 1
    with pytest.raises(AwsError) as caught:
        harness.api.get_pipeline({"name": "demo", "version": 3})
    assert caught.value.code == "PipelineVersionNotFoundException"


def test_an_update_of_the_stages_cancels_what_runs(harness: Harness) -> None:
    first = harness.create(pipeline([approval()]))
    token = harness.token("Stage1", "Approve")
    second = harness.start()
    harness.api.update_pipeline({"pipeline": pipeline([approval("Other")])})
    assert harness.status(first) == "Cancelled"
    assert harness.status(second) == "Cancelled"
    assert harness.actions(first)[-1]["status"] == "Abandoned"
    with pytest.raises(AwsError) as caught:
        harness.answer("Stage1", "Approve", token)
    assert caught.value.code == "ActionNotFoundException"
    third = harness.start()
    harness.approve("Stage1", "Other")
    harness.wait(third, "Succeeded")


def test_an_update_of_the_role_lets_what_runs_go_on(harness: Harness) -> None:
    first = harness.create(pipeline([approval()]))
    harness.token("Stage1", "Approve")
    role = "arn:aws:iam::123456789012:role/other"
    harness.api.update_pipeline({"pipeline": pipeline([approval()], roleArn=role)})
    harness.approve("Stage1")
    harness.wait(first, "Succeeded")


def test_deleting_cancels_and_deleting_again_succeeds(harness: Harness) -> None:
    harness.create(pipeline([approval()]))
    harness.token("Stage1", "Approve")
    harness.api.delete_pipeline({"name": "demo"})
    harness.api.delete_pipeline({"name": "demo"})
    with pytest.raises(AwsError) as caught:
        harness.api.get_pipeline_state({"name": "demo"})
    assert caught.value.code == "PipelineNotFoundException"
    assert "does not have a pipeline with name 'demo'" in caught.value.message
    assert harness.api.list_pipelines({})["pipelines"] == []


def test_pipelines_are_listed_by_name_in_pages(harness: Harness) -> None:
    for name in ("b", "c", "a"):
        harness.create(pipeline([approval()], name=name))
    page = harness.api.list_pipelines({"maxResults": 2})
    assert [p["name"] for p in page["pipelines"]] == ["a", "b"]
    page = harness.api.list_pipelines({"maxResults": 2, "nextToken": page["nextToken"]})
    assert [p["name"] for p in page["pipelines"]] == ["c"]
    assert page["nextToken"] is None


def test_a_name_can_be_used_once(harness: Harness) -> None:
    harness.create(pipeline([approval()]))
    with pytest.raises(AwsError) as caught:
        harness.create(pipeline([approval()]))
    assert caught.value.code == "PipelineNameInUseException"


def test_tags(harness: Harness) -> None:
    harness.upload()
    tags = [{"key": "a", "value": "1"}]
    harness.api.create_pipeline({"pipeline": pipeline([approval()]), "tags": tags})
    harness.api.tag_resource({"resourceArn": ARN, "tags": [{"key": "b", "value": "2"}]})
    harness.api.untag_resource({"resourceArn": ARN, "tagKeys": ["a"]})
    assert harness.api.list_tags_for_resource({"resourceArn": ARN})["tags"] == [
        {"key": "b", "value": "2"}
    ]
    for arn, code in (
        (ARN + "x", "ResourceNotFoundException"),
        ("arn:aws:codepipeline:us-east-1:123456789012:demo", "InvalidArnException"),
    ):
        with pytest.raises(AwsError) as caught:
            harness.api.list_tags_for_resource({"resourceArn": arn})
        assert caught.value.code == code
    for refused, code in (
        ([{"key": "aws:x", "value": ""}], "InvalidTagsException"),
        ([{"key": str(n), "value": ""} for n in range(51)], "TooManyTagsException"),
    ):
        with pytest.raises(AwsError) as caught:
            harness.api.tag_resource({"resourceArn": ARN, "tags": refused})
        assert caught.value.code == code


@pytest.mark.parametrize("trusted", [None, ["lambda.amazonaws.com"]])
def test_a_role_that_codepipeline_cannot_assume_is_refused(
    harness: Harness, trusted: list[str] | None
) -> None:
    definition = pipeline([approval()])
    if trusted is None:
        definition["roleArn"] = "arn:aws:iam::123456789012:role/missing"
    else:
        harness.context.iam.services = trusted
    with pytest.raises(AwsError) as caught:
        harness.create(definition)
    assert caught.value.code == "InvalidStructureException"
    assert "not authorized to perform AssumeRole on role" in caught.value.message


def _set(**members: Any) -> Callable[[Definition], None]:
    return lambda definition: definition.update(members)


def _stage(index: int, **members: Any) -> Callable[[Definition], None]:
    return lambda definition: definition["stages"][index].update(members)


def _actions(*actions: dict[str, Any]) -> Callable[[Definition], None]:
    return _stage(1, actions=list(actions))


CONDITION = {"conditions": [{"result": "FAIL", "rules": []}]}
REFUSED: list[tuple[Callable[[Definition], None], str, str]] = [
    (_set(stages=[{"name": "Source", "actions": [source()]}]), "Structure", "Pipeline has only 1 stage(s)"),
    (_set(stages=[{"name": f"S{i}", "actions": [approval()]} for i in range(51)]), "Structure", "51 stages"),
    (_stage(0, actions=[approval()]), "Structure", "should start with a stage that only contains source"),
    (_actions(source("Again")), "Structure", "Only the first stage may contain source actions"),
    (_stage(1, name="Source"), "Structure", "Stage names must be unique within a pipeline; repeated"),
    (_actions(approval(), approval()), "StageDeclaration", "repeats: ['Approve']"),
    (_actions(), "StageDeclaration", "Stage1 has 0 actions"),
    (_actions(*[approval(f"A{i}") for i in range(51)]), "StageDeclaration", "Stage1 has 51 actions"),
    (_actions(function(inputs=["Nothing"])), "Structure", "Input Artifact Bundle Nothing in action Function"),
    (
        _actions(function("A", outputs=["X"]), function("B", inputs=["X"])),
        "Structure",
        "X in action B is not declared as Output Artifact Bundle in any of the preceding actions",
    ),
    (_actions(function(outputs=["Src"])), "Structure", "Src of action Function is declared twice"),
    (_actions(machine(inputs=["Src", "Src"])), "ActionDeclaration", "2 input artifacts, which is more than"),
    (_stage(0, actions=[action("S", "S3", "Source", configuration={"S3Bucket": "b", "S3ObjectKey": "k"})]),
     "ActionDeclaration", "0 output artifacts, which is less than the minimum count (1)"),
    (_actions(action("Build", "Jenkins", "Build")), "ActionDeclaration",
     "ActionType (Category: 'Build', Provider: 'Jenkins', Owner: 'AWS', Version: '1') in action 'Build' is"
     " not available in region 'EU_WEST_1'"),
    (_actions(action("F", "Lambda")), "ActionDeclaration", "missing required configuration 'FunctionName'"),
    (_actions(function(configuration={"Nope": "x"})), "ActionDeclaration", "unknown configuration 'Nope'"),
    (_actions(function(configuration={"UserParameters": "x" * 1001})), "ActionDeclaration",
     "'UserParameters' has 1001 characters, allowed are 1 to 1000"),
    (_actions(machine(configuration={"InputType": "File"})), "ActionDeclaration",
     "InputType is 'File', allowed are Literal and FilePath"),
    (_actions(approval(region="us-east-1")), "ActionDeclaration", "localaws runs actions of eu-west-1 only"),
    (_actions(function(commands=["ls"])), "ActionDeclaration", "cannot have commands"),
    (_actions(function(namespace="codepipeline")), "Structure", "Namespace codepipeline is reserved"),
    (_actions(function(namespace="Src")), "Structure", "Namespace Src has the name of an artifact"),
    (_actions(function("A", namespace="N"), function("B", namespace="N")), "Structure", "repeated: ['N']"),
    (_actions(function("A", namespace="N"), function("B", configuration={"UserParameters": "#{N.x}"})),
     "ActionDeclaration", "no action in an earlier stage or run order has the namespace 'N'"),
    (_actions(function(configuration={"UserParameters": "#{variables.Nope}"})), "ActionDeclaration",
     "but the pipeline declares the variables []"),
    (_actions(function(configuration={"UserParameters": "#{codepipeline.Nope}"})), "ActionDeclaration",
     "only PipelineExecutionId is in that namespace"),
    (_set(variables=[{"name": "V"}, {"name": "V"}]), "Structure", "repeated: ['V']"),
    (_set(pipelineType="V1"), "Structure", "found execution mode QUEUED. Set pipelineType to V2"),
    (_set(artifactStore=None), "Structure", "found neither"),
    (_set(artifactStore=None, artifactStores={"us-east-1": {"type": "S3", "location": "b"}}), "Structure",
     "only the pipeline's own region eu-west-1"),
    (_set(triggers=[trigger("Git")]), "Structure", "source action 'Git' names no action of the source stage"),
    (_stage(1, blockers=[{"name": "b", "type": "Schedule"}]), "BlockerDeclaration", "reserved for future"),
    (_stage(1, beforeEntry=CONDITION), "StageDeclaration", "the condition in beforeEntry has no rules"),
    (_stage(1, beforeEntry=condition("ROLLBACK")), "StageDeclaration", "allowed are FAIL and SKIP"),
    (_stage(1, onSuccess=condition("SKIP")), "StageDeclaration", "allowed are ROLLBACK and FAIL"),
    (_stage(1, onSuccess=condition("FAIL", rule("R", "Commands"))), "StageDeclaration",
     "provider Commands (version 1), which localaws does not emulate. It checks VariableCheck"),
    (_stage(1, beforeEntry=condition("SKIP", rule("R", "DeploymentWindow", Cron="* * * * * *"))),
     "StageDeclaration", "can have rules of LambdaInvoke and VariableCheck"),
    (_stage(1, onSuccess=condition("FAIL", rule("R", "VariableCheck", Operator="EQ", Value="1"))),
     "ActionDeclaration", "rule 'R' is missing required configuration 'Variable'"),
    (_stage(1, onSuccess=condition("FAIL", check("R", "#{Nope.X}"))), "ActionDeclaration",
     "'Variable' of action 'R' refers to #{Nope.X}, but no action"),
    (_stage(1, onSuccess=condition("FAIL", check("R"), check("R"))), "StageDeclaration",
     "rule names must be unique within a stage; repeated: ['R']"),
    (_stage(0, onSuccess=condition("ROLLBACK")), "StageDeclaration", "source stage cannot be rolled back"),
    (_actions(build(configuration={"BatchEnabled": "true"})), "ActionDeclaration",
     "no batch builds, so BatchEnabled cannot be 'true'"),
    (_actions(build(inputs=["Src", "Src"])), "ActionDeclaration", "must contain PrimarySource"),
    (_actions(build(configuration={"PrimarySource": "Other"})), "ActionDeclaration", "not an input artifact"),
    (_actions(build(configuration={"EnvironmentVariables": "[{}]"})), "ActionDeclaration",
     "is not an object with a name"),
    (_actions(build(configuration={"EnvironmentVariables":
     '[{"name": "A", "value": "1", "type": "SECRET"}]'})), "ActionDeclaration", "A is of type 'SECRET'"),
    (_actions(action("C", "Commands", "Compute")), "ActionDeclaration", "Provider: 'Commands'"),
    (_set(triggers=[trigger("Upload")]), "Structure", "which is of provider S3, needs an action of provider"),
    (_stage(1, onFailure={"result": "SKIP"}), "StageDeclaration", "allowed are ROLLBACK, RETRY and FAIL"),
    (_stage(1, onFailure={"result": "FAIL", "retryConfiguration": {"retryMode": "ALL_ACTIONS"}}),
     "StageDeclaration", "needs the result RETRY"),
    (_stage(0, onFailure={"result": "ROLLBACK"}), "StageDeclaration", "source stage cannot be rolled back"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "code", "message"), REFUSED, ids=[m[:40] for _, _, m in REFUSED]
)
def test_a_structure_that_aws_refuses_is_refused(
    harness: Harness, change: Callable[[Definition], None], code: str, message: str
) -> None:
    definition = pipeline([approval()])
    change(definition)
    with pytest.raises(AwsError) as caught:
        harness.api.create_pipeline({"pipeline": definition})
    assert caught.value.code == f"Invalid{code}Exception"
    assert message in caught.value.message
    assert harness.api.list_pipelines({})["pipelines"] == []
    # An update is checked in the same way.
    harness.create(pipeline([approval()]))
    with pytest.raises(AwsError) as again:
        harness.api.update_pipeline({"pipeline": definition})
    assert again.value.message == caught.value.message
    assert harness.api.get_pipeline({"name": "demo"})["pipeline"]["version"] == 1


def test_parallel_mode_refuses_a_rollback(harness: Harness) -> None:
    definition = pipeline([approval()], executionMode="PARALLEL")
    definition["stages"][1]["onFailure"] = {"result": "ROLLBACK"}
    with pytest.raises(AwsError) as caught:
        harness.create(definition)
    assert "PARALLEL mode cannot roll back" in caught.value.message


def test_the_only_artifact_store_may_be_given_by_region(harness: Harness) -> None:
    definition = pipeline([machine(outputs=["Out"])])
    definition["artifactStores"] = {"eu-west-1": definition.pop("artifactStore")}
    first = harness.create(definition)
    harness.wait(first, "Succeeded")
