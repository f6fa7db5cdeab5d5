"""The checks of AWS on the structure of a pipeline (user guide: reference-pipeline-structure, limits).

botocore's model has checked types, enums, patterns and lengths before. Messages of AWS that are publicly
known are used word for word; the others say what was found and what is allowed.
"""

from __future__ import annotations

from typing import Any, Final

from localaws.core.errors import AwsError
from localaws.services.codepipeline import (
    condition_checks,
    configuration_checks,
    dataflow,
    trigger_checks,
)
from localaws.services.codepipeline.action_types import EMULATED, ActionType
from localaws.services.codepipeline.declaration import ActionTypeId, Mode, uses_v2_parameters

MAX_STAGES: Final = 50
MAX_ACTIONS: Final = 50
_MAX_APPROVAL_MINUTES: Final = 86_400


def validate(document: dict[str, Any], region: str) -> None:
    """Refuse a definition (with its defaults filled in) that AWS refuses, or that cannot run here.

    Raises:
        AwsError: InvalidStructureException, InvalidStageDeclarationException,
            InvalidActionDeclarationException or InvalidBlockerDeclarationException.
    """
    _check_store(document, region)
    _check_type(document)
    _check_stages(document)
    for index, stage in enumerate(document["stages"]):
        condition_checks.check_lifecycle(stage, index, Mode(document["executionMode"]), region)
        for action in stage["actions"]:
            _check_action(action, region)
    _check_sources(document["stages"])
    trigger_checks.check_triggers(document)
    dataflow.check_artifacts(document["stages"])
    dataflow.check_variables(document)


def _stage(message: str) -> AwsError:
    return AwsError("InvalidStageDeclarationException", message)


def _check_store(document: dict[str, Any], region: str) -> None:
    single, several = document.get("artifactStore"), document.get("artifactStores")
    if bool(single) == bool(several):
        raise dataflow.structure_error(
            "A pipeline must have either artifactStore or artifactStores, and not both:"
            f" found {'both' if single else 'neither'}"
        )
    if several and set(several) != {region}:
        raise dataflow.structure_error(
            f"localaws runs no cross-region action: artifactStores has {sorted(several)},"
            f" only the pipeline's own region {region} can be there"
        )


def _check_type(document: dict[str, Any]) -> None:
    if document["pipelineType"] == "V1" and uses_v2_parameters(document):
        raise dataflow.structure_error(
            "Pipeline type V1 has no variables, triggers, stage conditions or execution mode other than"
            f" SUPERSEDED; found execution mode {document['executionMode']}. Set pipelineType to V2"
        )
    repeated = dataflow.repeated(v["name"] for v in document.get("variables", []))
    if repeated:
        raise dataflow.structure_error(
            f"Pipeline variable names must be unique; repeated: {repeated}"
        )


def _check_stages(document: dict[str, Any]) -> None:
    stages = document["stages"]
    if len(stages) < 2:
        raise dataflow.structure_error(
            f"Pipeline has only {len(stages)} stage(s). There should be a minimum of 2 stages in a pipeline"
        )
    if len(stages) > MAX_STAGES:
        raise dataflow.structure_error(
            f"Pipeline has {len(stages)} stages. The maximum is {MAX_STAGES}"
        )
    repeated = dataflow.repeated(stage["name"] for stage in stages)
    if repeated:
        raise dataflow.structure_error(
            f"Stage names must be unique within a pipeline; repeated: {repeated}"
        )
    for stage in stages:
        actions = stage["actions"]
        if not 1 <= len(actions) <= MAX_ACTIONS:
            raise _stage(
                f"Stage {stage['name']} has {len(actions)} actions. A stage has 1 to {MAX_ACTIONS} actions"
            )
        repeated = dataflow.repeated(action["name"] for action in actions)
        if repeated:
            raise _stage(
                f"Action names must be unique within a stage; stage {stage['name']} repeats: {repeated}"
            )
        if stage.get("blockers"):
            raise AwsError(
                "InvalidBlockerDeclarationException",
                f"Stage {stage['name']} declares blockers, which AWS has reserved for future use",
            )


def _check_action(action: dict[str, Any], region: str) -> None:
    name, configuration = action["name"], action["configuration"]
    type_id = ActionTypeId(**action["actionTypeId"])
    action_type = EMULATED.get(type_id)
    if action_type is None:
        known = ", ".join(f"{t.category}/{t.provider}" for t in EMULATED)
        raise dataflow.action_error(
            f"ActionType (Category: '{type_id.category}', Provider: '{type_id.provider}', Owner:"
            f" '{type_id.owner}', Version: '{type_id.version}') in action '{name}' is not available in"
            f" region '{region.upper().replace('-', '_')}'. localaws runs {known}, owner AWS, version 1"
        )
    if action.get("region") not in {None, region}:
        raise dataflow.action_error(
            f"Action '{name}' is in region {action['region']}; localaws runs actions of {region} only"
        )
    for member in ("commands", "outputVariables", "environmentVariables"):
        if action.get(member):
            raise dataflow.action_error(
                f"Action '{name}' of provider {type_id.provider} cannot have {member}"
            )
    configuration_checks.check_configuration(f"action '{name}'", configuration, action_type)
    if type_id.provider == "CodeBuild":
        configuration_checks.check_build(action)
    _check_counts(action, action_type)
    timeout = action.get("timeoutInMinutes")
    if timeout is not None and not 5 <= timeout <= _MAX_APPROVAL_MINUTES:
        raise dataflow.action_error(
            f"Action '{name}': timeoutInMinutes is {timeout}, allowed are 5 to {_MAX_APPROVAL_MINUTES}"
        )


def _check_counts(action: dict[str, Any], action_type: ActionType) -> None:
    for member, noun, (least, most) in (
        ("inputArtifacts", "input artifacts", action_type.inputs),
        ("outputArtifacts", "output artifacts", action_type.outputs),
    ):
        count = len(action[member])
        if count < least:
            raise dataflow.action_error(
                f"Action '{action['name']}' declares {count} {noun}, which is less than the minimum"
                f" count ({least})"
            )
        if count > most:
            raise dataflow.action_error(
                f"Action '{action['name']}' declares {count} {noun}, which is more than the maximum"
                f" count ({most})"
            )


def _check_sources(stages: list[dict[str, Any]]) -> None:
    def is_source(action: dict[str, Any]) -> bool:
        return bool(action["actionTypeId"]["category"] == "Source")

    if not all(is_source(action) for action in stages[0]["actions"]):
        raise dataflow.structure_error(
            "Pipeline should start with a stage that only contains source actions"
        )
    for stage in stages[1:]:
        for action in stage["actions"]:
            if is_source(action):
                raise dataflow.structure_error(
                    f"Only the first stage may contain source actions; stage {stage['name']} has"
                    f" source action {action['name']}"
                )
