"""Checks the configuration of actions and rules."""

from __future__ import annotations

from typing import Any

from localaws.services.codepipeline import dataflow
from localaws.services.codepipeline.action_types import ActionType
from localaws.services.codepipeline.build_variables import parse_environment_variables


def check_configuration(owner: str, configuration: dict[str, str], action_type: ActionType) -> None:
    """Check the configuration of an action or rule.

    Args:
        owner: how a message names it, for example ``action 'Build'``.
        configuration: its configuration.
        action_type: what it may contain.
    """
    missing = action_type.required - set(configuration)
    if missing:
        raise dataflow.action_error(
            f"Action configuration for {owner} is missing required configuration '{min(missing)}'"
        )
    unknown = set(configuration) - action_type.required - action_type.optional
    if unknown:
        raise dataflow.action_error(
            f"Action configuration for {owner} contains unknown configuration '{min(unknown)}'"
        )
    for key, value in configuration.items():
        if not 1 <= len(value) <= 1000:
            raise dataflow.action_error(
                f"Action configuration for {owner}: the value of '{key}' has {len(value)}"
                " characters, allowed are 1 to 1000"
            )
    for key, allowed in action_type.choices.items():
        value = configuration.get(key, allowed[0])
        if value not in allowed and "#{" not in value:
            raise dataflow.action_error(
                f"Action configuration for {owner}: {key} is '{value}', allowed are"
                f" {' and '.join(allowed)}"
            )


def check_build(action: dict[str, Any]) -> None:
    """Check what is particular to a CodeBuild action."""
    owner, configuration = f"action '{action['name']}'", action["configuration"]
    for key in ("BatchEnabled", "CombineArtifacts"):
        if configuration.get(key, "false") != "false":
            raise dataflow.action_error(
                f"Action configuration for {owner}: localaws runs no batch builds, so {key} cannot be"
                f" '{configuration[key]}'"
            )
    inputs = [artifact["name"] for artifact in action["inputArtifacts"]]
    primary = configuration.get("PrimarySource")
    if len(inputs) > 1 and primary is None:
        raise dataflow.action_error(
            f"Action configuration for {owner} must contain PrimarySource, because the action has"
            f" {len(inputs)} input artifacts: {', '.join(inputs)}"
        )
    if primary is not None and primary not in inputs:
        raise dataflow.action_error(
            f"Action configuration for {owner}: PrimarySource is '{primary}', which is not an input"
            f" artifact; these are {', '.join(inputs)}"
        )
    try:
        parse_environment_variables(configuration.get("EnvironmentVariables", "[]"))
    except ValueError as error:
        raise dataflow.action_error(f"Action configuration for {owner}: {error}") from error
