"""The tags of pipelines."""

from __future__ import annotations

from typing import Final

from localaws.core.errors import AwsError
from localaws.core.provider import operation
from localaws.services.codepipeline import listings
from localaws.services.codepipeline.models import Pipeline
from localaws.services.codepipeline.resource import Params, Resource

_MAX_TAGS: Final = 50


class Tags(Resource):
    """The operations on tags."""

    @operation
    def tag_resource(self, params: Params) -> Params:
        """TagResource."""
        with self.store.lock:
            pipeline = self._by_arn(params["resourceArn"])
            add(pipeline, checked(params["tags"]), params["resourceArn"])
        return {}

    @operation
    def untag_resource(self, params: Params) -> Params:
        """UntagResource."""
        removed = set(params["tagKeys"])
        with self.store.lock:
            pipeline = self._by_arn(params["resourceArn"])
            pipeline.tags = {k: v for k, v in pipeline.tags.items() if k not in removed}
        return {}

    @operation
    def list_tags_for_resource(self, params: Params) -> Params:
        """ListTagsForResource, by key."""
        with self.store.lock:
            pipeline = self._by_arn(params["resourceArn"])
            tags = as_list(pipeline)
        listing = ["ListTagsForResource", pipeline.name]
        found, token = listings.page(tags, lambda tag: tag["key"], listing, params, 100)
        return {"tags": found, "nextToken": token}

    def _by_arn(self, resource_arn: str) -> Pipeline:
        prefix = self.context.arn("codepipeline", "")
        name = resource_arn.removeprefix(prefix)
        if name == resource_arn:
            raise AwsError(
                "InvalidArnException",
                f"{resource_arn} is not the ARN of a pipeline here: {prefix}<name>",
            )
        if name not in self.store.pipelines:
            raise AwsError(
                "ResourceNotFoundException",
                f"The account with id '{self.context.account_id}' does not include a pipeline with the"
                f" name '{name}'",
            )
        return self.store.pipelines[name]


def checked(tags: list[dict[str, str]]) -> dict[str, str]:
    """Tags by key, as a request gives them.

    Raises:
        AwsError: InvalidTagsException, for a tag of the system.
    """
    for tag in tags:
        if tag["key"].lower().startswith("aws:"):
            raise AwsError(
                "InvalidTagsException",
                f"Not allowed to modify system tags: {tag['key']!r} starts with 'aws:'",
            )
    return {tag["key"]: tag["value"] for tag in tags}


def add(pipeline: Pipeline, tags: dict[str, str], resource_arn: str) -> None:
    """Add or overwrite tags.

    Raises:
        AwsError: TooManyTagsException.
    """
    together = pipeline.tags | tags
    if len(together) > _MAX_TAGS:
        raise AwsError("TooManyTagsException", f"Tag limit exceeded for resource [{resource_arn}].")
    pipeline.tags = together


def as_list(pipeline: Pipeline) -> list[dict[str, str]]:
    """The tags of a pipeline in the shape of the API."""
    return [{"key": key, "value": value} for key, value in pipeline.tags.items()]
