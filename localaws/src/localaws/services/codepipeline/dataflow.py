"""Checks what flows between the actions of a definition: artifacts and variables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from localaws.core.errors import AwsError
from localaws.services.codepipeline import variables


def structure_error(message: str) -> AwsError:
    """The error for the structure of a pipeline."""
    return AwsError("InvalidStructureException", message)


def action_error(message: str) -> AwsError:
    """The error for one action."""
    return AwsError("InvalidActionDeclarationException", message)


def repeated(names: Iterable[str]) -> list[str]:
    """Names that occur more than once."""
    return sorted(name for name, count in Counter(names).items() if count > 1)


def check_artifacts(stages: list[dict[str, Any]]) -> None:
    """Check that each artifact is produced once, and before it is used."""
    produced: set[str] = set()
    for stage in stages:
        for order in sorted({action["runOrder"] for action in stage["actions"]}):
            group = [action for action in stage["actions"] if action["runOrder"] == order]
            for action in group:
                for artifact in action["inputArtifacts"]:
                    if artifact["name"] not in produced:
                        raise structure_error(
                            f"Input Artifact Bundle {artifact['name']} in action {action['name']} is not"
                            " declared as Output Artifact Bundle in any of the preceding actions"
                        )
            for action in group:
                for artifact in action["outputArtifacts"]:
                    if artifact["name"] in produced:
                        raise structure_error(
                            "Output Artifact Bundle name must be unique within the pipeline;"
                            f" {artifact['name']} of action {action['name']} is declared twice"
                        )
                    produced.add(artifact["name"])


def check_variables(document: dict[str, Any]) -> None:
    """Check that each reference to a variable can be resolved when its action runs."""
    stages = document["stages"]
    artifacts = {o["name"] for s in stages for a in s["actions"] for o in a["outputArtifacts"]}
    namespaces = [a["namespace"] for s in stages for a in s["actions"] if a.get("namespace")]
    twice = repeated(namespaces)
    if twice:
        raise structure_error(f"Namespaces must be unique within a pipeline; repeated: {twice}")
    for namespace in namespaces:
        if namespace in variables.RESERVED_NAMESPACES:
            raise structure_error(f"Namespace {namespace} is reserved; choose another name")
        if namespace in artifacts:
            raise structure_error(
                f"Namespace {namespace} has the name of an artifact; choose another name"
            )
    pipeline_variables = {v["name"] for v in document.get("variables", [])}
    available = set(variables.RESERVED_NAMESPACES)
    for stage in stages:
        for rule in rules_of(stage, "beforeEntry"):
            _check_references(rule, available, pipeline_variables)
        for order in sorted({action["runOrder"] for action in stage["actions"]}):
            group = [action for action in stage["actions"] if action["runOrder"] == order]
            for action in group:
                _check_references(action, available, pipeline_variables)
            available |= {action["namespace"] for action in group if action.get("namespace")}
        for rule in [*rules_of(stage, "onSuccess"), *rules_of(stage, "onFailure")]:
            _check_references(rule, available, pipeline_variables)


def rules_of(stage: dict[str, Any], hook: str) -> list[dict[str, Any]]:
    """The rules of a stage's condition: ``beforeEntry``, ``onSuccess`` or ``onFailure``."""
    conditions = stage.get(hook, {}).get("conditions", [])
    return [rule for condition in conditions for rule in condition.get("rules", [])]


def _check_references(action: dict[str, Any], available: set[str], names: set[str]) -> None:
    for key, namespace, variable in variables.references(action.get("configuration", {})):
        where = f"'{key}' of action '{action['name']}' refers to #{{{namespace}.{variable}}}"
        if namespace not in available:
            raise action_error(
                f"{where}, but no action in an earlier stage or run order has the namespace"
                f" '{namespace}'. Available: {', '.join(sorted(available))}"
            )
        if namespace == variables.PIPELINE_NAMESPACE and variable not in names:
            raise action_error(f"{where}, but the pipeline declares the variables {sorted(names)}")
        if namespace == variables.EXECUTION_NAMESPACE and variable != "PipelineExecutionId":
            raise action_error(f"{where}, but only PipelineExecutionId is in that namespace")
