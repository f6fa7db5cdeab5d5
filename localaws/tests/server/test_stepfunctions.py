"""State machines run: every field that the landing zone's definitions use, and how they fail."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from zips import make_zip

Aws = Callable[..., Any]
State = dict[str, Any]
ROLE = "arn:aws:iam::123456789012:role/machine"


def definition(**states: State) -> str:
    """A definition whose states follow one another, unless a state says otherwise."""
    names = list(states)
    for index, name in enumerate(names):
        state = states[name]
        if state["Type"] in {"Choice", "Fail", "Succeed"} or "Next" in state or "End" in state:
            continue
        following = names[index + 1] if index + 1 < len(names) else None
        state.update({"Next": following} if following else {"End": True})
    return json.dumps({"StartAt": names[0], "States": states})


class Machines:
    """Creates state machines, runs them and returns how they ended."""

    def __init__(self, aws: Aws) -> None:
        self.client = aws("stepfunctions")

    def create(self, text: str, **settings: Any) -> str:
        name = f"machine-{uuid.uuid4().hex[:8]}"
        answer = self.client.create_state_machine(
            name=name, definition=text, roleArn=ROLE, **settings
        )
        return str(answer["stateMachineArn"])

    def start(self, text: str, value: Any = None, **settings: Any) -> str:
        arn = self.create(text, **settings)
        answer = self.client.start_execution(
            stateMachineArn=arn, name=f"run-{uuid.uuid4().hex[:8]}", input=json.dumps(value or {})
        )
        return str(answer["executionArn"])

    def wait(self, arn: str, seconds: float = 15.0) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer: dict[str, Any] = self.client.describe_execution(executionArn=arn)
            if answer["status"] != "RUNNING":
                return answer
            time.sleep(0.03)
        raise AssertionError(f"{arn} still runs after {seconds} s")

    def run(self, text: str, value: Any = None) -> dict[str, Any]:
        return self.wait(self.start(text, value))

    def output(self, text: str, value: Any = None) -> Any:
        answer = self.run(text, value)
        assert answer["status"] == "SUCCEEDED", answer
        return json.loads(answer["output"])


@pytest.fixture(scope="module")
def machines(aws: Aws) -> Machines:
    return Machines(aws)


def sns_task(**fields: Any) -> State:
    """A task that fails with Sns.NotFoundException, or as given."""
    topic = "arn:aws:sns:eu-west-1:123456789012:no-such-topic"
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sns:publish",
        "Parameters": {"TopicArn": topic, "Message": "hello"},
    } | fields


def test_paths_and_the_context_object(machines: Machines) -> None:
    text = definition(
        Pass={
            "Type": "Pass",
            "Parameters": {
                "Name.$": "$$.Execution.Name",
                "Id.$": "$$.Execution.Id",
                "Role.$": "$$.Execution.RoleArn",
                "Start.$": "$$.Execution.StartTime",
                "State.$": "$$.State.Name",
                "Machine.$": "$$.StateMachine.Id",
                "Value.$": "$.a.b",
                "Whole.$": "$",
            },
            "ResultPath": "$.out",
            "OutputPath": "$.out",
        }
    )
    arn = machines.start(text, {"a": {"b": [1, 2]}})
    output = json.loads(machines.wait(arn)["output"])
    assert output["Id"] == arn
    assert output["Name"] == arn.split(":")[-1]
    assert output["Role"] == ROLE
    assert output["Start"][-1] == "Z" and output["Start"][10] == "T"
    assert output["State"] == "Pass"
    assert output["Machine"].split(":")[-1] == arn.split(":")[-2]
    assert output["Value"] == [1, 2]
    assert output["Whole"] == {"a": {"b": [1, 2]}}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("States.Format('{}-{}', $.name, $.number)", "housing-7"),
        ("States.StringToJson($.text)", {"FailureReason": "bad column"}),
        ("States.JsonToString($.object)", '{"a":1}'),
        ("States.ArrayGetItem($.list, 1)", "second"),
        ("States.ArrayGetItem(States.StringSplit($.uri, '/'), 1)", "bucket"),
        ("States.ArrayLength($.list)", 2),
        ("States.Array($.name, 1)", ["housing", 1]),
        ("States.MathAdd($.number, 1)", 8),
        ("States.JsonMerge($.object, $.other, false)", {"a": 1, "b": 2}),
        ("States.Base64Encode($.name)", "aG91c2luZw=="),
    ],
)
def test_intrinsic_functions(machines: Machines, expression: str, expected: Any) -> None:
    value = {
        "name": "housing", "number": 7, "list": ["first", "second"], "uri": "s3://bucket/key",
        "text": '{"FailureReason": "bad column"}', "object": {"a": 1}, "other": {"b": 2},
    }  # fmt: skip
    text = definition(Pass={"Type": "Pass", "Parameters": {"out.$": expression}})
    assert machines.output(text, value)["out"] == expected


@pytest.mark.parametrize(
    ("rule", "value", "passed"),
    [
        ({"NumericGreaterThanEqualsPath": "$.threshold"}, {"value": 0.84, "threshold": 0.8}, True),
        ({"NumericGreaterThanEqualsPath": "$.threshold"}, {"value": 0.8, "threshold": 0.8}, True),
        ({"NumericGreaterThanEqualsPath": "$.threshold"}, {"value": 0.7, "threshold": 0.8}, False),
        ({"NumericLessThanEqualsPath": "$.threshold"}, {"value": 0.7, "threshold": 0.8}, True),
        ({"StringEquals": "Batch"}, {"value": "Batch"}, True),
        ({"StringMatches": "Bat*"}, {"value": "Bits"}, False),
        ({"IsPresent": True}, {}, False),
        ({"IsNull": True}, {"value": None}, True),
        ({"BooleanEquals": False}, {"value": False}, True),
    ],
)
def test_choice(machines: Machines, rule: State, value: Any, passed: bool) -> None:
    text = definition(
        Gate={
            "Type": "Choice",
            "Choices": [{"Variable": "$.value", "Next": "Yes"} | rule],
            "Default": "No",
        },
        Yes={"Type": "Pass", "Result": True, "End": True},
        No={"Type": "Pass", "Result": False, "End": True},
    )
    assert machines.output(text, value) is passed


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$.a[0].b", 1),
        ("$['a'][1]['b']", 2),
        ("$.a[*].b", [1, 2]),
        ("$.a[?(@.b==2)].b", [2]),
        ("$.a[5:].b", []),
        ("$..b", [1, 2]),
    ],
)
def test_a_definite_path_is_one_value(machines: Machines, path: str, expected: Any) -> None:
    text = definition(Pass={"Type": "Pass", "Parameters": {"out.$": path}})
    assert machines.output(text, {"a": [{"b": 1}, {"b": 2}]}) == {"out": expected}


def test_choice_combines_rules_and_fails_without_default(machines: Machines) -> None:
    rules = [
        {"Variable": "$.kind", "StringEquals": "maximize"},
        {"Not": {"Variable": "$.value", "NumericLessThan": 1}},
    ]
    text = definition(
        Gate={"Type": "Choice", "Choices": [{"And": rules, "Next": "Yes"}]},
        Yes={"Type": "Succeed"},
    )
    assert machines.output(text, {"kind": "maximize", "value": 2})["value"] == 2
    failed = machines.run(text, {"kind": "maximize", "value": 0})
    assert (failed["status"], failed["error"]) == ("FAILED", "States.NoChoiceMatched")


def test_fail_with_paths(machines: Machines) -> None:
    text = definition(
        Fail={
            "Type": "Fail",
            "ErrorPath": "$.code",
            "CausePath": "States.Format('{} is below {}', $.value, $.threshold)",
        }
    )
    failed = machines.run(text, {"code": "QualityGate", "value": 0.5, "threshold": 0.8})
    assert failed["status"] == "FAILED"
    assert (failed["error"], failed["cause"]) == ("QualityGate", "0.5 is below 0.8")
    assert "stopDate" in failed and "output" not in failed


def test_fail_with_constants(machines: Machines) -> None:
    failed = machines.run(definition(Fail={"Type": "Fail", "Error": "E", "Cause": "why"}))
    assert (failed["error"], failed["cause"]) == ("E", "why")


def test_catch_gives_error_and_cause(machines: Machines) -> None:
    text = definition(
        Task=sns_task(
            Catch=[
                {"ErrorEquals": ["Sns.OtherException"], "Next": "Wrong"},
                {
                    "ErrorEquals": ["Sns.NotFoundException"],
                    "ResultPath": "$.Failure",
                    "Next": "Right",
                },
            ],
            End=True,
        ),
        Wrong={"Type": "Fail"},
        Right={"Type": "Succeed"},
    )
    output = machines.output(text, {"kept": 1})
    assert output["kept"] == 1
    assert output["Failure"]["Error"] == "Sns.NotFoundException"
    cause = output["Failure"]["Cause"]
    assert "(Service: Sns, Status Code: 404, Request ID: " in cause


@pytest.mark.parametrize("names", [["States.ALL"], ["States.TaskFailed"]])
def test_wildcards_catch_service_errors(machines: Machines, names: list[str]) -> None:
    catch = [{"ErrorEquals": names, "Next": "Caught"}]
    text = definition(Task=sns_task(Catch=catch, End=True), Caught={"Type": "Succeed"})
    assert machines.run(text)["status"] == "SUCCEEDED"


def test_nothing_catches_a_runtime_error(machines: Machines) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    task = sns_task(Parameters={"Message.$": "$.missing", "TopicArn": "x"}, Catch=catch, End=True)
    failed = machines.run(definition(Task=task, Caught={"Type": "Succeed"}))
    assert (failed["status"], failed["error"]) == ("FAILED", "States.Runtime")
    assert (
        "An error occurred while executing the state 'Task' (entered at the event id #2)."
        in (failed["cause"])
    )
    assert "The JSONPath '$.missing' could not be found in the input" in failed["cause"]


def test_retry_waits_and_gives_up(machines: Machines) -> None:
    retry = {
        "ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1, "MaxAttempts": 2,
        "BackoffRate": 5, "MaxDelaySeconds": 2,
    }  # fmt: skip
    started = time.monotonic()
    arn = machines.start(definition(Task=sns_task(Retry=[retry])))
    failed = machines.wait(arn)
    # 1 s, then 2 s instead of 5 s, because of MaxDelaySeconds.
    assert 2.9 < time.monotonic() - started < 6
    assert failed["error"] == "Sns.NotFoundException"
    events = machines.client.get_execution_history(executionArn=arn)["events"]
    assert [e["type"] for e in events].count("TaskFailed") == 3


def test_retry_with_jitter(machines: Machines) -> None:
    retry = {
        "ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1,
        "JitterStrategy": "FULL",
    }  # fmt: skip
    started = time.monotonic()
    assert machines.run(definition(Task=sns_task(Retry=[retry])))["status"] == "FAILED"
    assert time.monotonic() - started < 2


def test_wait(machines: Machines) -> None:
    text = definition(Wait={"Type": "Wait", "SecondsPath": "$.seconds"}, Done={"Type": "Succeed"})
    started = time.monotonic()
    assert machines.run(text, {"seconds": 1})["status"] == "SUCCEEDED"
    assert 0.9 < time.monotonic() - started < 3


def test_map_and_parallel(machines: Machines) -> None:
    double = definition(
        Double={"Type": "Pass", "Parameters": {"v.$": "States.MathAdd($.value, $.index)"}}
    )
    processor = {"ProcessorConfig": {"Mode": "INLINE"}} | json.loads(double)
    text = definition(
        Map={
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemSelector": {"index.$": "$$.Map.Item.Index", "value.$": "$$.Map.Item.Value"},
            "ItemProcessor": processor,
            "MaxConcurrency": 2,
            "ResultPath": "$.mapped",
        },
        Both={
            "Type": "Parallel",
            "Branches": [
                json.loads(definition(A={"Type": "Pass", "Result": "a"})),
                json.loads(definition(B={"Type": "Pass", "OutputPath": "$.mapped[2].v"})),
            ],
        },
    )
    assert machines.output(text, {"items": [10, 20, 30]}) == ["a", 32]


def test_a_failing_branch_is_caught_once(machines: Machines) -> None:
    text = definition(
        Both={
            "Type": "Parallel",
            "Branches": [
                json.loads(definition(A={"Type": "Wait", "Seconds": 30})),
                json.loads(definition(B={"Type": "Fail", "Error": "Broken", "Cause": "b"})),
            ],
            "Catch": [{"ErrorEquals": ["Broken"], "Next": "Caught"}],
            "End": True,
        },
        Caught={"Type": "Succeed"},
    )
    started = time.monotonic()
    assert machines.output(text) == {"Error": "Broken", "Cause": "b"}
    assert time.monotonic() - started < 5


def test_s3_get_object_is_text(aws: Aws, machines: Machines) -> None:
    bucket = f"bucket-{uuid.uuid4().hex[:8]}"
    s3 = aws("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket=bucket, Key="evaluation.json", Body=b'{"gate": {"value": 0.84}}')
    text = definition(
        Read={
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
            "Parameters": {"Bucket": bucket, "Key": "evaluation.json"},
        },
        Parse={
            "Type": "Pass",
            "Parameters": {"e.$": "States.StringToJson($.Body)"},
            "ResultPath": "$.p",
        },
    )
    output = machines.output(text)
    assert output["p"]["e"] == {"gate": {"value": 0.84}}
    assert output["LastModified"].endswith("Z")
    missing = text.replace("evaluation.json", "nothing.json")
    failed = machines.run(missing)
    assert failed["error"] == "S3.NoSuchKeyException"


def test_a_task_without_parameters_passes_its_input(aws: Aws, machines: Machines) -> None:
    text = definition(
        Put={
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:ssm:putParameter",
            "InputPath": "$.Request",
            "ResultPath": None,
        },
    )
    request = {"Name": f"parameter-{uuid.uuid4().hex[:8]}", "Value": "hello", "Type": "String"}
    output = machines.run(text, {"Request": request, "Other": 1})
    assert output["status"] == "SUCCEEDED", output
    stored = aws("ssm").get_parameter(Name=request["Name"])["Parameter"]
    assert stored["Value"] == "hello"


def test_a_task_uses_the_role_of_its_state_machine(machines: Machines) -> None:
    text = definition(
        Who={"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity"}
    )
    assert ":assumed-role/machine/" in machines.output(text)["Arn"]


def test_another_state_machine_in_sync(machines: Machines) -> None:
    inner = machines.create(definition(Pass={"Type": "Pass", "Result": {"inner": 1}}))
    text = definition(
        Child={
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Parameters": {"StateMachineArn": inner, "Input": {"a": 1}},
            "ResultSelector": {"out.$": "$.Output"},
        }
    )
    assert machines.output(text) == {"out": {"inner": 1}}


def test_a_stopped_execution_keeps_error_and_cause(machines: Machines) -> None:
    arn = machines.start(definition(Wait={"Type": "Wait", "Seconds": 60}))
    machines.client.stop_execution(executionArn=arn, error="Enough", cause="by hand")
    answer = machines.client.describe_execution(executionArn=arn)
    assert answer["status"] == "ABORTED"
    assert (answer["error"], answer["cause"]) == ("Enough", "by hand")
    assert answer["stopDate"] >= answer["startDate"]


def test_a_state_machine_that_takes_too_long(machines: Machines) -> None:
    document = json.loads(definition(Wait={"Type": "Wait", "Seconds": 60}))
    answer = machines.run(json.dumps(document | {"TimeoutSeconds": 1}))
    assert answer["status"] == "TIMED_OUT"
    assert "stopDate" in answer


def test_starting_twice(machines: Machines) -> None:
    client = machines.client
    arn = machines.create(definition(Wait={"Type": "Wait", "Seconds": 60}))
    first = client.start_execution(stateMachineArn=arn, name="same", input='{"a": 1}')
    again = client.start_execution(stateMachineArn=arn, name="same", input='{"a": 1}')
    assert again["executionArn"] == first["executionArn"]
    with pytest.raises(client.exceptions.ExecutionAlreadyExists, match="Execution Already Exists"):
        client.start_execution(stateMachineArn=arn, name="same", input='{"a": 2}')
    client.stop_execution(executionArn=first["executionArn"])
    with pytest.raises(client.exceptions.ExecutionAlreadyExists):
        client.start_execution(stateMachineArn=arn, name="same", input='{"a": 1}')


def test_a_name_and_an_input_are_optional(machines: Machines) -> None:
    arn = machines.create(definition(Pass={"Type": "Pass"}))
    started = machines.client.start_execution(stateMachineArn=arn)
    assert uuid.UUID(started["executionArn"].split(":")[-1])
    assert machines.wait(started["executionArn"])["output"] == "{}"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"name": "with space"}, "InvalidName"),
        ({"name": "n" * 81}, "ValidationException"),
        ({"input": "{not json"}, "InvalidExecutionInput"),
        ({"input": json.dumps("x" * 262_144)}, "ValidationException"),
        ({"input": json.dumps("ä" * 200_000, ensure_ascii=False)}, "InvalidExecutionInput"),
    ],
)
def test_a_start_is_refused(machines: Machines, arguments: dict[str, str], code: str) -> None:
    arn = machines.create(definition(Pass={"Type": "Pass"}))
    with pytest.raises(ClientError) as refused:
        machines.client.start_execution(stateMachineArn=arn, **arguments)
    assert refused.value.response["Error"]["Code"] == code


def test_an_output_over_the_limit_fails(machines: Machines) -> None:
    text = definition(
        Twice={"Type": "Pass", "Parameters": {"a.$": "$.x", "b.$": "$.x"}},
    )
    failed = machines.run(text, {"x": "x" * 200_000})
    assert (failed["status"], failed["error"]) == ("FAILED", "States.DataLimitExceeded")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "INVALID_JSON_DESCRIPTION"),
        ('{"StartAt": "A", "States": {}}', "States is missing or empty at /States"),
        (definition(A={"Type": "Pass", "Next": "B"}), "Missing 'Next' target: B at /States/A/Next"),
        (
            definition(A={"Type": "Succeed"}, B={"Type": "Succeed"}),
            'State "B" is not reachable. at /States/B',
        ),
        (definition(A={"Type": "Pas", "End": True}), "SCHEMA_VALIDATION_FAILED"),
        (
            definition(
                A={"Type": "Task", "Resource": "arn:aws:states:::sagemaker:createModelPackage"}
            ),
            "is not recognized",
        ),
        (
            definition(
                A={"Type": "Task", "Resource": "arn:aws:states:::sagemaker:createModel.sync"}
            ),
            "is not recognized",
        ),
        (
            definition(A=sns_task(Parameters={"TopicArn": "x", "Mesage": "y"})),
            'The field "Mesage" is not supported by Step Functions at /States/A/Parameters',
        ),
        (
            json.dumps(
                {"QueryLanguage": "JSONata"} | json.loads(definition(A={"Type": "Succeed"}))
            ),
            "localaws does not emulate QueryLanguage JSONata",
        ),
    ],
)
def test_a_bad_definition_is_refused(machines: Machines, text: str, message: str) -> None:
    client = machines.client
    with pytest.raises(client.exceptions.InvalidDefinition) as refused:
        machines.create(text)
    assert message in str(refused.value)
    answer = client.validate_state_machine_definition(definition=text)
    assert answer["result"] == "FAIL"
    assert answer["diagnostics"][0]["severity"] == "ERROR"


def test_an_update_changes_what_runs_next(machines: Machines) -> None:
    client = machines.client
    arn = machines.create(definition(Old={"Type": "Pass", "Result": 1}))
    with pytest.raises(client.exceptions.MissingRequiredParameter):
        client.update_state_machine(stateMachineArn=arn, publish=True)
    with pytest.raises(client.exceptions.InvalidDefinition):
        client.update_state_machine(stateMachineArn=arn, definition="{")
    client.update_state_machine(
        stateMachineArn=arn, definition=definition(New={"Type": "Pass", "Result": 2})
    )
    run = client.start_execution(stateMachineArn=arn)
    assert machines.wait(run["executionArn"])["output"] == "2"


def test_a_good_definition_validates(machines: Machines) -> None:
    answer = machines.client.validate_state_machine_definition(
        definition=definition(Pass={"Type": "Pass"})
    )
    assert (answer["result"], answer["diagnostics"]) == ("OK", [])


def test_versions(machines: Machines) -> None:
    arn = machines.create(definition(Pass={"Type": "Pass"}), publish=True)
    versions = machines.client.list_state_machine_versions(stateMachineArn=arn)
    assert [v["stateMachineVersionArn"] for v in versions["stateMachineVersions"]] == [f"{arn}:1"]


def test_history_in_pages_and_reverse(machines: Machines) -> None:
    arn = machines.start(definition(A={"Type": "Pass"}, B={"Type": "Pass"}))
    machines.wait(arn)
    client = machines.client
    whole = client.get_execution_history(executionArn=arn)["events"]
    assert [e["type"] for e in whole] == [
        "ExecutionStarted", "PassStateEntered", "PassStateExited",
        "PassStateEntered", "PassStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    pages = client.get_paginator("get_execution_history").paginate(
        executionArn=arn, reverseOrder=True, PaginationConfig={"PageSize": 4}
    )
    assert [e["id"] for page in pages for e in page["events"]] == [6, 5, 4, 3, 2, 1]


def test_executions_are_listed_newest_first(machines: Machines) -> None:
    arn = machines.create(definition(Pass={"Type": "Pass"}))
    runs = [machines.client.start_execution(stateMachineArn=arn)["executionArn"] for _ in range(3)]
    for run in runs:
        machines.wait(run)
    listed = machines.client.list_executions(stateMachineArn=arn, statusFilter="SUCCEEDED")
    assert [e["executionArn"] for e in listed["executions"]] == runs[::-1]


def test_the_history_goes_to_the_log_group(aws: Aws, machines: Machines) -> None:
    group = f"/aws/vendedlogs/states/{uuid.uuid4().hex[:8]}"
    aws("logs").create_log_group(logGroupName=group)
    logging = {
        "level": "ALL",
        "includeExecutionData": True,
        "destinations": [
            {
                "cloudWatchLogsLogGroup": {
                    "logGroupArn": f"arn:aws:logs:eu-west-1:123456789012:log-group:{group}:*"
                }
            }
        ],
    }
    arn = machines.start(definition(Pass={"Type": "Pass"}), {"a": 1}, loggingConfiguration=logging)
    machines.wait(arn)
    deadline = time.monotonic() + 5
    events: list[Any] = []
    while len(events) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
        found = aws("logs").filter_log_events(logGroupName=group)["events"]
        events = [json.loads(event["message"]) for event in found]
    assert [e["type"] for e in events] == [
        "ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    assert events[0]["execution_arn"] == arn
    assert events[0]["details"]["input"] == '{"a": 1}'


def test_a_function_as_a_task(aws: Aws, machines: Machines) -> None:
    source = "def handler(e, c):\n    return {'twice': 2 * e['value']}"
    name = f"function-{uuid.uuid4().hex[:8]}"
    aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    aws("lambda").create_function(
        FunctionName=name, Runtime="python3.12", Handler="main.handler", Timeout=30,
        Role=f"arn:aws:iam::123456789012:role/{name}", Code={"ZipFile": make_zip({"main.py": source})},
    )  # fmt: skip
    text = definition(
        Call={
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": name, "Payload.$": "$"},
            "OutputPath": "$.Payload",
        }
    )
    assert machines.output(text, {"value": 21}) == {"twice": 42}
    failed = machines.run(text, {"value": None})
    assert failed["error"] == "TypeError"
    assert "unsupported operand" in json.loads(failed["cause"])["errorMessage"]


def test_a_task_token_is_answered(aws: Aws, machines: Machines) -> None:
    sqs = aws("sqs")
    queue = sqs.create_queue(QueueName=f"queue-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    text = definition(
        Ask={
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {"QueueUrl": queue, "MessageBody": {"token.$": "$$.Task.Token"}},
        }
    )
    arn = machines.start(text)
    message = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"][0]
    token = json.loads(message["Body"])["token"]
    with pytest.raises(machines.client.exceptions.InvalidToken):
        machines.client.send_task_success(taskToken="other", output="{}")
    machines.client.send_task_success(taskToken=token, output='{"answer": 1}')
    assert json.loads(machines.wait(arn)["output"]) == {"answer": 1}


def test_a_name_that_is_taken(machines: Machines) -> None:
    arn = machines.create(definition(Pass={"Type": "Pass"}))
    name = arn.split(":")[-1]
    client = machines.client
    same = client.create_state_machine(
        name=name, roleArn=ROLE, definition=definition(Pass={"Type": "Pass"})
    )
    assert same["stateMachineArn"] == arn
    with pytest.raises(client.exceptions.StateMachineAlreadyExists):
        client.create_state_machine(
            name=name, roleArn=ROLE, definition=definition(Other={"Type": "Pass"})
        )
