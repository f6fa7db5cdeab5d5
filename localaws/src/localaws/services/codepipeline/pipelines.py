"""Pipelines: their definitions and versions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.core.provider import operation
from localaws.services.codepipeline import declaration as declarations
from localaws.services.codepipeline import listings, tags, validation
from localaws.services.codepipeline.declaration import PipelineDeclaration
from localaws.services.codepipeline.engine import Engine
from localaws.services.codepipeline.models import Pipeline, Trigger
from localaws.services.codepipeline.resource import Params, Resource
from localaws.services.trust import role_trusts

_SERVICE: Final = "codepipeline.amazonaws.com"


class Pipelines(Resource):
    """The operations on definitions.

    Args:
        context: the surroundings of the service.
        engine: changes executions, and holds the pipelines.
        changed: called after a pipeline was created or updated.
    """

    def __init__(self, context: Context, engine: Engine, changed: Callable[[], None]) -> None:
        super().__init__(context, engine)
        self._changed = changed

    @operation
    def create_pipeline(self, params: Params) -> Params:
        """CreatePipeline. It starts the first execution, as on AWS."""
        declaration = self._read(params["pipeline"], version=1)
        given = tags.checked(params.get("tags", []))
        with self.store.lock:
            if declaration.name in self.store.pipelines:
                raise AwsError(
                    "PipelineNameInUseException",
                    f"A pipeline with the name '{declaration.name}' already exists in account"
                    f" '{self.context.account_id}'",
                )
            now = self.context.clock.now()
            pipeline = Pipeline(declaration, created=now, updated=now, versions={1: declaration})
            tags.add(pipeline, given, self.context.arn("codepipeline", declaration.name))
            self.store.pipelines[declaration.name] = pipeline
            self.engine.start(pipeline, Trigger("CreatePipeline", self.engine.caller))
        self._changed()
        return {"pipeline": declaration.document, "tags": tags.as_list(pipeline)}

    @operation
    def update_pipeline(self, params: Params) -> Params:
        """UpdatePipeline. The version goes up by one."""
        name = params["pipeline"]["name"]
        pipeline = self.pipeline(name)
        declaration = self._read(params["pipeline"], version=pipeline.declaration.version + 1)
        with self.store.lock:
            if declaration.version != pipeline.declaration.version + 1:
                raise AwsError(
                    "ConcurrentModificationException",
                    f"Pipeline {name} was updated by another request; read it and try again",
                )
            self.engine.replace(pipeline, declaration)
        self._changed()
        return {"pipeline": declaration.document}

    @operation
    def get_pipeline(self, params: Params) -> Params:
        """GetPipeline."""
        pipeline = self.pipeline(params["name"])
        version = params.get("version", pipeline.declaration.version)
        if version not in pipeline.versions:
            raise AwsError(
                "PipelineVersionNotFoundException",
                f"Pipeline {pipeline.name} has no version {version}; the latest is"
                f" {pipeline.declaration.version}",
            )
        return {
            "pipeline": pipeline.versions[version].document,
            "metadata": {
                "pipelineArn": self.context.arn("codepipeline", pipeline.name),
                "created": pipeline.created,
                "updated": pipeline.updated,
            },
        }

    @operation
    def delete_pipeline(self, params: Params) -> Params:
        """DeletePipeline. Deleting a pipeline that does not exist succeeds, as on AWS."""
        self.engine.remove(params["name"])
        return {}

    @operation
    def list_pipelines(self, params: Params) -> Params:
        """ListPipelines, by name."""
        with self.store.lock:
            pipelines = list(self.store.pipelines.values())
        found, token = listings.page(
            pipelines, lambda pipeline: pipeline.name, ["ListPipelines"], params, 1000
        )
        return {"pipelines": [_summary(pipeline) for pipeline in found], "nextToken": token}

    def _read(self, document: dict[str, Any], version: int) -> PipelineDeclaration:
        filled = declarations.with_defaults(document, version)
        validation.validate(filled, self.context.region)
        self._check_role(filled["roleArn"], filled["name"])
        return declarations.parse(filled, self.context.region)

    def _check_role(self, role_arn: str, name: str) -> None:
        """AWS assumes the role when a pipeline is created. A new role is often not ready: clients retry."""
        arn = self.context.arn("codepipeline", name)
        if not role_trusts(self.context, role_arn, _SERVICE, arn):
            raise AwsError(
                "InvalidStructureException",
                f"CodePipeline is not authorized to perform AssumeRole on role {role_arn}",
            )


def _summary(pipeline: Pipeline) -> Params:
    return {
        "name": pipeline.name,
        "version": pipeline.declaration.version,
        "pipelineType": pipeline.declaration.document["pipelineType"],
        "executionMode": pipeline.declaration.mode.value,
        "created": pipeline.created,
        "updated": pipeline.updated,
    }
