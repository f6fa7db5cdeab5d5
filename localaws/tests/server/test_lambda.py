"""Functions run: warm and cold, synchronously and asynchronously, with every kind of failure."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.services.lambda_.pool import CONCURRENT_STARTS
from waiting import eventually
from zips import make_zip

Aws = Callable[..., Any]

SOURCE = """
import json, os, signal, sys, tempfile, time
import boto3
started = time.time()
count = 0

def handler(event, context):
    global count
    count += 1
    print("event", json.dumps(event))
    action = event.get("action")
    if action == "raise":
        raise KeyError("no such column")
    if action == "exit":
        os._exit(event["code"])
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "sleep":
        time.sleep(event["seconds"])
    if action == "large":
        return "x" * event["size"]
    if action == "count-failures":
        queue = boto3.client("sqs")
        queue.send_message(QueueUrl=event["queue"], MessageBody=context.aws_request_id)
        raise RuntimeError("again")
    if action == "identity":
        return boto3.client("sts").get_caller_identity()["Arn"]
    return {
        "event": event, "pid": os.getpid(), "count": count, "request_id": context.aws_request_id,
        "arn": context.invoked_function_arn, "memory": context.memory_limit_in_mb,
        "version": context.function_version, "remaining": context.get_remaining_time_in_millis(),
        "environment": dict(os.environ), "tmp": tempfile.gettempdir(), "cwd": os.getcwd(),
    }
"""


def package(source: str = SOURCE, name: str = "main.py") -> bytes:
    return make_zip({name: source})


@pytest.fixture(scope="module")
def role(aws: Aws) -> str:
    name = f"function-{uuid.uuid4().hex[:8]}"
    answer = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    return str(answer["Role"]["Arn"])


@pytest.fixture
def create(aws: Aws, role: str) -> Callable[..., str]:
    def make(source: str = SOURCE, **settings: Any) -> str:
        name = f"function-{uuid.uuid4().hex[:8]}"
        settings = {"Runtime": "python3.12", "Handler": "main.handler", "Timeout": 30} | settings
        code = settings.pop("Code", {"ZipFile": package(source)})
        aws("lambda").create_function(FunctionName=name, Role=role, Code=code, **settings)
        return name

    return make


@pytest.fixture(scope="module")
def shared(aws: Aws, role: str) -> str:
    """A function that stays warm for the tests that only need some function."""
    name = f"function-{uuid.uuid4().hex[:8]}"
    aws("lambda").create_function(
        FunctionName=name, Role=role, Code={"ZipFile": package()}, Runtime="python3.12",
        Handler="main.handler", Timeout=30, MemorySize=256,
        Environment={"Variables": {"COLOUR": "blue"}},
    )  # fmt: skip
    return name


def call(aws: Aws, name: str, event: Any = None, **options: Any) -> dict[str, Any]:
    answer = aws("lambda").invoke(FunctionName=name, Payload=json.dumps(event or {}), **options)
    return {**answer, "Body": json.loads(answer["Payload"].read() or b"null")}


def log_lines(aws: Aws, group: str) -> list[str]:
    try:
        events = aws("logs").filter_log_events(logGroupName=group)["events"]
    except ClientError:
        return []
    return [event["message"] for event in events]


def test_the_environment_is_that_of_lambda(aws: Aws, localaws: Any, shared: str, role: str) -> None:
    answer = call(aws, shared, {"a": 1})
    body = answer["Body"]
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert body["event"] == {"a": 1}
    assert body["arn"].endswith(f":function:{shared}")
    assert body["memory"] == "256"
    assert 25_000 < body["remaining"] <= 30_000
    environment = body["environment"]
    assert environment["COLOUR"] == "blue"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == shared
    assert environment["AWS_ENDPOINT_URL"] == localaws.endpoint_url
    assert environment["LAMBDA_TASK_ROOT"] == body["cwd"]
    assert environment["_HANDLER"] == "main.handler"
    assert body["tmp"].startswith(str(localaws.state_dir))
    assert "HOME" not in environment
    identity = call(aws, shared, {"action": "identity"})["Body"]
    assert f":assumed-role/{role.split('/')[-1]}/" in identity


def test_a_warm_environment_is_reused_until_code_or_configuration_changes(
    aws: Aws, create: Callable[..., str]
) -> None:
    name = create()
    first, second = call(aws, name)["Body"], call(aws, name)["Body"]
    assert (first["pid"], first["count"], second["count"]) == (second["pid"], 1, 2)
    assert first["request_id"] != second["request_id"]
    aws("lambda").update_function_configuration(
        FunctionName=name, Environment={"Variables": {"COLOUR": "red"}}
    )
    third = call(aws, name)["Body"]
    assert (third["count"], third["environment"]["COLOUR"]) == (1, "red")
    aws("lambda").update_function_code(
        FunctionName=name, ZipFile=package("def handler(e, c): return 'new'")
    )
    assert call(aws, name)["Body"] == "new"


def test_each_concurrent_invocation_has_its_own_environment(
    aws: Aws, create: Callable[..., str]
) -> None:
    name = create(
        "import os, time\ndef handler(e, c):\n    time.sleep(1.5)\n    return os.getpid()"
    )
    with ThreadPoolExecutor(2) as pool:
        pids = list(pool.map(lambda _: call(aws, name)["Body"], range(2)))
    assert len(set(pids)) == 2


def test_a_burst_starts_few_processes_at_a_time(
    aws: Aws, create: Callable[..., str], tmp_path: Path
) -> None:
    """The module counts how many of its processes start at the same time."""
    source = f"""
import os, pathlib, time
folder = pathlib.Path({str(tmp_path)!r})
own = folder / str(os.getpid())
own.touch()
time.sleep(0.3)
starting = len(list(folder.iterdir()))
own.unlink()
def handler(e, c): return [os.getpid(), starting]
"""
    name = create(source)
    calls = 4 * CONCURRENT_STARTS
    with ThreadPoolExecutor(calls) as threads:
        answers = list(threads.map(lambda _: call(aws, name)["Body"], range(calls)))
    assert max(starting for _, starting in answers) <= CONCURRENT_STARTS
    # Those that waited were answered by the processes that started first.
    assert len({pid for pid, _ in answers}) < calls


def test_the_log_has_the_lines_of_the_platform_and_the_function(aws: Aws, shared: str) -> None:
    answer = call(aws, shared, {"marker": "tail"}, LogType="Tail")
    request_id = answer["Body"]["request_id"]
    lines = base64.b64decode(answer["LogResult"]).decode().splitlines()
    assert lines[0] == f"START RequestId: {request_id} Version: $LATEST"
    assert lines[1] == 'event {"marker": "tail"}'
    assert lines[2] == f"END RequestId: {request_id}"
    assert lines[3].startswith(f"REPORT RequestId: {request_id}\tDuration: ")
    assert "\tMemory Size: 256 MB\tMax Memory Used: " in lines[3]
    found = eventually(
        lambda: [line for line in log_lines(aws, f"/aws/lambda/{shared}") if request_id in line][2:]
    )
    assert found[0].startswith("REPORT")


def test_without_tail_no_log_is_returned(aws: Aws, shared: str) -> None:
    assert "LogResult" not in call(aws, shared)


def test_an_exception_is_an_unhandled_error_with_its_trace(aws: Aws, shared: str) -> None:
    answer = call(aws, shared, {"action": "raise"}, LogType="Tail")
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert answer["Body"]["errorType"] == "KeyError"
    assert answer["Body"]["errorMessage"] == "'no such column'"
    assert "raise KeyError" in answer["Body"]["stackTrace"][0]
    log = base64.b64decode(answer["LogResult"]).decode()
    assert "[ERROR] KeyError: 'no such column'\nTraceback" in log


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"action": "exit", "code": 3}, "Runtime exited with error: exit status 3"),
        ({"action": "exit", "code": 0}, "Runtime exited without providing a reason"),
        ({"action": "kill"}, "Runtime exited with error: signal: killed"),
    ],
)
def test_a_crash_is_one_error_and_the_next_invocation_works(
    aws: Aws, shared: str, event: dict[str, Any], message: str
) -> None:
    answer = call(aws, shared, event)
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Body"]["errorType"] == "Runtime.ExitError"
    assert answer["Body"]["errorMessage"].endswith(f"Error: {message}")
    assert call(aws, shared)["Body"]["count"] == 1


def test_a_timeout_ends_the_environment(aws: Aws, create: Callable[..., str]) -> None:
    name = create(Timeout=1)
    pid = call(aws, name)["Body"]["pid"]
    answer = call(aws, name, {"action": "sleep", "seconds": 20}, LogType="Tail")
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Body"]["errorType"] == "Sandbox.Timedout"
    message = answer["Body"]["errorMessage"]
    assert message.endswith(" Task timed out after 1.00 seconds")
    log = base64.b64decode(answer["LogResult"]).decode()
    assert message in log
    assert "Status: timeout" in log
    assert call(aws, name)["Body"]["pid"] != pid


def test_a_faster_clock_leaves_a_function_its_time(
    start_localaws: Callable[..., Any], tmp_path: Path
) -> None:
    """A minute of this clock is a second. The function's name is as short as a name can be."""
    source = """
import time
def handler(e, context):
    time.sleep(0.5)
    return context.get_remaining_time_in_millis()
"""
    with start_localaws(tmp_path, "--time-scale", "60") as server:
        client = server.client("lambda")
        role = server.client("iam").create_role(RoleName="function", AssumeRolePolicyDocument="{}")
        client.create_function(
            FunctionName="f", Role=role["Role"]["Arn"], Code={"ZipFile": package(source)},
            Runtime="python3.12", Handler="main.handler", Timeout=20,
        )  # fmt: skip
        answer = client.invoke(FunctionName="f")
        assert 1_000 < json.loads(answer["Payload"].read()) < 20_000
        assert "FunctionError" not in answer


@pytest.mark.parametrize(
    ("source", "handler", "error_type", "message"),
    [
        ("import nothing_here", "main.handler", "Runtime.ImportModuleError", "nothing_here"),
        ("import pandas", "main.handler", "Runtime.ImportModuleError", "No module named 'pandas'"),
        ("def handler(", "main.handler", "Runtime.UserCodeSyntaxError", "Syntax error"),
        ("x = 1", "main.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing"),
        ("x = 1", "other.handler", "Runtime.ImportModuleError", "No module named 'other'"),
        ("1 / 0", "main.handler", "ZeroDivisionError", "division by zero"),
    ],
)
def test_a_module_that_does_not_load(
    aws: Aws, create: Callable[..., str], source: str, handler: str, error_type: str, message: str
) -> None:
    answer = call(aws, create(source, Handler=handler))
    assert answer["FunctionError"] == "Unhandled"
    assert answer["Body"]["errorType"] == error_type
    assert message in answer["Body"]["errorMessage"]


def test_an_event_is_queued_and_runs(aws: Aws, shared: str) -> None:
    marker = uuid.uuid4().hex
    answer = call(aws, shared, {"marker": marker}, InvocationType="Event")
    assert (answer["StatusCode"], answer["Body"]) == (202, None)
    eventually(lambda: any(marker in line for line in log_lines(aws, f"/aws/lambda/{shared}")))


def test_a_failed_event_goes_to_the_destination_with_its_record(
    aws: Aws, create: Callable[..., str]
) -> None:
    name = create()
    sqs = aws("sqs")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    attempts = sqs.create_queue(QueueName=f"{name}-attempts")["QueueUrl"]
    for retries in (2, 0):
        aws("lambda").put_function_event_invoke_config(
            FunctionName=name,
            MaximumRetryAttempts=retries,
            DestinationConfig={"OnFailure": {"Destination": arn["Attributes"]["QueueArn"]}},
        )
    event = {"action": "count-failures", "queue": attempts}
    call(aws, name, event, InvocationType="Event")
    (message,) = eventually(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
    record = json.loads(message["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["requestPayload"] == event
    assert record["responsePayload"]["errorMessage"] == "again"
    (attempt,) = sqs.receive_message(QueueUrl=attempts, MaxNumberOfMessages=10)["Messages"]
    assert attempt["Body"] == record["requestContext"]["requestId"]


def test_a_dry_run_runs_nothing(aws: Aws, shared: str) -> None:
    before = call(aws, shared)["Body"]["count"]
    assert call(aws, shared, InvocationType="DryRun")["StatusCode"] == 204
    assert call(aws, shared)["Body"]["count"] == before + 1


def test_versions_and_aliases_run_their_own_code(aws: Aws, create: Callable[..., str]) -> None:
    name = create("def handler(e, c): return 'one ' + c.function_version", Publish=True)
    client = aws("lambda")
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    client.update_function_code(
        FunctionName=name, ZipFile=package("def handler(e, c): return 'two'"), Publish=False
    )
    assert call(aws, name)["Body"] == "two"
    assert call(aws, name, Qualifier="1")["Body"] == "one 1"
    answer = call(aws, name, Qualifier="live")
    assert (answer["Body"], answer["ExecutedVersion"]) == ("one 1", "1")


def test_a_package_brings_its_own_modules_and_the_runtime_its_sdk(
    aws: Aws, create: Callable[..., str]
) -> None:
    source = """
import boto3, botocore, dateutil, sys
from importlib.metadata import version
def handler(event, context):
    return [version("boto3"), boto3.__version__, [p for p in sys.path if "site-packages" in p]]
"""
    metadata, module, places = call(aws, create(source))["Body"]
    assert metadata == module
    assert places == []


def test_a_layer_is_on_the_path(aws: Aws, create: Callable[..., str]) -> None:
    layer = aws("lambda").publish_layer_version(
        LayerName="shared-code",
        Content={"ZipFile": package("VALUE = 42", "python/shared_code.py")},
    )
    name = create(
        "import shared_code\ndef handler(e, c): return shared_code.VALUE",
        Layers=[layer["LayerVersionArn"]],
    )
    assert call(aws, name)["Body"] == 42


def test_limits_have_the_errors_of_aws(aws: Aws, create: Callable[..., str], shared: str) -> None:
    client = aws("lambda")
    answer = call(aws, shared, {"action": "large", "size": 6_291_550})
    assert len(answer["Body"]) == 6_291_550
    answer = call(aws, shared, {"action": "large", "size": 6_400_000})
    assert answer["Body"]["errorType"] == "Function.ResponseSizeTooLarge"
    with pytest.raises(client.exceptions.RequestTooLargeException):
        client.invoke(FunctionName=shared, Payload=json.dumps("x" * 6_300_000))
    with pytest.raises(client.exceptions.RequestTooLargeException):
        client.invoke(
            FunctionName=shared, InvocationType="Event", Payload=json.dumps("x" * 1_100_000)
        )
    with pytest.raises(client.exceptions.InvalidRequestContentException):
        client.invoke(FunctionName=shared, Payload=b"{not json")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.invoke(FunctionName="no-such-function")


def test_a_reserved_concurrency_of_zero_stops_a_function(
    aws: Aws, create: Callable[..., str]
) -> None:
    name = create()
    client = aws("lambda")
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(client.exceptions.TooManyRequestsException) as refused:
        client.invoke(FunctionName=name)
    reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert refused.value.response["Reason"] == reason
    concurrency = client.get_function(FunctionName=name)["Concurrency"]
    assert concurrency == {"ReservedConcurrentExecutions": 0}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"Runtime": "nodejs22.x"}, "asks for runtime 'nodejs22.x'; localaws runs python3.9"),
        (
            {"PackageType": "Image", "Code": {"ImageUri": "123456789012.dkr.ecr.x/y:1"}},
            "is a container image",
        ),
    ],
)
def test_what_cannot_run_here_is_refused_by_name(
    aws: Aws, create: Callable[..., str], settings: dict[str, Any], message: str
) -> None:
    name = create(**settings)
    with pytest.raises(ClientError, match=message) as refused:
        aws("lambda").invoke(FunctionName=name)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_package_that_is_no_zip_is_refused_at_once(create: Callable[..., str]) -> None:
    with pytest.raises(ClientError, match="Could not unzip uploaded file"):
        create(Code={"ZipFile": b"not a zip"})


def test_a_queue_reaches_a_function(aws: Aws, create: Callable[..., str]) -> None:
    name = create()
    sqs = aws("sqs")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    aws("lambda").create_event_source_mapping(
        FunctionName=name, EventSourceArn=arn["Attributes"]["QueueArn"]
    )
    sqs.send_message(QueueUrl=queue, MessageBody="through the queue")
    eventually(
        lambda: any("through the queue" in line for line in log_lines(aws, f"/aws/lambda/{name}"))
    )


def test_a_topic_reaches_a_function(aws: Aws, create: Callable[..., str]) -> None:
    name = create()
    function_arn = aws("lambda").get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    topic = aws("sns").create_topic(Name=name)["TopicArn"]
    aws("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function_arn)
    aws("sns").publish(TopicArn=topic, Message="through the topic")
    eventually(
        lambda: any("through the topic" in line for line in log_lines(aws, f"/aws/lambda/{name}"))
    )
