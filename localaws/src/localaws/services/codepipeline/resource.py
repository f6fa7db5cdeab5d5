"""The base class of the parts of the API."""

from __future__ import annotations

from typing import Any, TypeAlias

from localaws.core.context import Context
from localaws.services.codepipeline import lookup
from localaws.services.codepipeline.engine import Engine
from localaws.services.codepipeline.models import Pipeline

Params: TypeAlias = dict[str, Any]


class Resource:
    """Operations on one kind of thing.

    Args:
        context: the surroundings of the service.
        engine: changes executions, and holds the pipelines.
    """

    def __init__(self, context: Context, engine: Engine) -> None:
        self.context = context
        self.engine = engine
        self.store = engine.store

    def pipeline(self, name: str) -> Pipeline:
        """A pipeline by name.

        Raises:
            AwsError: PipelineNotFoundException.
        """
        return lookup.pipeline(self.store, name, self.context.account_id)
