"""Where a model comes from: enough to make it again, and to see that it was not made from something else."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from ml.code_version import code_version
from ml.config.use_case import UseCase

LIBRARIES = ("joblib", "numpy", "pandas", "scikit-learn", "scipy", "threadpoolctl")
# Only in our own image; a distribution of another name may hold the same library.
OPTIONAL_LIBRARIES = (("polars",), ("xgboost", "xgboost-cpu"), ("onnx",), ("onnxruntime",))
# The state machine gives these to the training job; by hand they are not set.
JOB_VARIABLES = {
    "run": "RUN_ID",
    "git_commit": "GIT_COMMIT",
    "image_tag": "IMAGE_TAG",
    "image": "TRAINING_IMAGE",
}


def library_versions() -> dict[str, str]:
    """The versions that the digits of a model depend on."""
    versions = {"python": platform.python_version()}
    for name in LIBRARIES:
        versions[name] = metadata.version(name)
    for names in OPTIONAL_LIBRARIES:
        for name in names:
            with contextlib.suppress(metadata.PackageNotFoundError):
                versions[names[0]] = metadata.version(name)
    return versions


def job_name() -> str:
    """The name SageMaker gave this training job; by hand there is none."""
    return os.environ.get("TRAINING_JOB_NAME") or os.environ.get("SM_JOB_NAME") or "by hand"


def make_lineage(
    use_case: UseCase, profile: dict[str, Any], hyperparameters: dict[str, Any], workflow: Path
) -> dict[str, Any]:
    document = json.dumps(use_case.document, sort_keys=True).encode()
    return {
        "use_case": use_case.name,
        "use_case_sha256": hashlib.sha256(document).hexdigest(),
        "dataset": profile["dataset"],
        "split": profile["split"],
        "estimator": use_case.model.estimator,
        "hyperparameters": hyperparameters,
        "seed": use_case.model.seed,
        "code_version": code_version(workflow),
        "libraries": library_versions(),
        "training_job": job_name(),
        **{key: os.environ.get(name, "") for key, name in JOB_VARIABLES.items()},
    }
