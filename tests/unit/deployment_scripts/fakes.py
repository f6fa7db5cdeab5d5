"""In-memory stand-ins for the few AWS operations that the scripts use."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from landing_zone.core.deployment import Deployment

DEPLOYMENT = Deployment("pipe", "source-bucket", "workflow-bucket", "artifact-bucket")
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def client_error(code: str, operation: str = "Operation", message: str = "said AWS") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class Pages:
    """A paginator over given pages."""

    def __init__(self, *pages: Mapping[str, Any]) -> None:
        self._pages = pages

    def paginate(self, **_: Any) -> Iterator[Mapping[str, Any]]:
        return iter(self._pages)


class FakeAws:
    """Clients by service name."""

    account = "123456789012"

    def __init__(self, **clients: Any) -> None:
        self.clients = clients

    def client(self, service_name: str) -> Any:
        return self.clients[service_name.replace("-", "_")]


class FakeS3:
    """Buckets of versioned objects; records what is written."""

    def __init__(self, *buckets: str, owner: str = "123456789012") -> None:
        self.owner = owner
        self.buckets: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in buckets}
        self.puts: list[str] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.now = START

    def _objects(self, name: str, expected_owner: str | None = None) -> dict[str, dict[str, Any]]:
        if expected_owner not in {None, self.owner}:
            raise client_error("403")
        if name not in self.buckets:
            raise client_error("NoSuchBucket")
        return self.buckets[name]

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, **more: Any) -> None:  # noqa: N803
        self.puts.append(Key)
        version = hashlib.sha256(Body).hexdigest()[:8]
        self._objects(Bucket)[Key] = {"Body": Body, "VersionId": version, **more}

    def upload_file(self, path: str, bucket: str, key: str) -> None:
        self.put_object(Bucket=bucket, Key=key, Body=Path(path).read_bytes())

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        found = self._objects(Bucket).get(Key)
        if found is None:
            raise client_error("404", "HeadObject")
        return {"Metadata": found.get("Metadata", {}), "VersionId": found["VersionId"]}

    def get_object(self, *, Bucket: str, Key: str, Range: str = "") -> dict[str, Any]:  # noqa: N803
        found = self._objects(Bucket).get(Key)
        if found is None:
            raise client_error("NoSuchKey", "GetObject")
        body = found["Body"]
        if Range:
            body = body[: int(Range.rsplit("-", 1)[1]) + 1]
        return {
            "Body": io.BytesIO(body),
            "VersionId": found["VersionId"],
            "LastModified": self.now,
            "ResponseMetadata": {
                "HTTPHeaders": {"date": self.now.strftime("%a, %d %b %Y %H:%M:%S GMT")}
            },
        }

    def delete_object(self, *, Bucket: str, Key: str) -> None:  # noqa: N803
        del self._objects(Bucket)[Key]

    def head_bucket(self, *, Bucket: str, ExpectedBucketOwner: str) -> None:  # noqa: N803
        if Bucket not in self.buckets:
            raise client_error("404", "HeadBucket")
        self._objects(Bucket, ExpectedBucketOwner)

    def create_bucket(self, *, Bucket: str, **options: Any) -> None:  # noqa: N803
        self.calls.append(("create_bucket", options))
        self.buckets[Bucket] = {}

    def delete_bucket(self, *, Bucket: str, ExpectedBucketOwner: str) -> None:  # noqa: N803
        if self._objects(Bucket, ExpectedBucketOwner):
            raise client_error("BucketNotEmpty")
        del self.buckets[Bucket]

    def delete_objects(self, *, Bucket: str, Delete: dict[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803
        for item in Delete["Objects"]:
            del self._objects(Bucket)[item["Key"]]
        return {}

    def get_paginator(self, operation: str) -> Any:
        return _S3Pages(self, operation)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("put_"):
            raise AttributeError(name)
        return lambda **options: self.calls.append((name, options))

    def text(self, bucket: str, key: str) -> str:
        return str(self.buckets[bucket][key]["Body"].decode())


class _S3Pages:
    def __init__(self, s3: FakeS3, operation: str) -> None:
        self._s3 = s3
        self._operation = operation

    def paginate(
        self,
        *,
        Bucket: str,  # noqa: N803
        Prefix: str = "",  # noqa: N803
        Delimiter: str = "",  # noqa: N803
        ExpectedBucketOwner: str | None = None,  # noqa: N803
    ) -> Iterator[dict[str, Any]]:
        objects = self._s3._objects(Bucket, ExpectedBucketOwner)
        if self._operation == "list_multipart_uploads":
            yield {}
        elif self._operation == "list_object_versions":
            yield {
                "Versions": [
                    {"Key": key, "VersionId": found["VersionId"]} for key, found in objects.items()
                ]
            }
        else:
            yield {
                "Contents": [
                    {"Key": key, "Size": len(found["Body"])}
                    for key, found in objects.items()
                    if key.startswith(Prefix)
                    and not (Delimiter and Delimiter in key[len(Prefix) :])
                ]
            }


STAGES = {
    "Source": {"UploadManifest": "S3"},
    "MachineLearningStage": {
        "InvokeCreateSchemaFunction": "Lambda",
        "UploadSourceData": "Manual",
        "InvokeMLStepFunction": "StepFunctions",
    },
    "ApproveModelStage": {"ApproveModel": "Manual"},
}


@dataclass
class FakePipelineApi:
    """CodePipeline as the scripts see it: one pipeline, its executions, their actions."""

    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    details: list[dict[str, Any]] = field(default_factory=list)
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    token_run: str = ""
    answers: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answer_error: str = ""

    def add_run(self, run_id: str, status: str = "InProgress", **more: Any) -> None:
        self.runs[run_id] = {"pipelineExecutionId": run_id, "status": status, **more}

    def add_action(self, run_id: str, stage: str, action: str, status: str, **output: Any) -> None:
        moment = START + timedelta(seconds=len(self.details))
        self.details.append(
            {
                "pipelineExecutionId": run_id,
                "stageName": stage,
                "actionName": action,
                "status": status,
                "startTime": moment,
                "lastUpdateTime": moment + timedelta(seconds=2),
                "output": output,
            }
        )

    def wait_for(self, run_id: str, stage: str, action: str, token: str) -> None:
        self.add_action(run_id, stage, action, "InProgress")
        self.tokens = {(stage, action): token}
        self.token_run = run_id

    def get_pipeline(self, *, name: str) -> dict[str, Any]:
        return {
            "pipeline": {
                "stages": [
                    {
                        "name": stage,
                        "actions": [
                            {
                                "name": action,
                                "actionTypeId": {"provider": provider},
                                "runOrder": order,
                            }
                            for order, (action, provider) in enumerate(actions.items(), start=1)
                        ],
                    }
                    for stage, actions in STAGES.items()
                ]
            }
        }

    def get_pipeline_execution(
        self,
        *,
        pipelineName: str,  # noqa: N803
        pipelineExecutionId: str,  # noqa: N803
    ) -> dict[str, Any]:
        if pipelineExecutionId not in self.runs:
            raise client_error("PipelineExecutionNotFoundException")
        return {"pipelineExecution": self.runs[pipelineExecutionId]}

    def list_pipeline_executions(self, **_: Any) -> dict[str, Any]:
        return {"pipelineExecutionSummaries": list(reversed(self.runs.values()))}

    def get_pipeline_state(self, *, name: str) -> dict[str, Any]:
        return {
            "stageStates": [
                {
                    "stageName": stage,
                    "latestExecution": {"pipelineExecutionId": self.token_run},
                    "actionStates": [{"actionName": action, "latestExecution": {"token": token}}],
                }
                for (stage, action), token in self.tokens.items()
            ]
        }

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_action_executions"
        api = self

        class Details:
            def paginate(self, *, pipelineName: str, filter: dict[str, str]) -> Iterable[Any]:  # noqa: N803
                wanted = filter["pipelineExecutionId"]
                found = [item for item in api.details if item["pipelineExecutionId"] == wanted]
                yield {"actionExecutionDetails": found}

        return Details()

    def put_approval_result(self, **options: Any) -> None:
        if self.answer_error:
            raise client_error(self.answer_error)
        self.answers.append(options)
        del self.tokens[options["stageName"], options["actionName"]]

    def __getattr__(self, name: str) -> Any:
        if name not in {
            "start_pipeline_execution", "stop_pipeline_execution", "retry_stage_execution",
        }:  # fmt: skip
            raise AttributeError(name)

        def call(**options: Any) -> dict[str, Any]:
            self.calls.append((name, options))
            return {"pipelineExecutionId": "started"}

        return call


def artifact(content: Mapping[str, Any], name: str = "manifest.json") -> bytes:
    """An output artifact: a zip with one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, json.dumps(content))
    return buffer.getvalue()


EVALUATION = {
    "regression_metrics": {
        "r2": {"value": 0.85, "standard_deviation": "NaN"},
        "mse": {"value": 0.01, "standard_deviation": 0.001},
    },
    "gate": {"metric": "r2", "value": 0.85, "threshold": 0.8, "direction": "maximize", "rows": 100},
}
MANIFEST = {
    "UseCase": "iris",
    "EndpointType": "Batch",
    "CodeVersion": "abc",
    "RunId": "run-1",
    "WorkflowBucket": "workflow-bucket",
    "UseCaseLocation": "s3://workflow-bucket/run-1/config/use_case.json",
    "ProcessingInputLocation": "s3://workflow-bucket/run-1/source/",
    "ProcessingTestLocation": "s3://workflow-bucket/run-1/preprocessing/test/",
    "EvaluationOutputLocation": "s3://workflow-bucket/run-1/evaluation/output/",
    "InferenceInputLocation": "s3://workflow-bucket/run-1/inference/",
    "InferenceOutputLocation": "s3://workflow-bucket/run-1/inference/output/",
    "EndpointName": "ml-core-development-iris",
}
