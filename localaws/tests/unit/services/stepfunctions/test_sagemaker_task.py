"""``sagemaker:*`` in a state machine, against a fake SageMaker."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.services.stepfunctions.tasks.sagemaker import error_name
from waiting import eventually

from .conftest import ROLE, FakeContext, FakeSageMaker, Runner


def task(action: str = "createTrainingJob.sync", **fields: Any) -> dict[str, Any]:
    parameters = {"TrainingJobName.$": "States.Format('train-{}', $$.Execution.Name)"}
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::sagemaker:{action}",
        "Parameters": parameters,
        "End": True,
    } | fields


def client_error(code: str, message: str) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": 400, "RequestId": "r-1"},
        },
        "CreateTrainingJob",
    )


def test_sync_waits_and_returns_the_description(runner: Runner, sagemaker: FakeSageMaker) -> None:
    sagemaker.statuses = ["InProgress", "InProgress", "Completed"]
    execution = runner.run({"Train": task()})
    output = json.loads(execution.output_text())
    assert output == {
        "TrainingJobName": "train-run",
        "TrainingJobStatus": "Completed",
        "CreationTime": 1714550400250,
        "ModelArtifacts": {"S3ModelArtifacts": "s3://b/model.tar.gz"},
    }
    assert sagemaker.names() == ["create_training_job", *["describe_training_job"] * 3]
    assert sagemaker.calls[0][1] == {"TrainingJobName": "train-run"}
    assert runner.context.roles == {ROLE}


def test_without_sync_the_answer_of_the_call_is_the_result(
    runner: Runner, sagemaker: FakeSageMaker
) -> None:
    execution = runner.run({"Train": task("createTrainingJob")})
    assert json.loads(execution.output_text()) == {"TrainingJobArn": "arn:job"}
    assert sagemaker.names() == ["create_training_job"]


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_a_job_that_ends_badly(runner: Runner, sagemaker: FakeSageMaker, status: str) -> None:
    sagemaker.statuses = [status]
    sagemaker.description = {"FailureReason": "AlgorithmError: bad column, exit code: 1"}
    execution = runner.run({"Train": task()})
    assert (execution.status, execution.error) == ("FAILED", "States.TaskFailed")
    cause = json.loads(execution.cause)
    assert cause["FailureReason"] == "AlgorithmError: bad column, exit code: 1"
    assert cause["TrainingJobStatus"] == status
    assert ", " not in execution.cause.replace("column, exit", "")


def test_the_failure_can_be_caught_and_read(runner: Runner, sagemaker: FakeSageMaker) -> None:
    sagemaker.statuses = ["Failed"]
    sagemaker.description = {"FailureReason": "AlgorithmError: bad column, exit code: 1"}
    catch = [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.Failure", "Next": "Read"}]
    read = {
        "Type": "Pass",
        "Parameters": {"Job.$": "States.StringToJson($.Failure.Cause)"},
        "Next": "Fail",
    }
    fail = {"Type": "Fail", "Error": "TrainFailed", "CausePath": "$.Job.FailureReason"}
    execution = runner.run({"Train": task(Catch=catch), "Read": read, "Fail": fail})
    assert execution.error == "TrainFailed"
    assert execution.cause == "AlgorithmError: bad column, exit code: 1"


def test_a_refused_call(runner: Runner, sagemaker: FakeSageMaker) -> None:
    sagemaker.error = client_error("ValidationException", "no such role")
    execution = runner.run({"Train": task()})
    assert execution.error == "SageMaker.AmazonSageMakerException"
    assert execution.cause == (
        "no such role (Service: AmazonSageMaker; Status Code: 400; Error Code: ValidationException; "
        "Request ID: r-1; Proxy: null)"
    )


class ResourceInUse(ClientError):  # noqa: N818 - botocore makes a class of this name
    """What botocore raises for an error that the model of the service has."""


def test_names_of_errors() -> None:
    response: Any = {"Error": {"Code": "ResourceInUse", "Message": "m"}}
    assert error_name(ResourceInUse(response, "o")) == "SageMaker.ResourceInUseException"
    assert error_name(client_error("Throttling", "m")) == "SageMaker.AmazonSageMakerException"


def test_without_parameters_the_input_is_passed(runner: Runner, sagemaker: FakeSageMaker) -> None:
    state = task("createTrainingJob", InputPath="$.Request")
    del state["Parameters"]
    runner.run({"Train": state}, {"Request": {"TrainingJobName": "n"}, "Other": 1})
    assert sagemaker.calls == [("create_training_job", {"TrainingJobName": "n"})]


def test_a_field_that_the_api_lacks_ends_the_execution(runner: Runner) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    states = {
        "Train": task(Parameters={"TrainingJobName": "n", "ResourceConfig.$": "$.r"}, Catch=catch),
        "Caught": {"Type": "Succeed"},
    }
    value = {"r": {"InstanceCount": 1, "InstanceSize": "ml.m5.large"}}
    execution = runner.run(states, value)
    assert (execution.status, execution.error) == ("FAILED", "States.Runtime")
    start = "An error occurred while executing the state 'Train' (entered at the event id #2). "
    assert execution.cause.startswith(start + "The Parameters '{")
    assert execution.cause.endswith(
        'could not be used to start the Task: [The field "InstanceSize" is not supported by Step '
        "Functions]"
    )


def test_an_aborted_execution_stops_its_job(runner: Runner, sagemaker: FakeSageMaker) -> None:
    sagemaker.statuses = ["InProgress"]
    execution = runner.start({"Train": task()})
    eventually(lambda: "describe_training_job" in sagemaker.names())
    runner.backend.stop_execution(execution.execution_arn, "E", "C")
    assert (execution.status, execution.error, execution.cause) == ("ABORTED", "E", "C")
    eventually(lambda: ("stop_training_job", {"TrainingJobName": "train-run"}) in sagemaker.calls)
    assert execution.status == "ABORTED"


def test_a_task_that_takes_too_long_stops_its_job(runner: Runner, sagemaker: FakeSageMaker) -> None:
    sagemaker.statuses = ["InProgress"]
    execution = runner.run({"Train": task(TimeoutSeconds=1)})
    assert (execution.status, execution.error) == ("FAILED", "States.Timeout")
    eventually(lambda: "stop_training_job" in sagemaker.names())


def test_another_branch_that_fails_stops_the_job(runner: Runner, sagemaker: FakeSageMaker) -> None:
    sagemaker.statuses = ["InProgress"]
    wait = {"Type": "Wait", "Seconds": 1, "Next": "Fail"}
    fail = {"Type": "Fail", "Error": "Other", "Cause": "branch"}
    branches = [
        {"StartAt": "Train", "States": {"Train": task()}},
        {"StartAt": "Wait", "States": {"Wait": wait, "Fail": fail}},
    ]
    execution = runner.run({"Both": {"Type": "Parallel", "Branches": branches, "End": True}})
    assert (execution.status, execution.error) == ("FAILED", "Other")
    eventually(lambda: "stop_training_job" in sagemaker.names())


def test_start_and_end_are_events(runner: Runner, context: FakeContext) -> None:
    execution = runner.run({"Pass": {"Type": "Pass", "Result": {"a": 1}, "End": True}}, {"b": 2})
    eventually(lambda: len(context.events) == 2)
    first, last = context.events
    assert first["detail"]["status"] == "RUNNING"
    assert last["type"] == "Step Functions Execution Status Change"
    assert last["resources"] == [execution.execution_arn]
    detail = last["detail"]
    assert (detail["status"], detail["output"], detail["input"]) == (
        "SUCCEEDED", '{"a":1}', '{"b": 2}',
    )  # fmt: skip
