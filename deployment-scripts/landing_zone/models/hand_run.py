"""A training by hand: which jobs it has, where they read and write, and what is registered in the end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SUBMIT_PROGRAM = "train.py"
JOB_CODE = "/opt/ml/processing/input/code"
_CSV_AND_JSON = ["text/csv", "application/json"]


@dataclass(frozen=True)
class HandRun:
    """What a run of the ML pipeline gets from create_schema, chosen by a person."""

    run_id: str
    use_case: Mapping[str, Any]
    group: str
    source_bucket: str
    workflow_bucket: str
    code_version: str
    git_commit: str
    image: str
    image_tag: str
    role: str
    kms_key: str
    instance_type: str
    endpoint_instance_type: str
    region: str
    environment: str

    @property
    def name(self) -> str:
        return str(self.use_case["name"])

    @property
    def folder(self) -> str:
        return f"s3://{self.workflow_bucket}/{self.run_id}"

    @property
    def code(self) -> str:
        return f"s3://{self.source_bucket}/code/{self.code_version}/"

    @property
    def tags(self) -> dict[str, str]:
        return {
            "RunId": self.run_id,
            "UseCase": self.name,
            "CodeVersion": self.code_version,
            "Environment": self.environment,
        }

    @property
    def objects(self) -> dict[str, bytes]:
        """What the jobs read besides code and data, by key in the workflow bucket."""
        # The section endpoint is resolved by create_schema; a version by hand gets the type it names.
        use_case = {key: value for key, value in self.use_case.items() if key != "endpoint"}
        none = {
            "model_package_arn": "",
            "reason": "trained by hand: run_job.py compares with no champion",
        }
        return {
            f"{self.run_id}/config/use_case.json": json.dumps(use_case, indent=2).encode(),
            f"{self.run_id}/champion/none.json": json.dumps(none).encode(),
        }

    @property
    def hyperparameters(self) -> dict[str, str]:
        """Script mode reads the first three; the others are those of the estimator."""
        own = self.use_case["model"].get("hyperparameters", {})
        return {
            "sagemaker_program": SUBMIT_PROGRAM,
            "sagemaker_submit_directory": f"{self.code}sourcedir.tar.gz",
            "sagemaker_region": self.region,
            **{key: json.dumps(value) for key, value in own.items()},
        }

    @property
    def training_environment(self) -> dict[str, str]:
        return {
            "RUN_ID": self.run_id,
            "CODE_VERSION": self.code_version,
            "GIT_COMMIT": self.git_commit,
            "IMAGE_TAG": self.image_tag,
            "TRAINING_IMAGE": self.image,
        }

    @property
    def channels(self) -> dict[str, tuple[str, str]]:
        """Location and content type of each channel of the training."""
        return {
            "train": (f"{self.folder}/preprocessing/train/", "text/csv"),
            "config": (f"{self.folder}/config/use_case.json", "application/json"),
            "profile": (f"{self.folder}/preprocessing/model/", "application/json"),
        }

    def processing(self, step: str, model_data: str = "") -> tuple[dict[str, str], dict[str, str]]:
        """Inputs and outputs of the job `preprocess` or `evaluate`, by name."""
        run = self.folder
        inputs = {"code": self.code, "config": f"{run}/config/use_case.json"}
        if step == "preprocess":
            inputs["data"] = f"{run}/source/"
            return inputs, {
                name: f"{run}/preprocessing/{name}/" for name in ("train", "test", "model")
            }
        inputs |= {
            "model": model_data,
            "test": f"{run}/preprocessing/test/",
            "profile": f"{run}/preprocessing/model/",
            "champion": f"{run}/champion/",
        }
        return inputs, {"evaluation": f"{run}/evaluation/output/"}

    @property
    def evaluation_key(self) -> str:
        return f"{self.run_id}/evaluation/output/evaluation.json"

    def model_environment(self, evaluation: Mapping[str, Any]) -> dict[str, str]:
        """The environment of the container that serves; it loads only the model that was evaluated."""
        return {
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
            "SAGEMAKER_REGION": self.region,
            "SAGEMAKER_CONTAINER_LOG_LEVEL": "20",
            "MODEL_SHA256": evaluation["model"]["archive_sha256"],
            "MODEL_CARD_SHA256": evaluation["model"]["card_sha256"],
        }

    def package(self, model_data: str, evaluation: Mapping[str, Any]) -> dict[str, Any]:
        """Container and metrics of CreateModelPackage."""
        evidence = {
            "ContentType": "application/json",
            "S3Uri": f"s3://{self.workflow_bucket}/{self.evaluation_key}",
        }
        container = {
            "Image": self.image,
            "ModelDataUrl": model_data,
            "Environment": self.model_environment(evaluation),
        }
        return {
            "InferenceSpecification": {
                "Containers": [container],
                "SupportedContentTypes": _CSV_AND_JSON,
                "SupportedResponseMIMETypes": _CSV_AND_JSON,
                "SupportedRealtimeInferenceInstanceTypes": [self.endpoint_instance_type],
                "SupportedTransformInstanceTypes": [self.instance_type],
            },
            "ModelMetrics": {"ModelQuality": {"Statistics": evidence}},
        }

    def properties(
        self, training_job: str, model: str, evaluation: Mapping[str, Any]
    ) -> dict[str, str]:
        """CustomerMetadataProperties: those that the training machine writes."""
        gate = evaluation["gate"]
        return {
            "RunId": self.run_id,
            "UseCase": self.name,
            "CodeVersion": self.code_version,
            "GitCommit": self.git_commit,
            "TrainingImage": self.image,
            "ModelSha256": evaluation["model"]["archive_sha256"],
            "ModelCardSha256": evaluation["model"]["card_sha256"],
            "TrainingJob": training_job,
            "Model": model,
            "Metric": gate["metric"],
            "MetricValue": str(gate["value"]),
            "MetricThreshold": str(gate["threshold"]),
        }
