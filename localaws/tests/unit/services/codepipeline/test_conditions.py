"""The conditions of stages: entry, success and failure, their rules, their results and their override."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from localaws.core.clock import Clock
from localaws.core.errors import AwsError
from unit.services.codepipeline.definitions import check, condition, rule
from unit.services.codepipeline.fakes import (
    FakeContext,
    Harness,
    approval,
    function,
    machine,
    pipeline,
    running,
)
from waiting import eventually

MET = check("Met", "#{variables.Go}", "no", "NE")
GO = [{"name": "Go", "defaultValue": "yes"}]
BLOCKED = check("Blocked", "#{variables.Go}", "yes")


def with_condition(
    hook: str, given: dict[str, Any], *stages: list[dict[str, Any]]
) -> dict[str, Any]:
    """A pipeline whose stage Stage1 has a condition."""
    definition = pipeline(*(stages or ([approval()],)), variables=GO)
    definition["stages"][1][hook] = given
    return definition


def state(harness: Harness, hook: str, stage: str = "Stage1") -> dict[str, Any]:
    return harness.stage(stage)[f"{hook}ConditionState"]


def status(harness: Harness, hook: str) -> str | None:
    """The status of a condition; None before it is checked."""
    found: str | None = state(harness, hook).get("latestExecution", {}).get("status")
    return found


def go(value: str) -> list[dict[str, str]]:
    return [{"name": "Go", "value": value}]


def override(harness: Harness, execution_id: str, kind: str = "BEFORE_ENTRY") -> None:
    harness.api.override_stage_condition(
        {
            "pipelineName": "demo",
            "stageName": "Stage1",
            "pipelineExecutionId": execution_id,
            "conditionType": kind,
        }
    )


def test_a_met_entry_condition_lets_the_actions_start(harness: Harness) -> None:
    first = harness.create(with_condition("beforeEntry", condition("FAIL", MET, BLOCKED)))
    harness.approve("Stage1")
    harness.wait(first, "Succeeded")
    found = state(harness, "beforeEntry")
    assert found["latestExecution"] == {"status": "Succeeded"}
    rules = found["conditionStates"][0]["ruleStates"]
    assert [(r["ruleName"], r["latestExecution"]["status"]) for r in rules] == [
        ("Met", "Succeeded"),
        ("Blocked", "Succeeded"),
    ]
    assert "onSuccessConditionState" not in harness.stage("Stage1")


def test_a_failed_entry_condition_fails_the_stage_before_any_action(harness: Harness) -> None:
    harness.create(with_condition("beforeEntry", condition("FAIL", MET, BLOCKED)))
    harness.approve("Stage1")
    second = harness.start(variables=go("no"))
    harness.wait(second, "Failed")
    assert harness.stage("Stage1")["latestExecution"]["status"] == "Failed"
    assert {a["stageName"] for a in harness.actions(second)} == {"Source"}
    found = state(harness, "beforeEntry")["conditionStates"][0]
    assert found["latestExecution"]["status"] == "Failed"
    assert (
        "Variable #{variables.Go} is 'no', which does not satisfy EQ 'yes'"
        in (found["latestExecution"]["summary"])
    )


def test_a_stage_can_be_skipped(harness: Harness) -> None:
    definition = with_condition(
        "beforeEntry", condition("SKIP", BLOCKED), [approval()], [approval()]
    )
    harness.create(definition)
    harness.approve("Stage1")
    harness.approve("Stage2")
    second = harness.start(variables=go("no"))
    harness.approve("Stage2")
    harness.wait(second, "Succeeded")
    assert harness.stage("Stage1")["latestExecution"] == {
        "pipelineExecutionId": second,
        "status": "Skipped",
        "type": "STANDARD",
    }


def test_an_artifact_of_a_skipped_stage_is_missed_by_name(harness: Harness) -> None:
    definition = with_condition(
        "beforeEntry",
        condition("SKIP", BLOCKED),
        [machine(outputs=["Plan"])],
        [function(inputs=["Plan"])],
    )
    definition["variables"] = [{"name": "Go", "defaultValue": "no"}]
    first = harness.create(definition)
    harness.wait(first, "Failed")
    error = harness.latest("Stage2", "Function")["errorDetails"]
    assert error["code"] == "ConfigurationError"
    assert error["message"].startswith(
        "There is no input artifact Plan: the stage of the action that"
    )


def test_a_failed_condition_for_success_fails_the_stage(harness: Harness) -> None:
    definition = with_condition("onSuccess", condition("FAIL", BLOCKED))
    definition["variables"] = [{"name": "Go", "defaultValue": "no"}]
    first = harness.create(definition)
    harness.approve("Stage1")
    harness.wait(first, "Failed")
    assert status(harness, "onSuccess") == "Failed"
    assert harness.latest("Stage1", "Approve")["status"] == "Succeeded"


def test_a_failed_condition_for_success_rolls_back(harness: Harness) -> None:
    first = harness.create(with_condition("onSuccess", condition("ROLLBACK", BLOCKED)))
    harness.approve("Stage1")
    harness.wait(first, "Succeeded")
    second = harness.start(variables=go("no"))
    harness.approve("Stage1")
    harness.wait(second, "Failed")
    harness.approve("Stage1")
    rollback = harness.executions()[0]
    harness.wait(rollback["pipelineExecutionId"], "Succeeded")
    assert rollback["executionType"] == "ROLLBACK"
    assert rollback["rollbackMetadata"] == {"rollbackTargetPipelineExecutionId": first}
    assert rollback["trigger"] == {"triggerType": "AutomatedRollback", "triggerDetail": second}


@pytest.mark.parametrize("go_on", ["yes", "no"])
def test_a_condition_for_failure_decides_about_the_rollback(harness: Harness, go_on: str) -> None:
    first = harness.create(with_condition("onFailure", condition("ROLLBACK", BLOCKED)))
    harness.approve("Stage1")
    harness.wait(first, "Succeeded")
    second = harness.start(variables=go(go_on))
    harness.approve("Stage1", status="Rejected")
    harness.wait(second, "Failed")
    rules = {"pipelineName": "demo"}
    eventually(
        lambda: (
            harness.api.list_rule_executions(rules)["ruleExecutionDetails"][0]["status"]
            != "InProgress"
        )
    )
    # A condition that is met engages no result.
    types = ["STANDARD", "STANDARD"] if go_on == "yes" else ["ROLLBACK", "STANDARD", "STANDARD"]
    assert [e["executionType"] for e in harness.executions()] == types


def test_a_condition_for_failure_can_retry_the_stage_once(harness: Harness) -> None:
    definition = with_condition("onFailure", condition("RETRY", BLOCKED))
    definition["variables"] = [{"name": "Go", "defaultValue": "no"}]
    first = harness.create(definition)
    token = harness.token("Stage1", "Approve")
    harness.approve("Stage1", status="Rejected")
    eventually(lambda: harness.latest("Stage1", "Approve").get("token") not in {None, token})
    assert harness.stage("Stage1")["retryStageMetadata"] == {
        "autoStageRetryAttempt": 1,
        "latestRetryTrigger": "AutomatedStageRetry",
    }
    harness.approve("Stage1", status="Rejected")
    harness.wait(first, "Failed")


def test_a_rule_that_cannot_be_checked_is_an_error(harness: Harness) -> None:
    alarm = rule("Alarm", "CloudWatchAlarm", AlarmName="missing")
    first = harness.create(with_condition("beforeEntry", condition("FAIL", alarm)))
    harness.wait(first, "Failed")
    assert status(harness, "beforeEntry") == "Errored"
    rules = state(harness, "beforeEntry")["conditionStates"][0]["ruleStates"]
    assert rules[0]["latestExecution"]["errorDetails"] == {
        "code": "ConfigurationError",
        "message": "There is no alarm 'missing'",
    }


def test_an_alarm_during_the_wait_fails_the_rule(tmp_path: Path) -> None:
    with running(tmp_path, scale=600) as harness:
        harness.context.alarms.states["5xx"] = "OK"
        alarm = rule("Alarm", "CloudWatchAlarm", AlarmName="5xx", WaitTime="20")
        definition = with_condition("onSuccess", condition("FAIL", alarm))
        first = harness.create(definition)
        harness.approve("Stage1")
        harness.wait(first, "Succeeded")
        assert harness.context.alarms.calls > 1
        second = harness.start()
        harness.approve("Stage1")
        eventually(lambda: status(harness, "onSuccess") == "InProgress")
        harness.context.alarms.states["5xx"] = "ALARM"
        harness.wait(second, "Failed")
        shown = state(harness, "onSuccess")["conditionStates"][0]["latestExecution"]["summary"]
        assert shown == "Alarm 5xx is in state ALARM: threshold crossed"


@pytest.mark.parametrize(
    ("cron", "expected"), [("* * * * * *", "Succeeded"), ("* * * * * * 1999", "Failed")]
)
def test_a_deployment_window_looks_at_the_time(harness: Harness, cron: str, expected: str) -> None:
    window = rule("Window", "DeploymentWindow", Cron=cron, TimeZone="Europe/Dublin")
    harness.create(with_condition("beforeEntry", condition("FAIL", window)))
    eventually(lambda: status(harness, "beforeEntry") == expected)


def test_a_function_answers_a_rule_as_it_answers_an_action(harness: Harness) -> None:
    def answer(event: dict[str, Any]) -> None:
        job = event["CodePipeline.job"]
        parameters = job["data"]["actionConfiguration"]["configuration"]["UserParameters"]
        if parameters == "yes":
            harness.api.put_job_success_result({"jobId": job["id"]})
        else:
            details = {"type": "JobFailed", "message": "the scan found 2"}
            harness.api.put_job_failure_result({"jobId": job["id"], "failureDetails": details})

    harness.context.functions.functions["Scan"] = answer
    scan = rule("Scan", "LambdaInvoke", FunctionName="Scan", UserParameters="#{variables.Go}")
    first = harness.create(with_condition("onSuccess", condition("FAIL", scan)))
    harness.approve("Stage1")
    harness.wait(first, "Succeeded")
    second = harness.start(variables=go("no"))
    harness.approve("Stage1")
    harness.wait(second, "Failed")
    details = harness.api.list_rule_executions({"pipelineName": "demo"})["ruleExecutionDetails"]
    assert [(d["pipelineExecutionId"], d["status"]) for d in details] == [
        (second, "Failed"),
        (first, "Succeeded"),
    ]
    newest = details[0]
    assert newest["ruleName"] == "Scan"
    assert newest["input"]["ruleTypeId"]["provider"] == "LambdaInvoke"
    assert newest["input"]["resolvedConfiguration"]["UserParameters"] == "no"
    assert newest["output"]["executionResult"]["errorDetails"]["message"] == "the scan found 2"
    wanted = {"pipelineExecutionId": first, "startTimeRange": "Latest"}
    only = {"pipelineName": "demo", "filter": {"latestInPipelineExecution": wanted}}
    assert len(harness.api.list_rule_executions(only)["ruleExecutionDetails"]) == 1


def test_a_failed_condition_can_be_overridden(harness: Harness) -> None:
    definition = with_condition("beforeEntry", condition("FAIL", BLOCKED))
    definition["stages"][1]["onSuccess"] = condition(
        "FAIL", check("After", "#{variables.Go}", "yes")
    )
    definition["variables"] = [{"name": "Go", "defaultValue": "no"}]
    first = harness.create(definition)
    harness.wait(first, "Failed")
    override(harness, first)
    assert status(harness, "beforeEntry") == "Overridden"
    harness.approve("Stage1")
    harness.wait(first, "Failed")
    override(harness, first, "ON_SUCCESS")
    harness.wait(first, "Succeeded")
    with pytest.raises(AwsError, match="is Overridden and the stage Succeeded") as caught:
        override(harness, first, "ON_SUCCESS")
    assert caught.value.code == "ConditionNotOverridableException"


def test_a_condition_that_is_being_checked_can_be_overridden(harness: Harness) -> None:
    harness.context.functions.functions["Scan"] = lambda event: None
    scan = rule("Scan", "LambdaInvoke", FunctionName="Scan")
    first = harness.create(with_condition("beforeEntry", condition("FAIL", scan)))
    eventually(lambda: harness.context.functions.invocations)
    override(harness, first)
    rules = harness.api.list_rule_executions({"pipelineName": "demo"})["ruleExecutionDetails"]
    assert rules[0]["status"] == "Abandoned"
    harness.approve("Stage1")
    harness.wait(first, "Succeeded")


def test_an_older_execution_cannot_be_overridden(harness: Harness) -> None:
    definition = with_condition("beforeEntry", condition("FAIL", BLOCKED))
    definition["variables"] = [{"name": "Go", "defaultValue": "no"}]
    first = harness.create(definition)
    harness.wait(first, "Failed")
    second = harness.start()
    harness.wait(second, "Failed")
    with pytest.raises(AwsError) as caught:
        override(harness, first)
    assert caught.value.code == "NotLatestPipelineExecutionException"


@pytest.mark.parametrize("mode", ["FAILED_ACTIONS", "ALL_ACTIONS"])
def test_a_retry_checks_a_failed_condition_again(harness: Harness, mode: str) -> None:
    alarm = rule("Alarm", "CloudWatchAlarm", AlarmName="5xx")
    harness.context.alarms.states["5xx"] = "ALARM"
    first = harness.create(with_condition("beforeEntry", condition("FAIL", alarm)))
    harness.wait(first, "Failed")
    harness.context.alarms.states["5xx"] = "OK"
    harness.retry(first, "Stage1", mode)
    harness.approve("Stage1")
    harness.wait(first, "Succeeded")


def test_a_retry_during_the_condition_for_failure_abandons_it(harness: Harness) -> None:
    harness.context.functions.functions["Scan"] = lambda event: None
    scan = rule("Scan", "LambdaInvoke", FunctionName="Scan")
    harness.context.machines.answer = {"status": "FAILED", "error": "E", "cause": "c"}
    definition = with_condition("onFailure", condition("ROLLBACK", scan), [machine()])
    first = harness.create(definition)
    eventually(lambda: harness.context.functions.invocations)
    harness.context.machines.answer = {"status": "SUCCEEDED", "output": "{}"}
    harness.retry(first, "Stage1")
    harness.wait(first, "Succeeded")
    job = harness.context.functions.invocations[0]["CodePipeline.job"]["id"]
    with pytest.raises(AwsError) as caught:
        harness.api.put_job_success_result({"jobId": job})
    assert caught.value.code == "InvalidJobStateException"
    assert [e["executionType"] for e in harness.executions()] == ["STANDARD"]


@pytest.mark.parametrize(("abandon", "rule_status"), [(True, "Abandoned"), (False, "Succeeded")])
def test_stopping_during_a_condition(harness: Harness, abandon: bool, rule_status: str) -> None:
    harness.context.functions.functions["Scan"] = lambda event: None
    scan = rule("Scan", "LambdaInvoke", FunctionName="Scan")
    first = harness.create(with_condition("beforeEntry", condition("FAIL", scan)))
    event = eventually(lambda: harness.context.functions.invocations)[0]
    harness.api.stop_pipeline_execution(
        {"pipelineName": "demo", "pipelineExecutionId": first, "abandon": abandon}
    )
    if not abandon:
        assert harness.status(first) == "Stopping"
        harness.api.put_job_success_result({"jobId": event["CodePipeline.job"]["id"]})
    harness.wait(first, "Stopped")
    assert status(harness, "beforeEntry") == rule_status
    assert {a["stageName"] for a in harness.actions(first)} == {"Source"}


def test_deleting_the_pipeline_cancels_a_condition(harness: Harness) -> None:
    harness.context.functions.functions["Scan"] = lambda event: None
    scan = rule("Scan", "LambdaInvoke", FunctionName="Scan")
    first = harness.create(with_condition("beforeEntry", condition("FAIL", scan)))
    eventually(lambda: harness.context.functions.invocations)
    other = with_condition("beforeEntry", condition("FAIL", scan), [function("Scan")])
    harness.api.update_pipeline({"pipeline": other})
    assert harness.status(first) == "Cancelled"
    assert status(harness, "beforeEntry") == "Cancelled"


def test_rules_publish_no_events(tmp_path: Path) -> None:
    context = FakeContext(tmp_path, Clock())
    harness = Harness(context)
    first = harness.create(with_condition("beforeEntry", condition("FAIL", MET)))
    harness.approve("Stage1")
    harness.wait(first, "Succeeded")
    harness.provider.close()
    names = {detail.get("action") for _, detail in context.events} - {None}
    assert names == {"Upload", "Approve"}


def test_the_rule_types_that_run_are_listed(harness: Harness) -> None:
    types = harness.api.list_rule_types({})["ruleTypes"]
    assert {t["id"]["provider"] for t in types} == {
        "VariableCheck",
        "CloudWatchAlarm",
        "DeploymentWindow",
        "LambdaInvoke",
    }


@pytest.mark.parametrize(
    ("operator", "value", "met"),
    [
        ("EQ", "housing", True),
        ("EQ", "hous", False),
        ("NE", "iris", True),
        ("CONTAINS", "ous", True),
        ("CONTAINS", "x", False),
        ("MATCHES", "h.*g", True),
        ("MATCHES", "hous", False),
    ],
)
def test_variables_are_compared(harness: Harness, operator: str, value: str, met: bool) -> None:
    compare = check("Compare", "#{variables.Go}", value, operator)
    definition = with_condition("beforeEntry", condition("FAIL", compare))
    definition["variables"] = [{"name": "Go", "defaultValue": "housing"}]
    harness.create(definition)
    expected = "Succeeded" if met else "Failed"
    eventually(lambda: status(harness, "beforeEntry") == expected)
