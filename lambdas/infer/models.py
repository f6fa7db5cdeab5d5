"""The model that an endpoint serves, and the columns of its use case.

The endpoint's configuration has the tags RunId, UseCase, ModelVersion and, for each variant,
ModelVersion.{name}; the run has stored its use case in the workflow bucket. Both belong to the configuration
and never change, so only the name of the configuration is looked up again, every 30 seconds.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from common.aws import tags_of
from common.names import DEV, PROD, TARGETS, endpoint_name
from infer.requests import Refusal
from infer.settings import Settings
from ml.config.columns import Column, read_columns
from ml.config.section import Section

# So long a new configuration may stay unseen.
FRESH_SECONDS = 30.0
# Each use case has at most two endpoints. More entries than this were made by guessing names.
MOST_ENTRIES = 200
# As in config/use_case.schema.json.
_NAME = re.compile(r"[a-z][a-z0-9-]{0,14}")
_VERSION = "ModelVersion"  # a tag; with a dot and its name, that of one variant

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LiveModel:
    use_case: str
    target: str
    endpoint: str
    configuration: str
    version: str  # of the model package; empty where the configuration does not say
    variants: Mapping[str, str]  # versions by variant, where the configuration tells them apart
    description: str
    label: str  # the column that is predicted
    features: tuple[Column, ...]

    def version_of(self, variant: str) -> str:
        """The version that a variant serves."""
        return self.variants.get(variant, self.version)


@dataclass(frozen=True)
class _Entry:
    model: LiveModel
    until: float


class Models:
    """Finds the live model of a use case. One object serves all requests of a warm function."""

    def __init__(
        self,
        sagemaker: Any,
        s3: Any,
        settings: Settings,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sagemaker = sagemaker
        self._s3 = s3
        self._settings = settings
        self._now = now
        self._entries: dict[str, _Entry] = {}

    def live(self, use_case: str, target: str) -> LiveModel:
        """Raise Refusal 404 for a use case that does not exist, 504 for one whose endpoint does not."""
        if target not in TARGETS:
            raise Refusal(
                HTTPStatus.NOT_FOUND, f"target: found {target[:40]!r}; allowed: {PROD}, {DEV}"
            )
        if not _NAME.fullmatch(use_case):
            raise _unknown(use_case)
        endpoint = endpoint_name(self._settings.prefix, use_case, target)
        known = self._entries.get(endpoint)
        if known is not None and self._now() < known.until:
            return known.model
        model = self._find(use_case, target, endpoint, known.model if known else None)
        if len(self._entries) >= MOST_ENTRIES:
            self._entries.clear()
        self._entries[endpoint] = _Entry(model, self._now() + FRESH_SECONDS)
        return model

    def _find(
        self, use_case: str, target: str, endpoint: str, known: LiveModel | None
    ) -> LiveModel:
        try:
            described = self._sagemaker.describe_endpoint(EndpointName=endpoint)
        except ClientError as error:
            if (
                error.response["Error"]["Code"] == "ValidationException"
            ):  # there is no such endpoint
                self._entries.pop(endpoint, None)
                raise self._missing(use_case, error) from error
            return _stale(known, error)
        except BotoCoreError as error:
            return _stale(known, error)
        configuration = described["EndpointConfigName"]
        if known is not None and known.configuration == configuration:
            return known
        # The ARN of the configuration, from that of the endpoint.
        arn = described["EndpointArn"].rpartition(":")[0] + f":endpoint-config/{configuration}"
        tags = tags_of(self._sagemaker, arn)
        # A use case "iris-dev" must not lead to the endpoint of iris in dev.
        if tags.get("UseCase", use_case) != use_case:
            raise _unknown(use_case)
        document = self._use_case_of(tags.get("RunId", ""), configuration)
        problems: list[str] = []
        columns = read_columns(Section(document, "", problems), problems)
        if problems:
            raise ValueError(f"the use case of configuration {configuration}: {problems}")
        label = document["target"]
        return LiveModel(
            use_case=use_case,
            target=target,
            endpoint=endpoint,
            configuration=configuration,
            version=tags.get(_VERSION, ""),
            variants={
                key.removeprefix(f"{_VERSION}."): value
                for key, value in tags.items()
                if key.startswith(f"{_VERSION}.")
            },
            description=document["description"],
            label=label,
            features=tuple(column for column in columns if column.name != label),
        )

    def _use_case_of(self, run_id: str, configuration: str) -> dict[str, Any]:
        if not run_id:
            raise LookupError(f"endpoint configuration {configuration} has no tag RunId")
        body = self._s3.get_object(
            Bucket=self._settings.workflow_bucket, Key=f"{run_id}/config/use_case.json"
        )["Body"].read()
        document: dict[str, Any] = json.loads(body)
        return document

    def _missing(self, use_case: str, cause: ClientError) -> Refusal:
        """Tell a use case without an endpoint from one that does not exist: it has no models either."""
        group = f"{self._settings.prefix}-{use_case}"
        try:
            self._sagemaker.describe_model_package_group(ModelPackageGroupName=group)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationException":
                return _unknown(use_case)
            raise
        return Refusal(
            HTTPStatus.GATEWAY_TIMEOUT,
            f"The model of {use_case} is not in service. Try again later.",
            cause=cause,
        )


def _unknown(use_case: str) -> Refusal:
    return Refusal(HTTPStatus.NOT_FOUND, f"use_case: found {use_case[:40]!r}, which is not known")


def _stale(known: LiveModel | None, error: Exception) -> LiveModel:
    """The endpoint may well answer although it cannot be described now, for example for too many calls."""
    if known is None:
        raise error
    logger.warning("endpoint %s cannot be described: %s", known.endpoint, error)
    return known
