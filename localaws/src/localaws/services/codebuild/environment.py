"""The variables of a build: those of the request, of the build specification, and CodeBuild's own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import ClientError

from localaws.services.codebuild.buildspec import Buildspec
from localaws.services.codebuild.errors import PhaseError
from localaws.services.codebuild.models import Build, Document

_RESERVED: Final = "CODEBUILD_"
_KEY_ID = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")
_MASK: Final = "***"

ClientFactory = Callable[[str], Any]
"""From the name of a service to a client with the service role."""


class Masks:
    """The values that no line of the log shows: secrets, parameters and ids of access keys."""

    def __init__(self) -> None:
        self._values: list[str] = []

    def add(self, value: str) -> None:
        """Hide a value, and each of its lines."""
        found = {value, *value.splitlines()} - {""}
        # The longest first: a value may contain another one.
        self._values = sorted({*self._values, *found}, key=len, reverse=True)

    def apply(self, line: str) -> str:
        """A line without the values."""
        for value in self._values:
            line = line.replace(value, _MASK)
        return _KEY_ID.sub(_MASK, line)


@dataclass
class Resolved:
    """The variables with their values, and the names of those that are secret."""

    values: dict[str, str] = field(default_factory=dict)
    secret: set[str] = field(default_factory=set)


def resolve(
    build: Build,
    buildspec: Buildspec,
    client: ClientFactory,
    masks: Masks,
    say: Callable[[str], None],
) -> Resolved:
    """The variables of a build. Those of StartBuild win over the project's, and those over the buildspec's.

    Raises:
        PhaseError: a parameter or a secret cannot be read.
    """
    declared: dict[str, tuple[str, str]] = {}
    for kind, values in (
        ("PLAINTEXT", buildspec.variables),
        ("PARAMETER_STORE", buildspec.parameter_store),
        ("SECRETS_MANAGER", buildspec.secrets_manager),
    ):
        declared |= {name: (kind, value) for name, value in values.items()}
    request = build.request
    for variable in _documents(
        request.environment.get("environmentVariables", []), request.variables
    ):
        declared[variable["name"]] = (variable.get("type", "PLAINTEXT"), variable["value"])
    declared = {n: v for n, v in declared.items() if not n.startswith(_RESERVED)}
    resolved = Resolved({n: v for n, (kind, v) in declared.items() if kind == "PLAINTEXT"})
    for kind, read, words in (
        ("PARAMETER_STORE", _parameter, "Decrypting parameter store environment variables"),
        ("SECRETS_MANAGER", _secret, "Decrypting secrets manager environment variables"),
    ):
        references = {name: value for name, (k, value) in declared.items() if k == kind}
        if references:
            say(words)
        for name, reference in references.items():
            value = read(client, reference)
            masks.add(value)
            resolved.values[name] = value
            resolved.secret.add(name)
    return resolved


def _documents(*lists: Iterable[Document]) -> Iterable[Document]:
    for documents in lists:
        yield from documents


def _parameter(client: ClientFactory, name: str) -> str:
    code = "Decrypted Variables Error"
    try:
        answer = client("ssm").get_parameter(Name=name, WithDecryption=True)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ParameterNotFound":
            raise PhaseError(code, f"parameter does not exist: {name}") from error
        raise PhaseError(code, _words(error)) from error
    value: str = answer["Parameter"]["Value"]
    return value


def _secret(client: ClientFactory, reference: str) -> str:
    """The value of ``secret-id:json-key:version-stage:version-id``; the id may be an ARN."""
    code = "Secrets Manager Error"
    parts = reference.split(":")
    # arn:aws:secretsmanager:<region>:<account>:secret:<name>
    length = 7 if reference.startswith("arn:") else 1
    secret_id, rest = ":".join(parts[:length]), [*parts[length:], "", "", ""]
    wanted = {"VersionStage": rest[1], "VersionId": rest[2]}
    try:
        answer = client("secretsmanager").get_secret_value(
            SecretId=secret_id, **{key: value for key, value in wanted.items() if value}
        )
    except ClientError as error:
        raise PhaseError(code, _words(error)) from error
    text: str = answer.get("SecretString") or answer.get("SecretBinary", b"").decode(
        errors="replace"
    )
    if not rest[0]:
        return text
    try:
        value = json.loads(text)[rest[0]]
    except (ValueError, KeyError, TypeError) as error:
        raise PhaseError(code, f"the secret {secret_id} has no JSON key {rest[0]!r}") from error
    return value if isinstance(value, str) else json.dumps(value)


def _words(error: ClientError) -> str:
    details = error.response["Error"]
    return f"{details.get('Code')}: {details.get('Message')}"


def own_variables(build: Build, region: str, project_uuid: str) -> dict[str, str]:
    """The variables that CodeBuild sets (build-env-ref-env-vars), without those of the source."""
    request = build.request
    project_arn = build.arn.rpartition(":build/")[0] + f":project/{request.project}"
    version = request.source_version
    if request.pipeline_source:
        version = f"arn:aws:s3:::{request.source['location']}"
    values = {
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "CODEBUILD_BUILD_ARN": build.arn,
        "CODEBUILD_BUILD_ID": build.id,
        "CODEBUILD_BUILD_IMAGE": request.environment["image"],
        "CODEBUILD_BUILD_NUMBER": str(build.number),
        "CODEBUILD_BUILD_SUCCEEDING": "1",
        "CODEBUILD_CI": "true",
        "CODEBUILD_INITIATOR": request.initiator,
        "CODEBUILD_KMS_KEY_ID": request.encryption_key,
        "CODEBUILD_LOG_PATH": build.uuid,
        "CODEBUILD_PROJECT_ARN": project_arn,
        "CODEBUILD_PROJECT_UUID": project_uuid,
        "CODEBUILD_START_TIME": str(int(build.start.timestamp() * 1000)),
        "CODEBUILD_SOURCE_VERSION": version or "",
        "CODEBUILD_RESOLVED_SOURCE_VERSION": build.resolved_source_version or "",
        "CODEBUILD_SOURCE_REPO_URL": request.source.get("location", "")
        if request.source["type"] in ("GITHUB", "CODECOMMIT")
        else "",
        **request.webhook,
    }
    return {name: value for name, value in values.items() if value}


def exported(
    buildspec: Buildspec, resolved: Resolved, last: dict[str, str]
) -> list[tuple[str, str]]:
    """The exported variables with their last values. Secrets and AWS_* are never exported."""
    names = dict.fromkeys(buildspec.exported)
    return [
        (name, last[name])
        for name in names
        if name in last and name not in resolved.secret and not name.startswith("AWS_")
    ]
