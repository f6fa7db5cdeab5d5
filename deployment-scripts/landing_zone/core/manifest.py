"""The keys of the manifest that the scripts read; config/manifest.schema.json describes every key."""

from __future__ import annotations

from enum import StrEnum


class Key(StrEnum):
    """A key of the manifest; usable as the string itself."""

    USE_CASE = "UseCase"
    ENDPOINT_TYPE = "EndpointType"
    IMAGE_TAG = "ImageTag"
    CODE_VERSION = "CodeVersion"
    GIT_COMMIT = "GitCommit"
    RUN_ID = "RunId"
    WORKFLOW_BUCKET = "WorkflowBucket"
    USE_CASE_LOCATION = "UseCaseLocation"
    TRAINING_INPUT = "ProcessingInputLocation"
    TEST_ROWS = "ProcessingTestLocation"
    EVALUATION = "EvaluationOutputLocation"
    INFERENCE_INPUT = "InferenceInputLocation"
    INFERENCE_OUTPUT = "InferenceOutputLocation"
    MODEL_PACKAGE_GROUP = "ModelPackageGroupName"
    ENDPOINT_NAME = "EndpointName"


# The EndpointType of a run that predicts a file.
BATCH = "Batch"
