"""The action providers that run here, and what a definition may say about each.

Limits and configuration keys: user guide, "Action structure reference".
Timeouts: user guide, "Quotas"; ``timeoutInMinutes`` of an action replaces them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from localaws.services.codepipeline.declaration import ActionTypeId

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


S3_SOURCE: Final = ActionType(
    id=ActionTypeId("Source", "AWS", "S3", "1"),
    required=frozenset({"S3Bucket", "S3ObjectKey"}),
    optional=frozenset({"PollForSourceChanges", "AllowOverrideForS3ObjectKey"}),
    inputs=(0, 0),
    outputs=(1, 1),
    timeout_seconds=_HOUR,
    entity_page="s3/home?region={region}#",
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
    for action_type in (S3_SOURCE, LAMBDA_INVOKE, STEP_FUNCTIONS_INVOKE, MANUAL_APPROVAL)
}

SILENCE_SECONDS: Final = 20 * 60.0
"""A Lambda action fails when no answer arrives for this long; each continuation starts the time again."""
