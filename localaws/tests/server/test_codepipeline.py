"""CodePipeline by boto3, with S3, Lambda, approval and Step Functions actions that run."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from server.pipeline_world import Aws, World, approval, kind, machine, role
from waiting import eventually

ACCOUNT = "123456789012"


@pytest.fixture
def world(aws: Aws) -> World:
    return World(aws)


PASS = {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}


def test_source_approval_and_state_machine_end_to_end(world: World) -> None:
    version = world.upload({"UseCase": "housing"})
    arn = world.add_machine(PASS)
    first = world.create(
        [
            approval(
                "Approve", NotificationArn=world.topic, CustomData="#{SourceVariables.VersionId}"
            )
        ],
        [machine(arn)],
    )
    assert "approvedAt" in world.approve("Stage1", "Approve")
    eventually(lambda: world.status(first) == "Succeeded")

    actions = world.actions(first)
    assert actions["UploadManifest"]["output"]["outputVariables"]["VersionId"] == version
    assert actions["Approve"]["input"]["resolvedConfiguration"]["CustomData"] == version
    result = actions["InvokeMachine"]["output"]
    execution = world.aws("stepfunctions").describe_execution(
        executionArn=result["executionResult"]["externalExecutionId"]
    )
    assert execution["name"] == actions["InvokeMachine"]["actionExecutionId"]
    assert result["outputVariables"] == {
        "StateMachineArn": arn,
        "ExecutionArn": execution["executionArn"],
    }
    location = result["outputArtifacts"][0]["s3location"]
    stored = world.aws("s3").get_object(Bucket=location["bucket"], Key=location["key"])
    assert stored["ServerSideEncryption"] == "aws:kms"
    assert stored["SSEKMSKeyId"] == world.key
    with zipfile.ZipFile(io.BytesIO(stored["Body"].read())) as archive:
        assert archive.namelist() == ["output.json"]
        assert json.loads(archive.read("output.json")) == {}


def test_a_function_makes_the_input_of_the_state_machine(world: World) -> None:
    world.upload({"UseCase": "iris"})
    invoke = {
        "name": "InvokeFunction",
        "actionTypeId": kind("Invoke", "Lambda"),
        "configuration": {
            "FunctionName": world.add_function(),
            "UserParameters": json.dumps(
                {
                    "RunId": "#{codepipeline.PipelineExecutionId}",
                    "EndpointType": "#{variables.EndpointType}",
                }
            ),
        },
        "inputArtifacts": [{"name": "SourceArtifact"}],
        "outputArtifacts": [{"name": "Manifest"}],
        "namespace": "Function",
    }
    world.create([invoke, machine(world.add_machine(PASS), 2, source="Manifest")])
    run = world.aws("codepipeline").start_pipeline_execution(
        name=world.name, variables=[{"name": "EndpointType", "value": "Batch"}]
    )["pipelineExecutionId"]
    eventually(lambda: world.status(run) in {"Succeeded", "Failed"})
    actions = world.actions(run)
    assert world.status(run) == "Succeeded", actions
    assert actions["InvokeFunction"]["output"]["outputVariables"] == {"UseCase": "iris"}
    arn = actions["InvokeMachine"]["output"]["outputVariables"]["ExecutionArn"]
    execution = world.aws("stepfunctions").describe_execution(executionArn=arn)
    assert json.loads(execution["input"]) == {
        "UseCase": "iris",
        "RunId": run,
        "EndpointType": "Batch",
    }


def test_a_failed_gate_is_told_and_the_repaired_stage_finishes_the_execution(world: World) -> None:
    world.upload({})
    gate = {
        "StartAt": "Gate",
        "States": {
            "Gate": {"Type": "Fail", "Error": "GateFailed", "Cause": "r2 is 0.5, at least 0.8"}
        },
    }
    arn = world.add_machine(gate)
    first = world.create([machine(arn)])
    eventually(lambda: world.status(first) == "Failed")
    error = world.latest("Stage1", "InvokeMachine")["errorDetails"]
    assert error == {"code": "JobFailed", "message": "GateFailed: r2 is 0.5, at least 0.8"}

    world.aws("stepfunctions").update_state_machine(
        stateMachineArn=arn, definition=json.dumps(PASS)
    )
    answer = world.aws("codepipeline").retry_stage_execution(
        pipelineName=world.name,
        stageName="Stage1",
        pipelineExecutionId=first,
        retryMode="FAILED_ACTIONS",
    )
    assert answer["pipelineExecutionId"] == first
    eventually(lambda: world.status(first) == "Succeeded")


def test_what_is_not_emulated_is_refused_by_name(world: World) -> None:
    client = world.aws("codepipeline")
    with pytest.raises(ClientError, match="does not emulate codepipeline:ListWebhooks"):
        client.list_webhooks()
    build = {"name": "Build", "actionTypeId": kind("Build", "Jenkins"), "configuration": {}}
    with pytest.raises(client.exceptions.InvalidActionDeclarationException, match="'Jenkins'"):
        client.create_pipeline(pipeline=world.declaration([build]))
    with pytest.raises(client.exceptions.PipelineNotFoundException):
        client.get_pipeline_state(name=world.name)


def test_events_reach_a_rule(world: World) -> None:
    """A rule on the default bus, with a queue as its target, receives the pipeline's state changes."""
    sqs, events = world.aws("sqs"), world.aws("events")
    url = sqs.create_queue(QueueName=world.name)["QueueUrl"]
    pattern = {
        "source": ["aws.codepipeline"],
        "detail-type": ["CodePipeline Pipeline Execution State Change"],
        "detail": {"pipeline": [world.name]},
    }
    events.put_rule(Name=world.name, EventPattern=json.dumps(pattern))
    arn = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{world.name}"
    events.put_targets(Rule=world.name, Targets=[{"Id": "queue", "Arn": arn}])
    world.upload({})
    first = world.create([machine(world.add_machine(PASS))])
    eventually(lambda: world.status(first) == "Succeeded")
    states: list[str] = []

    def both() -> bool:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            states.append(json.loads(message["Body"])["detail"]["state"])
        return len(states) >= 2

    eventually(both)
    assert states == ["STARTED", "SUCCEEDED"]


def test_a_rule_starts_the_pipeline_and_is_shown_as_its_trigger(world: World) -> None:
    events, client = world.aws("events"), world.aws("codepipeline")
    world.upload({})
    world.create([machine(world.add_machine(PASS))])
    pattern = {"source": ["test"], "detail": {"world": [world.name]}}
    rule_arn = events.put_rule(Name=world.name, EventPattern=json.dumps(pattern))["RuleArn"]
    target = {
        "Id": "pipeline",
        "Arn": f"arn:aws:codepipeline:eu-west-1:{ACCOUNT}:{world.name}",
        "RoleArn": role(world.aws, f"{world.name}-events", "events.amazonaws.com"),
    }
    events.put_targets(Rule=world.name, Targets=[target])
    events.put_events(
        Entries=[{"Source": "test", "DetailType": "x", "Detail": json.dumps({"world": world.name})}]
    )

    def started() -> Any:
        found = client.list_pipeline_executions(pipelineName=world.name)[
            "pipelineExecutionSummaries"
        ]
        return found if len(found) == 2 else None

    summary = eventually(started)[0]
    assert summary["trigger"] == {"triggerType": "CloudWatchEvent", "triggerDetail": rule_arn}
    eventually(lambda: world.status(summary["pipelineExecutionId"]) == "Succeeded")


def rule(name: str, provider: str, **configuration: str) -> dict[str, Any]:
    return {
        "name": name,
        "ruleTypeId": kind("Rule", provider),
        "configuration": configuration,
    }


def test_conditions_gate_a_stage(world: World) -> None:
    client, alarms = world.aws("codepipeline"), world.aws("cloudwatch")
    alarms.put_metric_alarm(
        AlarmName=world.name,
        MetricName="Errors",
        Namespace="Test",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    alarms.set_alarm_state(AlarmName=world.name, StateValue="ALARM", StateReason="two errors")
    wanted = rule(
        "Wanted", "VariableCheck", Operator="NE", Variable="#{variables.EndpointType}", Value="none"
    )
    quiet = rule("Quiet", "CloudWatchAlarm", AlarmName=world.name)
    definition = world.declaration([approval("First")], [approval("Second")])
    skipped, gated = definition["stages"][1:]
    skipped["beforeEntry"] = {"conditions": [{"result": "SKIP", "rules": [wanted]}]}
    gated["onSuccess"] = {"conditions": [{"result": "FAIL", "rules": [quiet]}]}
    definition["variables"] = [{"name": "EndpointType", "defaultValue": "none"}]
    world.upload({})
    client.create_pipeline(pipeline=definition)
    first = client.list_pipeline_executions(pipelineName=world.name)["pipelineExecutionSummaries"][
        0
    ]["pipelineExecutionId"]
    world.approve("Stage2", "Second")
    eventually(lambda: world.status(first) == "Failed")

    stages = {s["stageName"]: s for s in client.get_pipeline_state(name=world.name)["stageStates"]}
    assert stages["Stage1"]["latestExecution"]["status"] == "Skipped"
    assert stages["Stage1"]["beforeEntryConditionState"]["latestExecution"]["status"] == "Failed"
    condition = stages["Stage2"]["onSuccessConditionState"]["conditionStates"][0]
    assert condition["latestExecution"]["summary"] == (
        f"Alarm {world.name} is in state ALARM: two errors"
    )
    listed = client.list_rule_executions(pipelineName=world.name)["ruleExecutionDetails"]
    assert [(r["stageName"], r["ruleName"], r["status"]) for r in listed] == [
        ("Stage2", "Quiet", "Failed"),
        ("Stage1", "Wanted", "Failed"),
    ]
    assert listed[1]["input"]["resolvedConfiguration"]["Variable"] == "none"
    assert "VariableCheck" in {t["id"]["provider"] for t in client.list_rule_types()["ruleTypes"]}

    client.override_stage_condition(
        pipelineName=world.name,
        stageName="Stage2",
        pipelineExecutionId=first,
        conditionType="ON_SUCCESS",
    )
    eventually(lambda: world.status(first) == "Succeeded")
