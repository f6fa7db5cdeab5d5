"""A pipeline's definition as frozen dataclasses."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from localaws.services.codepipeline import triggers
from localaws.services.codepipeline.triggers import GitTrigger

HOOKS: Final = {
    "beforeEntry": "BEFORE_ENTRY",
    "onSuccess": "ON_SUCCESS",
    "onFailure": "ON_FAILURE",
}
"""Member of a stage -> the type of the condition in it."""


class Mode(StrEnum):
    """How concurrent executions share a pipeline (user guide: concepts-how-it-works)."""

    SUPERSEDED = "SUPERSEDED"
    QUEUED = "QUEUED"
    PARALLEL = "PARALLEL"


@dataclass(frozen=True)
class ActionTypeId:
    """category, owner, provider, version: the key of an action type."""

    category: str
    owner: str
    provider: str
    version: str


@dataclass(frozen=True)
class ActionDeclaration:
    """One action of a stage."""

    name: str
    type: ActionTypeId
    run_order: int
    configuration: dict[str, str]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    role_arn: str | None
    namespace: str | None
    region: str | None
    timeout_minutes: int | None


class ConditionType(StrEnum):
    """When a condition of a stage is checked."""

    BEFORE_ENTRY = "BEFORE_ENTRY"
    ON_SUCCESS = "ON_SUCCESS"
    ON_FAILURE = "ON_FAILURE"


@dataclass(frozen=True)
class ConditionDeclaration:
    """A condition of a stage. It fails when one of its rules fails; then its result applies."""

    type: ConditionType
    result: str | None
    rules: tuple[ActionDeclaration, ...]


@dataclass(frozen=True)
class StageDeclaration:
    """One stage."""

    name: str
    actions: tuple[ActionDeclaration, ...]
    on_failure: str | None = None
    """``RETRY``, ``ROLLBACK`` or ``FAIL``, when the stage says what to do after a failure."""
    retry_mode: str = "FAILED_ACTIONS"
    conditions: tuple[ConditionDeclaration, ...] = ()

    def condition(self, kind: ConditionType) -> ConditionDeclaration | None:
        """The condition of a type; a stage has at most one of each."""
        return next((condition for condition in self.conditions if condition.type is kind), None)

    @cached_property
    def run_orders(self) -> tuple[tuple[ActionDeclaration, ...], ...]:
        """Actions grouped by run order: a group starts together, after the group before it succeeded."""
        orders = sorted({action.run_order for action in self.actions})
        return tuple(tuple(a for a in self.actions if a.run_order == order) for order in orders)


@dataclass(frozen=True)
class PipelineDeclaration:
    """One version of a pipeline."""

    name: str
    version: int
    role_arn: str
    bucket: str
    encryption_key_id: str | None
    stages: tuple[StageDeclaration, ...]
    mode: Mode
    variables: dict[str, str | None]
    """Name -> default; None where every start must give a value."""
    triggers: dict[str, GitTrigger]
    """Source action name -> its trigger."""
    document: dict[str, Any] = field(repr=False)
    """What GetPipeline returns."""

    def stage(self, name: str) -> StageDeclaration | None:
        """A stage by name."""
        return next((stage for stage in self.stages if stage.name == name), None)

    def stage_after(self, name: str) -> StageDeclaration | None:
        """The stage that follows, or None for the last one."""
        names = [stage.name for stage in self.stages]
        following = names.index(name) + 1
        return self.stages[following] if following < len(names) else None


def with_defaults(document: dict[str, Any], version: int) -> dict[str, Any]:
    """The definition as AWS stores and returns it: defaults filled in, version set.

    Terraform compares what it reads with what it wrote, so nothing is added that AWS does not add.
    """
    filled = copy.deepcopy(document)
    filled["version"] = version
    for stage in filled["stages"]:
        for action in stage["actions"]:
            action.setdefault("runOrder", 1)
            action.setdefault("configuration", {})
            action.setdefault("inputArtifacts", [])
            action.setdefault("outputArtifacts", [])
    filled.setdefault("executionMode", Mode.SUPERSEDED.value)
    # "Including V2 parameters ... will result in the pipeline having the V2 type" (API reference,
    # PipelineDeclaration); without any, V1.
    filled.setdefault("pipelineType", "V2" if uses_v2_parameters(filled) else "V1")
    if filled["pipelineType"] == "V2":
        _add_default_triggers(filled)
    return filled


def _add_default_triggers(filled: dict[str, Any]) -> None:
    """Write down that a connection which detects changes starts the pipeline for pushes to its branch.

    AWS adds this trigger to a V2 pipeline without one: ``trigger_all`` of Terraform's resource shows it.
    """
    if filled.get("triggers"):
        return
    sources = filled["stages"][0]["actions"] if filled["stages"] else []
    added = [
        {
            "providerType": "CodeStarSourceConnection",
            "gitConfiguration": {
                "sourceActionName": action["name"],
                "push": [{"branches": {"includes": [action["configuration"]["BranchName"]]}}],
            },
        }
        for action in sources
        if action["actionTypeId"]["provider"] == "CodeStarSourceConnection"
        and action["configuration"].get("DetectChanges", "true") == "true"
        and action["configuration"].get("BranchName")
    ]
    if added:
        filled["triggers"] = added


def uses_v2_parameters(document: dict[str, Any]) -> bool:
    """Whether a definition has something that only a V2 pipeline can have."""
    return bool(
        document.get("variables")
        or document.get("triggers")
        or document.get("executionMode", Mode.SUPERSEDED) != Mode.SUPERSEDED
        or any(set(HOOKS) & set(stage) for stage in document["stages"])
    )


def parse(document: dict[str, Any], region: str) -> PipelineDeclaration:
    """Read a definition that validation.py has accepted."""
    store = document.get("artifactStore") or document["artifactStores"][region]
    return PipelineDeclaration(
        name=document["name"],
        version=document["version"],
        role_arn=document["roleArn"],
        bucket=store["location"],
        encryption_key_id=store.get("encryptionKey", {}).get("id"),
        stages=tuple(_parse_stage(stage) for stage in document["stages"]),
        mode=Mode(document["executionMode"]),
        variables={v["name"]: v.get("defaultValue") for v in document.get("variables", [])},
        triggers=triggers.parse(document),
        document=document,
    )


def _parse_stage(stage: dict[str, Any]) -> StageDeclaration:
    on_failure = stage.get("onFailure", {})
    # The API reference names no default. FAILED_ACTIONS repeats as little as possible.
    retry_mode = on_failure.get("retryConfiguration", {}).get("retryMode", "FAILED_ACTIONS")
    return StageDeclaration(
        name=stage["name"],
        actions=tuple(_parse_action(action) for action in stage["actions"]),
        on_failure=on_failure.get("result"),
        retry_mode=retry_mode,
        conditions=tuple(
            ConditionDeclaration(
                type=ConditionType(kind),
                result=condition.get("result"),
                rules=tuple(_parse_rule(rule) for rule in condition.get("rules", [])),
            )
            for hook, kind in HOOKS.items()
            for condition in stage.get(hook, {}).get("conditions", [])
        ),
    )


def _parse_rule(rule: dict[str, Any]) -> ActionDeclaration:
    """A rule as an action without outputs. GetPipeline returns the rule as it was given."""
    defaults = {"configuration": {}, "inputArtifacts": [], "outputArtifacts": [], "runOrder": 1}
    type_id = {"owner": "AWS", "version": "1"} | rule["ruleTypeId"]
    return _parse_action(defaults | rule | {"actionTypeId": type_id})


def _parse_action(action: dict[str, Any]) -> ActionDeclaration:
    return ActionDeclaration(
        name=action["name"],
        type=ActionTypeId(**action["actionTypeId"]),
        run_order=action["runOrder"],
        configuration=dict(action["configuration"]),
        inputs=tuple(artifact["name"] for artifact in action["inputArtifacts"]),
        outputs=tuple(artifact["name"] for artifact in action["outputArtifacts"]),
        role_arn=action.get("roleArn"),
        namespace=action.get("namespace"),
        region=action.get("region"),
        timeout_minutes=action.get("timeoutInMinutes"),
    )
