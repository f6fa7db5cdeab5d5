"""What happens to a pipeline's definition and tags."""

from __future__ import annotations

from typing import Any, Final

from botocore.exceptions import ClientError

from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.services.codepipeline import declaration as declarations
from localaws.services.codepipeline import lookup, validation
from localaws.services.codepipeline.declaration import PipelineDeclaration
from localaws.services.codepipeline.engine import Engine
from localaws.services.codepipeline.models import Pipeline, Store, Trigger

_SERVICE: Final = "codepipeline.amazonaws.com"
_MAX_TAGS: Final = 50


def create(engine: Engine, context: Context, params: dict[str, Any]) -> Pipeline:
    """Create a pipeline, and start its first execution, as AWS does."""
    read = _read(context, params["pipeline"], version=1)
    tags = _tags(params.get("tags", []))
    with engine.store.lock:
        if read.name in engine.store.pipelines:
            raise AwsError(
                "PipelineNameInUseException",
                f"A pipeline with the name '{read.name}' already exists in account"
                f" '{context.account_id}'",
            )
        now = context.clock.now()
        pipeline = Pipeline(read, created=now, updated=now, versions={1: read})
        _add_tags(pipeline, tags, arn(context, read.name))
        engine.store.pipelines[read.name] = pipeline
        engine.start(pipeline, Trigger("CreatePipeline", engine.caller))
    return pipeline


def update(engine: Engine, context: Context, params: dict[str, Any]) -> Pipeline:
    """Replace a pipeline's definition; the version goes up by one."""
    name = params["pipeline"]["name"]
    pipeline = lookup.pipeline(engine.store, name, context.account_id)
    read = _read(context, params["pipeline"], version=pipeline.declaration.version + 1)
    with engine.store.lock:
        if read.version != pipeline.declaration.version + 1:
            raise AwsError(
                "ConcurrentModificationException",
                f"Pipeline {name} was updated by another request; read it and try again",
            )
        engine.replace(pipeline, read)
    return pipeline


def arn(context: Context, name: str) -> str:
    """The ARN of a pipeline."""
    return context.arn("codepipeline", name)


def by_arn(store: Store, context: Context, resource_arn: str) -> Pipeline:
    """The pipeline that a tag operation addresses."""
    prefix = context.arn("codepipeline", "")
    name = resource_arn.removeprefix(prefix)
    if name == resource_arn:
        raise AwsError(
            "InvalidArnException",
            f"{resource_arn} is not the ARN of a pipeline here: {prefix}<name>",
        )
    if name not in store.pipelines:
        raise AwsError(
            "ResourceNotFoundException",
            f"The account with id '{context.account_id}' does not include a pipeline with the name"
            f" '{name}'",
        )
    return store.pipelines[name]


def tag(pipeline: Pipeline, resource_arn: str, tags: list[dict[str, str]]) -> None:
    """Add or overwrite tags."""
    _add_tags(pipeline, _tags(tags), resource_arn)


def _add_tags(pipeline: Pipeline, tags: dict[str, str], resource_arn: str) -> None:
    together = pipeline.tags | tags
    if len(together) > _MAX_TAGS:
        raise AwsError("TooManyTagsException", f"Tag limit exceeded for resource [{resource_arn}].")
    pipeline.tags = together


def _tags(tags: list[dict[str, str]]) -> dict[str, str]:
    for item in tags:
        if item["key"].lower().startswith("aws:"):
            raise AwsError(
                "InvalidTagsException",
                f"Not allowed to modify system tags: {item['key']!r} starts with 'aws:'",
            )
    return {item["key"]: item["value"] for item in tags}


def _read(context: Context, document: dict[str, Any], version: int) -> PipelineDeclaration:
    filled = declarations.with_defaults(document, version)
    validation.validate(filled, context.region)
    _check_role(context, filled["roleArn"])
    return declarations.parse(filled, context.region)


def _check_role(context: Context, role_arn: str) -> None:
    """AWS assumes the role when a pipeline is created; a new role is often not ready, and clients retry."""
    refusal = AwsError(
        "InvalidStructureException",
        f"CodePipeline is not authorized to perform AssumeRole on role {role_arn}",
    )
    try:
        role = context.client("iam").get_role(RoleName=role_arn.rpartition("/")[2])["Role"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchEntity":
            raise
        raise refusal from error
    if role["Arn"] != role_arn or not _trusts_us(role["AssumeRolePolicyDocument"]):
        raise refusal


def _trusts_us(policy: dict[str, Any]) -> bool:
    statements = policy.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal", {})
        services = principal.get("Service", []) if isinstance(principal, dict) else []
        if statement.get("Effect") == "Allow" and _SERVICE in (
            [services] if isinstance(services, str) else services
        ):
            return True
    return False
