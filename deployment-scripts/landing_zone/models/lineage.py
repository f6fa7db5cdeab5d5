"""Where a version comes from: run, data, code, commit, image, jobs."""

from __future__ import annotations

from typing import Any

from landing_zone.core.s3 import read_json, split_uri
from landing_zone.models.registry import Version

# What the training machine writes among the properties of a version.
_PROPERTIES = {
    "run": "RunId",
    "code version": "CodeVersion",
    "commit": "GitCommit",
    "training job": "TrainingJob",
    "training image": "TrainingImage",
    "model sha256": "ModelSha256",
    "model": "Model",
    "execution": "Execution",
    "pull request": "PullRequest",
}
UNKNOWN = "not recorded"


def lineage(s3: Any, version: Version) -> dict[str, str]:
    """Each fact with its value; data that has expired in S3 counts as not recorded."""
    found = {name: version.properties.get(key, "") for name, key in _PROPERTIES.items()}
    facts = {"data sha256": data_sha256(s3, version), **found, "model data": version.model_data}
    always = ("data sha256", "run", "code version", "commit")
    return {name: value or UNKNOWN for name, value in facts.items() if value or name in always}


def data_sha256(s3: Any, version: Version) -> str:
    """The hash of the data set, from the profile that preprocess has stored; empty without one."""
    if version.properties.get("DataSha256"):
        return version.properties["DataSha256"]
    if not version.run_id or not version.metrics_uri:
        return ""
    bucket, _ = split_uri(version.metrics_uri)
    profile = read_json(s3, bucket, f"{version.run_id}/preprocessing/model/profile.json")
    dataset = (profile or {}).get("dataset", {})
    return str(dataset.get("sha256", "")) if isinstance(dataset, dict) else ""
