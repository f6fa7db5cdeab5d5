"""The manifest: the one contract between Git, the functions and the state machines.

config/manifest.schema.json says what each key may be. It holds at both ends: in Git the keys that a
run fills in are empty, and afterwards none of them is; these two rules are here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.errors import ConfigurationError
from common.schema import Schema, problems_of, shown

Manifest = dict[str, Any]

PEOPLE_KEYS = (
    "UseCase",
    "EndpointType",
    "ImageTag",
    "InstanceType",
    "EndpointInstanceType",
    "EndpointInstanceCount",
    "MetricThreshold",
    "TrainingHyperParameters",
    "CodeVersion",
)
# Filled in by upload-source-files.sh too, but a copy of the repository without Git has none.
SOURCE_KEYS = ("GitCommit",)  # create_schema then says "unknown"
RUN_KEYS = (
    "RunId",
    "WorkflowBucket",
    "UseCaseLocation",
    "MetricName",
    "MetricDirection",
    "ChampionLocation",
    "ProcessingJobName",
    "ProcessingImageUri",
    "ProcessingInputLocation",
    "ProcessingTrainLocation",
    "ProcessingTestLocation",
    "ProcessingModelLocation",
    "ProcessingCodeUri",
    "TrainingJobName",
    "TrainingImageUri",
    "TrainingOutputLocation",
    "TrainingCodeUri",
    "SageMakerSubmitDirectory",
    "EvaluationJobName",
    "EvaluationOutputLocation",
    "EvaluationCodeUri",
    "ModelName",
    "ModelPackageGroupName",
    "InferenceImageUri",
    "InferenceInputLocation",
    "InferenceOutputLocation",
)
# Of the model in production: empty (null, the number) where there is none or nothing is asked for.
CHAMPION_KEYS = (
    "ChampionModelPackageArn",
    "ChampionModelDataUrl",
    "ChampionModelSha256",
    "ChampionMaxRegression",
)
INFERENCE_KEYS = (
    "TransformJobName",
    "EndpointConfigName",
    "EndpointName",
    "ModelPackageArn",
    "ModelDataUrl",
)
# After create_schema: what was people's and may be empty in Git, but not in a run.
TRAINING_REQUIRED = (
    *RUN_KEYS,
    *SOURCE_KEYS,
    *(key for key in PEOPLE_KEYS if key != "ImageTag"),
)
INFERENCE_REQUIRED = (*TRAINING_REQUIRED, *INFERENCE_KEYS)
# The state machines read these too: there in every run, but perhaps empty.
TRAINING_PRESENT = ("ImageTag", *CHAMPION_KEYS)

SUBJECT = "config/manifest.json"
_FIX = (
    "Correct config/manifest.json (config/manifest.schema.json describes each key), commit it and "
    "run deployment-scripts/upload-source-files.sh."
)
_DEFECT = "The run's manifest is made by create_schema and update_schema: this is a defect there."


def load_schema(name: str) -> Schema:
    """A schema of config/: beside the package in a function's zip, in config/ in the repository."""
    here = Path(__file__).resolve().parents[1]
    places = (here / "config" / name, here.parent / "config" / name)
    place = next((place for place in places if place.is_file()), None)
    if place is None:
        raise FileNotFoundError(f"{name}: looked for {' and '.join(map(str, places))}")
    schema: Schema = json.loads(place.read_text(encoding="utf-8"))
    return schema


def check_git_manifest(schema: Schema, document: Any) -> Manifest:
    """The manifest as people write it; raise with everything that is wrong."""
    problems = problems_of(schema, document)
    if isinstance(document, dict):
        problems += [
            f"{key}: found {shown(document[key])}; allowed: empty, each run fills it in"
            for key in (*RUN_KEYS, *CHAMPION_KEYS, *INFERENCE_KEYS)
            if document.get(key) not in (None, "")
        ]
    if problems:
        raise ConfigurationError(SUBJECT, problems, _FIX)
    manifest: Manifest = dict(document)
    return manifest


def check_run_manifest(
    schema: Schema, document: Mapping[str, Any], required: tuple[str, ...]
) -> Manifest:
    """The manifest of a run: valid, and nothing empty that a state machine reads."""
    problems = problems_of(schema, dict(document))
    problems += [
        f"{key}: found {shown(document.get(key))}; allowed: not empty in a run"
        for key in required
        if document.get(key) in (None, "")
    ]
    problems += [f"{key}: missing" for key in TRAINING_PRESENT if key not in document]
    if problems:
        raise ConfigurationError("manifest of the run", problems, _DEFECT)
    return dict(document)
