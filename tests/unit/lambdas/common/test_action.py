"""CodePipeline gets one answer, whatever happens, and no secret is logged on the way."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from common import log
from common.action import Answer, run_action
from common.errors import AccessError, ConfigurationError, InputError
from common.job import Job
from tests.unit.lambdas import fakes

REQUEST = "8f5e6a0e-request"


def run(work: Any) -> fakes.FakeCodePipeline:
    codepipeline = fakes.FakeCodePipeline()
    run_action(fakes.load_event("create_schema"), codepipeline, work, REQUEST)
    return codepipeline


def test_success_hands_over_the_variables() -> None:
    codepipeline = run(lambda job: Answer("done", {"RunId": "r-1"}))
    assert codepipeline.failures == []
    assert codepipeline.successes == [
        {
            "jobId": "11111111-abcd-1111-abcd-111111abcdef",
            "executionDetails": {
                "summary": "done",
                "externalExecutionId": REQUEST,
                "percentComplete": 100,
            },
            "outputVariables": {"RunId": "r-1"},
        }
    ]


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (
            ConfigurationError("UseCase", "found 1", "Fix it."),
            "ConfigurationError",
            "UseCase: found 1. Fix it.",
        ),
        (
            ConfigurationError("X", ["a", "b"], "Fix it."),
            "ConfigurationError",
            "X: 2 problems\n- a\n- b\nFix it.",
        ),
        (AccessError("no"), "PermissionError", "no"),
        (InputError("broken"), "JobFailed", "broken"),
        (
            ZeroDivisionError("division by zero"),
            "JobFailed",
            "ZeroDivisionError: division by zero. This is not expected: see the log of request "
            f"{REQUEST} in the function's log group, then retry the stage.",
        ),
    ],
)
def test_failure_is_reported_and_not_raised(error: Exception, kind: str, message: str) -> None:
    def work(job: Job) -> Answer:
        raise error

    codepipeline = run(work)
    assert codepipeline.successes == []
    (failure,) = codepipeline.failures
    assert failure["failureDetails"] == {
        "type": kind,
        "message": message,
        "externalExecutionId": REQUEST,
    }


def test_long_message_is_cut_to_what_the_api_takes() -> None:
    def work(job: Job) -> Answer:
        raise InputError("x" * 6000)

    message = run(work).failures[0]["failureDetails"]["message"]
    assert len(message) == 5000
    assert message.endswith("... (more in the log)")


def test_event_that_is_no_job_is_raised() -> None:
    with pytest.raises(KeyError, match=r"CodePipeline\.job"):
        run_action({"Records": []}, fakes.FakeCodePipeline(), lambda job: Answer(""), REQUEST)


def test_answer_that_codepipeline_refuses_is_raised() -> None:
    codepipeline = fakes.FakeCodePipeline(
        successes=[{"jobId": "11111111-abcd-1111-abcd-111111abcdef"}]
    )
    event = fakes.load_event("create_schema")
    with pytest.raises(Exception, match="InvalidJobStateException"):
        run_action(event, codepipeline, lambda job: Answer("done"), REQUEST)


def test_log_is_json_lines_with_context_and_without_secrets(
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    log.configure("DEBUG")
    try:

        def work(job: Job) -> Answer:
            logging.getLogger("test").info("job: %s", job)
            raise ValueError("unexpected")

        codepipeline = run(work)
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    output = capsys.readouterr().out
    lines = [json.loads(line) for line in output.splitlines()]
    failed = lines[-1]
    assert failed["level"] == "ERROR"
    assert failed["message"] == "job failed unexpectedly"
    assert failed["job_id"] == "11111111-abcd-1111-abcd-111111abcdef"
    assert failed["request_id"] == REQUEST
    assert "ValueError: unexpected" in failed["exception"]
    everything = output + json.dumps(codepipeline.failures)
    secrets = fakes.load_event("create_schema")["CodePipeline.job"]["data"]["artifactCredentials"]
    assert [secret for secret in secrets.values() if secret in everything] == []


def test_job_without_key_and_parameters() -> None:
    event = fakes.load_event("create_schema")
    data = event["CodePipeline.job"]["data"]
    del data["encryptionKey"], data["actionConfiguration"]["configuration"]["UserParameters"]
    job = Job.from_event(event)
    assert job.encryption_key is None
    with pytest.raises(ConfigurationError, match="UserParameters: RunId is missing"):
        job.parameters(required={"RunId"})


@pytest.mark.parametrize(("side", "attribute"), [("input", "inputs"), ("output", "outputs")])
def test_job_with_the_wrong_number_of_artifacts(side: str, attribute: str) -> None:
    event = fakes.load_event("create_schema")
    event["CodePipeline.job"]["data"][f"{side}Artifacts"] = []
    job = Job.from_event(event)
    assert getattr(job, attribute) == ()
    with pytest.raises(ConfigurationError, match=f"{side} artifacts of the action: found none"):
        getattr(job, side)()
