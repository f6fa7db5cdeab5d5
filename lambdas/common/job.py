"""The CodePipeline job of a Lambda action.

Event: https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Lambda.html
It holds credentials of the artifact store, so it is never logged and never part of a message.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from common.errors import ConfigurationError

_FIX = "Correct UserParameters of this action in infra/modules/ml_pipeline."


@dataclass(frozen=True)
class Credentials:
    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)


@dataclass(frozen=True)
class Artifact:
    name: str
    bucket: str
    key: str

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True)
class Job:
    id: str
    user_parameters: str
    inputs: tuple[Artifact, ...]
    outputs: tuple[Artifact, ...]
    credentials: Credentials = field(repr=False)
    encryption_key: str | None

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> Job:
        """Raise KeyError when the event is not a CodePipeline job: then there is nothing to answer."""
        job = event["CodePipeline.job"]
        data = job["data"]
        secret = data["artifactCredentials"]
        configuration = data.get("actionConfiguration", {}).get("configuration", {})
        return cls(
            id=job["id"],
            user_parameters=configuration.get("UserParameters") or "",
            inputs=tuple(map(_artifact, data.get("inputArtifacts", ()))),
            outputs=tuple(map(_artifact, data.get("outputArtifacts", ()))),
            credentials=Credentials(
                secret["accessKeyId"], secret["secretAccessKey"], secret["sessionToken"]
            ),
            encryption_key=(data.get("encryptionKey") or {}).get("id"),
        )

    def input(self) -> Artifact:
        return _only("input", self.inputs)

    def output(self) -> Artifact:
        return _only("output", self.outputs)

    def parameters(self, required: Set[str], optional: Set[str] = frozenset()) -> dict[str, str]:
        """UserParameters as an object of strings; CodePipeline has filled its variables in."""
        try:
            values = json.loads(self.user_parameters or "{}")
        except ValueError as error:
            raise ConfigurationError("UserParameters", f"not JSON ({error})", _FIX) from error
        if not isinstance(values, dict):
            raise ConfigurationError(
                "UserParameters", f"found {_kind(values)}; allowed: a JSON object", _FIX
            )
        problems = [f"{key} is missing" for key in sorted(required - set(values))]
        problems += [
            f"{key} is not known; known: {', '.join(sorted(required | optional))}"
            for key in sorted(set(values) - required - optional)
        ]
        problems += [
            f"{key}: found {value!r}; allowed: a string that is not empty"
            for key, value in sorted(values.items())
            if not isinstance(value, str) or not value
        ]
        if problems:
            raise ConfigurationError("UserParameters", problems, _FIX)
        return values


def _artifact(document: Mapping[str, Any]) -> Artifact:
    location = document["location"]["s3Location"]
    return Artifact(document["name"], location["bucketName"], location["objectKey"])


def _only(side: str, artifacts: tuple[Artifact, ...]) -> Artifact:
    if len(artifacts) != 1:
        names = ", ".join(artifact.name for artifact in artifacts) or "none"
        raise ConfigurationError(
            f"{side} artifacts of the action",
            f"found {names}; allowed: exactly one",
            "Correct the action in infra/modules/ml_pipeline.",
        )
    return artifacts[0]


def _kind(value: object) -> str:
    return "null" if value is None else f"a {type(value).__name__}"
