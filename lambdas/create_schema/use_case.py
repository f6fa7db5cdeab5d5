"""The use case of a run: config/use_cases/{name}.yaml in the source bucket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml
from botocore.exceptions import ClientError

from common.errors import AccessError, ConfigurationError
from common.schema import Schema, problems_of, shown
from common.storage import objects

FOLDER = "config/use_cases/"
MAX_BYTES = 200_000
# Limits of CreateTrainingJob's HyperParameters (API reference); script mode adds three of its own.
MAX_HYPERPARAMETERS = 100 - 3
MAX_HYPERPARAMETER_VALUE = 2500

UseCase = dict[str, Any]


def read_use_case(s3: Any, bucket: str, name: str, schema: Schema) -> UseCase:
    key = f"{FOLDER}{name}.yaml"
    fix = f"Correct {key}, commit it and run deployment-scripts/upload-source-files.sh."
    try:
        response = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        raise _not_readable(s3, bucket, name, error) from error
    body = response["Body"].read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise ConfigurationError(key, f"found more than {MAX_BYTES} bytes", fix)
    try:
        document = yaml.safe_load(body)
        json.dumps(document, allow_nan=False)  # a date, .nan or a list as key: YAML, but not JSON
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, ValueError) as error:
        raise ConfigurationError(
            key, f"cannot be read: {' '.join(str(error).split())}", fix
        ) from error
    problems = problems_of(schema, document)
    if not problems:
        problems = _problems_across(document, name)
    if problems:
        raise ConfigurationError(key, problems, fix)
    use_case: UseCase = document
    return use_case


def _problems_across(use_case: UseCase, name: str) -> list[str]:
    """What one key says about another, beyond JSON Schema."""
    problems = []
    if use_case["name"] != name:
        problems.append(
            f"name: found {shown(use_case['name'])}; allowed: {shown(name)}, as the file"
        )
    columns = [column["name"] for column in use_case["columns"]]
    if use_case["target"] not in columns:
        problems.append(
            f"target: found {shown(use_case['target'])}; allowed: one of the columns {', '.join(columns)}"
        )
    return problems


def _not_readable(s3: Any, bucket: str, name: str, error: ClientError) -> Exception:
    code = error.response["Error"]["Code"]
    if code not in {"NoSuchKey", "404"}:
        return AccessError(
            f"s3://{bucket}/{FOLDER}{name}.yaml cannot be read: {error}. Look at the role of this "
            "function (infra/modules/manifest) and at the bucket's and the key's policy."
        )
    keys = [item["Key"].removeprefix(FOLDER) for item in objects(s3, bucket, FOLDER)]
    names = sorted(key.removesuffix(".yaml") for key in keys if key.endswith(".yaml"))
    return ConfigurationError(
        "UseCase",
        f"found {shown(name)}; available in s3://{bucket}/{FOLDER}: {', '.join(names) or 'none'}",
        f"Correct UseCase in config/manifest.json or in the variables of this run, or add "
        f"{FOLDER}{name}.yaml and run deployment-scripts/upload-source-files.sh.",
    )


def with_overrides(
    use_case: UseCase, hyperparameters: Mapping[str, Any], threshold: float | None
) -> UseCase:
    """The use case as this run uses it: what the jobs read, and what stays as evidence."""
    model = use_case["model"]
    merged = {**model.get("hyperparameters", {}), **hyperparameters}
    metric = use_case["metric"]
    return {
        **use_case,
        "model": {**model, "hyperparameters": merged},
        "metric": {**metric, "threshold": metric["threshold"] if threshold is None else threshold},
    }


def parse_overrides(text: str) -> dict[str, Any]:
    """The manifest's TrainingHyperParameters: empty, or a JSON object as a string."""
    fix = (
        'Write a JSON object as a string in config/manifest.json, for example "{\\"max_iter\\": 200}", '
        "or leave it empty."
    )
    if not text.strip():
        return {}
    try:
        values = json.loads(text)
    except ValueError as error:
        raise ConfigurationError("TrainingHyperParameters", f"not JSON ({error})", fix) from error
    if not isinstance(values, dict):
        raise ConfigurationError(
            "TrainingHyperParameters", f"found {shown(values)}; allowed: a JSON object", fix
        )
    return values


def job_hyperparameters(values: Mapping[str, Any]) -> dict[str, str]:
    """As CreateTrainingJob takes them: strings; what is no string is written as JSON."""
    result = {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()
    }
    problems = [
        f"{key}: found {len(value)} characters; allowed: {MAX_HYPERPARAMETER_VALUE}"
        for key, value in result.items()
        if len(value) > MAX_HYPERPARAMETER_VALUE
    ]
    problems += [
        f"{key}: names that begin with sagemaker_ belong to script mode"
        for key in result
        if key.startswith("sagemaker_")
    ]
    if len(result) > MAX_HYPERPARAMETERS:
        problems.append(f"found {len(result)} hyperparameters; allowed: {MAX_HYPERPARAMETERS}")
    if problems:
        raise ConfigurationError(
            "hyperparameters", problems, "Correct them in the use case or in config/manifest.json."
        )
    return result
