"""The providers of actions and rules that run here, and what a definition may say about each.

Limits and configuration keys: user guide, "Action structure reference".
Timeouts: user guide, "Quotas"; ``timeoutInMinutes`` of an action replaces them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from localaws.services.codepipeline.declaration import ActionDeclaration, ActionTypeId

_HOUR: Final = 3600.0
_DAY: Final = 24 * _HOUR


@dataclass(frozen=True)
class ActionType:
    """What AWS checks of an action before a pipeline with it can be created."""

    id: ActionTypeId
    required: frozenset[str]
    optional: frozenset[str]
    inputs: tuple[int, int]
    """Smallest and largest number of input artifacts."""
    outputs: tuple[int, int]
    timeout_seconds: float
    entity_page: str = ""
    """Path in the AWS console of the thing an action works on."""
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Configuration key -> its allowed values, when these are few."""


_BOOLEAN: Final = ("true", "false")
_ARTIFACT_FORMATS: Final = ("CODE_ZIP", "CODEBUILD_CLONE_REF")

S3_SOURCE: Final = ActionType(
    id=ActionTypeId("Source", "AWS", "S3", "1"),
    required=frozenset({"S3Bucket", "S3ObjectKey"}),
    optional=frozenset({"PollForSourceChanges", "AllowOverrideForS3ObjectKey"}),
    inputs=(0, 0),
    outputs=(1, 1),
    timeout_seconds=_HOUR,
    entity_page="s3/home?region={region}#",
    choices={"PollForSourceChanges": _BOOLEAN, "AllowOverrideForS3ObjectKey": _BOOLEAN},
)
CONNECTION_SOURCE: Final = ActionType(
    id=ActionTypeId("Source", "AWS", "CodeStarSourceConnection", "1"),
    required=frozenset({"ConnectionArn", "FullRepositoryId", "BranchName"}),
    optional=frozenset({"OutputArtifactFormat", "DetectChanges"}),
    inputs=(0, 0),
    outputs=(1, 1),
    timeout_seconds=_HOUR,
    entity_page="codesuite/settings/connections?region={region}",
    choices={"OutputArtifactFormat": _ARTIFACT_FORMATS, "DetectChanges": _BOOLEAN},
)
CODECOMMIT_SOURCE: Final = ActionType(
    id=ActionTypeId("Source", "AWS", "CodeCommit", "1"),
    required=frozenset({"RepositoryName", "BranchName"}),
    optional=frozenset({"OutputArtifactFormat", "PollForSourceChanges"}),
    inputs=(0, 0),
    outputs=(1, 1),
    timeout_seconds=_HOUR,
    entity_page="codecommit/home?region={region}#/repository/{RepositoryName}/browse/{BranchName}",
    choices={"OutputArtifactFormat": _ARTIFACT_FORMATS, "PollForSourceChanges": _BOOLEAN},
)
ECR_SOURCE: Final = ActionType(
    id=ActionTypeId("Source", "AWS", "ECR", "1"),
    required=frozenset({"RepositoryName"}),
    optional=frozenset({"ImageTag"}),
    inputs=(0, 0),
    outputs=(1, 1),
    timeout_seconds=_HOUR,
    entity_page="ecr/repositories?region={region}#{RepositoryName}",
)
_CODEBUILD_KEYS: Final = frozenset(
    {"PrimarySource", "BatchEnabled", "CombineArtifacts", "EnvironmentVariables"}
)
CODEBUILD_BUILD: Final = ActionType(
    id=ActionTypeId("Build", "AWS", "CodeBuild", "1"),
    required=frozenset({"ProjectName"}),
    optional=_CODEBUILD_KEYS,
    inputs=(1, 5),
    outputs=(0, 5),
    timeout_seconds=36 * _HOUR,
    entity_page="codebuild/home?region={region}#/projects/{ProjectName}/view",
    choices={"BatchEnabled": _BOOLEAN, "CombineArtifacts": _BOOLEAN},
)
CODEBUILD_TEST: Final = replace(
    CODEBUILD_BUILD,
    id=ActionTypeId("Test", "AWS", "CodeBuild", "1"),
    timeout_seconds=8 * _HOUR,
)
LAMBDA_INVOKE: Final = ActionType(
    id=ActionTypeId("Invoke", "AWS", "Lambda", "1"),
    required=frozenset({"FunctionName"}),
    optional=frozenset({"UserParameters"}),
    inputs=(0, 5),
    outputs=(0, 5),
    timeout_seconds=_DAY,
    entity_page="lambda/home?region={region}#/functions/{FunctionName}",
)
STEP_FUNCTIONS_INVOKE: Final = ActionType(
    id=ActionTypeId("Invoke", "AWS", "StepFunctions", "1"),
    required=frozenset({"StateMachineArn"}),
    optional=frozenset({"ExecutionNamePrefix", "InputType", "Input"}),
    inputs=(0, 1),
    outputs=(0, 1),
    timeout_seconds=7 * _DAY,
    entity_page="states/home?region={region}#/statemachines/view/{StateMachineArn}",
    choices={"InputType": ("Literal", "FilePath")},
)
MANUAL_APPROVAL: Final = ActionType(
    id=ActionTypeId("Approval", "AWS", "Manual", "1"),
    required=frozenset(),
    optional=frozenset({"NotificationArn", "ExternalEntityLink", "CustomData"}),
    inputs=(0, 0),
    outputs=(0, 0),
    timeout_seconds=7 * _DAY,
)

EMULATED: Final[dict[ActionTypeId, ActionType]] = {
    action_type.id: action_type
    for action_type in (
        S3_SOURCE,
        CONNECTION_SOURCE,
        CODECOMMIT_SOURCE,
        ECR_SOURCE,
        CODEBUILD_BUILD,
        CODEBUILD_TEST,
        LAMBDA_INVOKE,
        STEP_FUNCTIONS_INVOKE,
        MANUAL_APPROVAL,
    )
}

VARIABLE_CHECK: Final = ActionType(
    id=ActionTypeId("Rule", "AWS", "VariableCheck", "1"),
    required=frozenset({"Operator", "Variable", "Value"}),
    optional=frozenset(),
    inputs=(0, 0),
    outputs=(0, 0),
    timeout_seconds=_HOUR,
    choices={"Operator": ("EQ", "CONTAINS", "MATCHES", "NE")},
)
CLOUDWATCH_ALARM: Final = ActionType(
    id=ActionTypeId("Rule", "AWS", "CloudWatchAlarm", "1"),
    required=frozenset({"AlarmName"}),
    optional=frozenset({"AlarmStates", "WaitTime"}),
    inputs=(0, 0),
    outputs=(0, 0),
    timeout_seconds=_DAY,
    entity_page="cloudwatch/home?region={region}#alarmsV2:alarm/{AlarmName}",
)
DEPLOYMENT_WINDOW: Final = ActionType(
    id=ActionTypeId("Rule", "AWS", "DeploymentWindow", "1"),
    required=frozenset({"Cron"}),
    optional=frozenset({"TimeZone"}),
    inputs=(0, 0),
    outputs=(0, 0),
    timeout_seconds=_HOUR,
)
LAMBDA_RULE: Final = replace(
    LAMBDA_INVOKE, id=ActionTypeId("Rule", "AWS", "LambdaInvoke", "1"), outputs=(0, 0)
)

RULES: Final[dict[ActionTypeId, ActionType]] = {
    rule.id: rule for rule in (VARIABLE_CHECK, CLOUDWATCH_ALARM, DEPLOYMENT_WINDOW, LAMBDA_RULE)
}
"""The rules of stage conditions that run here."""

SILENCE_SECONDS: Final = 20 * 60.0
"""A Lambda action fails when no answer arrives for this long; each continuation starts the time again."""


def timeout_seconds(declaration: ActionDeclaration) -> float:
    """How long an action or rule may take."""
    if declaration.timeout_minutes is not None:
        return declaration.timeout_minutes * 60.0
    return (EMULATED | RULES)[declaration.type].timeout_seconds
