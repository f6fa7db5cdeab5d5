"""Checks what a stage does before its entry, after its success and after its failure."""

from __future__ import annotations

from typing import Any, Final

from localaws.core.errors import AwsError
from localaws.services.codepipeline import configuration_checks, dataflow
from localaws.services.codepipeline.action_types import LAMBDA_RULE, RULES, VARIABLE_CHECK
from localaws.services.codepipeline.declaration import ActionTypeId, Mode

_RESULTS: Final = {
    "beforeEntry": ("FAIL", "SKIP"),
    "onSuccess": ("ROLLBACK", "FAIL"),
    "onFailure": ("ROLLBACK", "RETRY", "FAIL"),
}
_SKIPPING_RULES: Final = frozenset({LAMBDA_RULE.id, VARIABLE_CHECK.id})


def check_lifecycle(stage: dict[str, Any], index: int, mode: Mode, region: str) -> None:
    """Check the conditions of a stage, and what it does after a failure.

    Args:
        stage: the stage.
        index: its position in the pipeline.
        mode: the pipeline's execution mode.
        region: where the pipeline is.

    Raises:
        AwsError: InvalidStageDeclarationException or InvalidActionDeclarationException.
    """
    where = f"Stage {stage['name']}"
    for hook, allowed in _RESULTS.items():
        for condition in stage.get(hook, {}).get("conditions", []):
            result = condition.get("result")
            _check_result(f"{where}: the condition in {hook}", result, allowed, index, mode)
            if not condition.get("rules"):
                raise _stage(f"{where}: the condition in {hook} has no rules")
            for rule in condition["rules"]:
                _check_rule(f"{where}, {hook}", rule, result, region)
    names = [rule["name"] for hook in _RESULTS for rule in dataflow.rules_of(stage, hook)]
    if repeated := dataflow.repeated(names):
        raise _stage(f"{where}: rule names must be unique within a stage; repeated: {repeated}")
    _check_failure(where, stage.get("onFailure"), index, mode)


def _check_failure(where: str, on_failure: dict[str, Any] | None, index: int, mode: Mode) -> None:
    if not on_failure:
        return
    result = on_failure.get("result")
    results = [c.get("result") for c in on_failure.get("conditions", [])]
    if result is not None or not results:
        _check_result(f"{where}: onFailure", result, _RESULTS["onFailure"], index, mode)
    if on_failure.get("retryConfiguration") and "RETRY" not in {result, *results}:
        raise _stage(f"{where}: onFailure has a retryConfiguration, which needs the result RETRY")


def _check_result(
    where: str, result: str | None, allowed: tuple[str, ...], index: int, mode: Mode
) -> None:
    if result not in allowed:
        *others, last = allowed
        raise _stage(f"{where} has the result {result}, allowed are {', '.join(others)} and {last}")
    if result == "ROLLBACK" and index == 0:
        raise _stage(f"{where}: the source stage cannot be rolled back")
    if result == "ROLLBACK" and mode is Mode.PARALLEL:
        raise _stage(f"{where}: a pipeline in PARALLEL mode cannot roll back a stage")


def _check_rule(where: str, rule: dict[str, Any], result: str | None, region: str) -> None:
    given = {"owner": "AWS", "version": "1"} | rule["ruleTypeId"]
    type_id = ActionTypeId(**given)
    rule_type = RULES.get(type_id)
    if rule_type is None:
        known = ", ".join(known.provider for known in RULES)
        raise _stage(
            f"{where}: rule {rule['name']} is of provider {type_id.provider} (version"
            f" {type_id.version}), which localaws does not emulate. It checks {known}"
        )
    if result == "SKIP" and type_id not in _SKIPPING_RULES:
        known = " and ".join(sorted(known.provider for known in _SKIPPING_RULES))
        raise _stage(
            f"{where}: rule {rule['name']} is of provider {type_id.provider}; a condition with the result"
            f" SKIP can have rules of {known}"
        )
    if rule.get("region") not in {None, region}:
        raise _stage(
            f"{where}: rule {rule['name']} is in region {rule['region']}; localaws checks rules in"
            f" {region} only"
        )
    if rule.get("commands"):
        raise _stage(f"{where}: rule {rule['name']} of {type_id.provider} cannot have commands")
    count, most = len(rule.get("inputArtifacts", [])), rule_type.inputs[1]
    if count > most:
        raise _stage(
            f"{where}: rule {rule['name']} has {count} input artifacts, at most {most} are allowed"
        )
    configuration_checks.check_configuration(
        f"rule '{rule['name']}'", rule.get("configuration", {}), rule_type
    )


def _stage(message: str) -> AwsError:
    return AwsError("InvalidStageDeclarationException", message)
