"""The parameters of StartPipelineExecution."""

from __future__ import annotations

from typing import Any, Final

from localaws.core.errors import AwsError
from localaws.services.codepipeline.models import Pipeline

_REVISION_TYPES: Final = {
    "S3": ("S3_OBJECT_VERSION_ID", "S3_OBJECT_KEY"),
    "CodeStarSourceConnection": ("COMMIT_ID",),
    "CodeCommit": ("COMMIT_ID",),
    "ECR": ("IMAGE_DIGEST",),
}


def start_parameters(
    pipeline: Pipeline, params: dict[str, Any]
) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Variables and source overrides of a StartPipelineExecution, checked against the definition."""
    declaration = pipeline.declaration
    given = {variable["name"]: variable["value"] for variable in params.get("variables", [])}
    unknown = sorted(set(given) - set(declaration.variables))
    if unknown:
        raise AwsError(
            "ValidationException",
            f"Pipeline {pipeline.name} has no variable {unknown[0]!r}; it has"
            f" {sorted(declaration.variables)}",
        )
    missing = [
        n for n, default in declaration.variables.items() if default is None and n not in given
    ]
    if missing:
        raise AwsError(
            "ValidationException",
            f"Variable {missing[0]!r} of pipeline {pipeline.name} has no default value; give it one",
        )
    sources = {action.name: action for action in declaration.stages[0].actions}
    overrides: dict[str, dict[str, str]] = {}
    for revision in params.get("sourceRevisions", []):
        name, kind = revision["actionName"], revision["revisionType"]
        if name not in sources:
            raise AwsError(
                "ValidationException",
                f"Pipeline {pipeline.name} has no source action {name!r}; it has {sorted(sources)}",
            )
        provider = sources[name].type.provider
        allowed_kinds = _REVISION_TYPES[provider]
        if kind not in allowed_kinds:
            raise AwsError(
                "ValidationException",
                f"Source action {name!r} is of provider {provider}; revisionType {kind} does not apply to"
                f" it; allowed are {' and '.join(allowed_kinds)}",
            )
        allowed = sources[name].configuration.get("AllowOverrideForS3ObjectKey") == "true"
        if kind == "S3_OBJECT_KEY" and not allowed:
            raise AwsError(
                "ValidationException",
                f"Source action {name!r} does not allow another S3 key; set"
                " AllowOverrideForS3ObjectKey to true in its configuration",
            )
        overrides.setdefault(name, {})[kind] = revision["revisionValue"]
    return given, overrides
