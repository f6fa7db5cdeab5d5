"""update_schema from the training result to the manifest of the inference stage."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import Any

import pytest

from common.errors import AccessError, ActionError, ConfigurationError, InputError
from common.job import Job
from common.manifest import UPDATE_SCHEMA, keys_filled_by
from create_schema.resolve import resolve
from create_schema.service import Schemas
from create_schema.settings import Settings as CreateSettings
from tests.unit.lambdas import fakes
from update_schema.service import Clients, update_schema
from update_schema.settings import Settings

INPUT = "ml-core-development-/TrainingRe/Uj3kd9A"
OUTPUT = (fakes.ARTIFACTS, "ml-core-development-/InferenceM/k1vT0pQ")
PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/ml-core-development-housing/3"
ARCHIVE = f"{fakes.RUN_ID}/training/j/output/model.tar.gz"
MODEL = b"the files of the model" * 100_000
USE_CASE = {
    "name": "housing",
    "metric": {"name": "r2", "threshold": 0.8, "direction": "maximize"},
    "model": {"hyperparameters": {"max_iter": 400}},
}
RESULT = {
    "TrainedModelName": "housing-model-7d2c",
    "ModelDataUrl": f"s3://{fakes.WORKFLOW}/{ARCHIVE}",
    "ModelPackageArn": PACKAGE,
    "Evaluation": {
        "gate": {"metric": "r2", "value": 0.84, "threshold": 0.8},
        "location": f"s3://{fakes.WORKFLOW}/{fakes.RUN_ID}/evaluation/output/evaluation.json",
    },
}


class Run:
    def __init__(self, manifest: dict[str, Any], schemas: Schemas) -> None:
        self.output_json = {**manifest, **RESULT}
        self.schemas = schemas
        self.s3 = fakes.FakeS3()
        self.s3.put(fakes.WORKFLOW, ARCHIVE, MODEL)
        self.sagemaker = fakes.FakeSageMaker()
        self.sagemaker.add_version(
            "ml-core-development-housing",
            3,
            "PendingManualApproval",
            str(RESULT["ModelDataUrl"]),
            {"ModelSha256": hashlib.sha256(MODEL).hexdigest()},
        )

    def start(self) -> Any:
        body = fakes.zipped({"output.json": json.dumps(self.output_json)})
        self.s3.put(fakes.ARTIFACTS, INPUT, body)
        job = Job.from_event(fakes.load_event("update_schema"))
        clients = Clients(lambda credentials: self.s3, self.s3, self.sagemaker)
        settings = Settings("ml-core", "development")
        return update_schema(job, settings, self.schemas.manifest, clients)

    def fails(self, kind: type[ActionError]) -> str:
        with pytest.raises(kind) as caught:
            self.start()
        assert OUTPUT not in self.s3.objects
        return str(caught.value)

    def manifest(self) -> dict[str, Any]:
        with zipfile.ZipFile(io.BytesIO(self.s3.objects[OUTPUT])) as archive:
            assert archive.namelist() == ["manifest.json"]
            document: dict[str, Any] = json.loads(archive.read("manifest.json"))
        return document


@pytest.fixture
def run(settings: CreateSettings, schemas: Schemas) -> Run:
    return Run(resolve(fakes.git_manifest(), USE_CASE, fakes.RUN_ID, settings), schemas)


def test_adds_the_inference_part(run: Run) -> None:
    before = {k: v for k, v in run.output_json.items() if k not in RESULT}
    answer = run.start()

    manifest = run.manifest()
    inference_keys = keys_filled_by(run.schemas.manifest, UPDATE_SCHEMA)
    assert {key: manifest[key] for key in inference_keys} == {
        "TransformJobName": "housing-transform",
        "EndpointName": "ml-core-development-housing",
        "ModelPackageArn": PACKAGE,
        "ModelDataKey": ARCHIVE,
        "ModelDataETag": run.s3.get_object(Bucket=fakes.WORKFLOW, Key=ARCHIVE)["ETag"],
    }
    assert manifest["ModelName"] == "housing-model-7d2c"
    changed = {*inference_keys, "ModelName"}
    assert {k: v for k, v in manifest.items() if k not in changed} == {
        k: v for k, v in before.items() if k not in changed
    }
    assert run.s3.written[OUTPUT]["SSEKMSKeyId"] == fakes.KMS_KEY
    assert answer.variables["ModelPackageArn"] == PACKAGE
    assert "It goes to endpoint ml-core-development-housing" in answer.summary


def test_approves_the_package_once(run: Run) -> None:
    run.start()
    assert run.sagemaker.updates == [
        {
            "ModelPackageArn": PACKAGE,
            "ModelApprovalStatus": "Approved",
            "ApprovalDescription": f"Approved in pipeline execution {fakes.RUN_ID}: "
            "r2 0.84, threshold 0.8.",
        }
    ]
    run.start()
    assert len(run.sagemaker.updates) == 1


def test_batch_says_where_to_upload(run: Run) -> None:
    run.output_json["EndpointType"] = "Batch"
    answer = run.start()
    assert answer.summary.endswith(
        f"Upload the rows to predict to s3://{fakes.WORKFLOW}/{fakes.RUN_ID}/inference/"
    )


def test_a_rejected_package_stays_rejected(run: Run) -> None:
    run.sagemaker.packages[PACKAGE]["ModelApprovalStatus"] = "Rejected"
    message = run.fails(InputError)
    assert "found ModelApprovalStatus Rejected; allowed: PendingManualApproval or App" in message
    assert run.sagemaker.updates == []


def test_a_package_that_is_gone(run: Run) -> None:
    run.sagemaker.packages.clear()
    assert f"ModelPackage {PACKAGE} does not exist." in run.fails(InputError)


def test_a_package_that_may_not_be_read(run: Run) -> None:
    run.sagemaker.denied.add("DescribeModelPackage")
    assert "not authorized to perform: sagemaker:DescribeModelPackage" in run.fails(AccessError)


@pytest.mark.parametrize(
    "key", ["TrainedModelName", "ModelDataUrl", "ModelPackageArn", "Evaluation"]
)
def test_result_that_lacks_a_key(run: Run, key: str) -> None:
    del run.output_json[key]
    assert run.fails(InputError).startswith(f"training result: {key} missing")


def test_result_with_an_empty_value(run: Run) -> None:
    run.output_json["InferenceImageUri"] = ""
    message = run.fails(ConfigurationError)
    assert 'InferenceImageUri: found ""; allowed: not empty in a run' in message


def test_result_with_a_value_that_is_no_arn(run: Run) -> None:
    run.output_json["ModelPackageArn"] = "arn:housing"
    assert 'ModelPackageArn: found "arn:housing"; allowed:' in run.fails(ConfigurationError)
    assert run.sagemaker.updates == []


def test_result_of_another_run(run: Run) -> None:
    run.output_json["RunId"] = "another"
    message = run.fails(ConfigurationError)
    assert f"RunId: found 'another' in the training result, '{fakes.RUN_ID}'" in message


def test_an_archive_that_was_changed_after_registration_is_not_approved(run: Run) -> None:
    """The prebuilt image runs code/inference.py of the archive before anything in it could compare."""
    run.s3.put(fakes.WORKFLOW, ARCHIVE, MODEL + b"changed")
    found, registered = (hashlib.sha256(body).hexdigest() for body in (MODEL + b"changed", MODEL))
    assert run.fails(InputError).startswith(
        f"{RESULT['ModelDataUrl']} is not the model that was registered: found sha256 {found}, the model "
        f"registry has {registered} (ModelSha256)."
    )
    assert run.sagemaker.updates == []


def test_an_archive_that_was_approved_before_is_compared_again(run: Run) -> None:
    run.start()
    del run.s3.objects[OUTPUT]
    run.s3.put(fakes.WORKFLOW, ARCHIVE, b"changed")
    assert "is not the model that was registered" in run.fails(InputError)


def test_an_archive_that_is_gone(run: Run) -> None:
    del run.s3.objects[fakes.WORKFLOW, ARCHIVE]
    assert f"{RESULT['ModelDataUrl']} cannot be read: " in run.fails(InputError)
    assert run.sagemaker.updates == []


def test_an_archive_elsewhere(run: Run) -> None:
    run.output_json["ModelDataUrl"] = "s3://elsewhere/model.tar.gz"
    message = run.fails(InputError)
    assert (
        f"found s3://elsewhere/model.tar.gz; allowed: an object of s3://{fakes.WORKFLOW}/"
        in message
    )


def test_a_version_without_a_recorded_hash(run: Run) -> None:
    run.sagemaker.packages[PACKAGE]["CustomerMetadataProperties"] = {}
    assert f"model package {PACKAGE}: ModelSha256 is missing" in run.fails(InputError)
    assert run.sagemaker.updates == []
