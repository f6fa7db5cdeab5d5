"""create_schema from the job to what it stored, with the repository's own configuration."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from common.errors import AccessError, ActionError, ConfigurationError, InputError
from common.job import Job
from common.manifest import CREATE_SCHEMA, keys_filled_by, keys_of_a_run, may_be_empty
from create_schema.service import Clients, Schemas, create_schema
from create_schema.settings import Settings
from tests.unit.lambdas import fakes

INPUT = "ml-core-development-/SourceArti/Uj3kd9A.zip"
OUTPUT = (fakes.ARTIFACTS, "ml-core-development-/TrainingMa/k1vT0pQ")


class Run:
    """One call of create_schema; the manifest of Git and the UserParameters can be changed."""

    def __init__(
        self, settings: Settings, schemas: Schemas, s3: fakes.FakeS3, sagemaker: fakes.FakeSageMaker
    ) -> None:
        self.settings, self.schemas, self.s3, self.sagemaker = settings, schemas, s3, sagemaker
        self.parameters: dict[str, Any] = {
            "RunId": fakes.RUN_ID,
            "UseCase": "from-manifest",
            "EndpointType": "from-manifest",
            "ImageTag": "from-manifest",
        }
        self.upload(json.dumps(fakes.git_manifest()))

    def upload(self, body: bytes | str) -> None:
        self.s3.put(fakes.ARTIFACTS, INPUT, body)

    def manifest(self, **changes: Any) -> None:
        self.upload(json.dumps(fakes.git_manifest(**changes)))

    def start(self) -> Any:
        event = fakes.load_event("create_schema")
        configuration = event["CodePipeline.job"]["data"]["actionConfiguration"]["configuration"]
        configuration["UserParameters"] = json.dumps(self.parameters)
        clients = Clients(lambda credentials: self.s3, self.s3, self.sagemaker)
        return create_schema(Job.from_event(event), self.settings, self.schemas, clients)

    def fails(self, kind: type[ActionError] = ConfigurationError) -> str:
        self.s3.objects.pop(OUTPUT, None)
        with pytest.raises(kind) as caught:
            self.start()
        assert OUTPUT not in self.s3.objects
        return str(caught.value)

    def output(self) -> dict[str, Any]:
        with zipfile.ZipFile(io.BytesIO(self.s3.objects[OUTPUT])) as archive:
            assert archive.namelist() == ["manifest.json"]
            document: dict[str, Any] = json.loads(archive.read("manifest.json"))
        return document


@pytest.fixture
def run(
    settings: Settings, schemas: Schemas, s3: fakes.FakeS3, sagemaker: fakes.FakeSageMaker
) -> Run:
    return Run(settings, schemas, s3, sagemaker)


def test_resolves_every_value(run: Run) -> None:
    answer = run.start()

    manifest = run.output()
    schema = run.schemas.manifest
    required = [
        key for key in keys_of_a_run(schema, CREATE_SCHEMA) if not may_be_empty(schema, key)
    ]
    assert [key for key in required if manifest[key] in ("", None)] == []
    place = f"s3://{fakes.WORKFLOW}/{fakes.RUN_ID}"
    code = f"s3://{fakes.SOURCE}/code/{fakes.CODE_VERSION}/"
    expected = {
        "RunId": fakes.RUN_ID,
        "WorkflowBucket": fakes.WORKFLOW,
        "UseCaseLocation": f"{place}/config/use_case.json",
        "MetricName": "r2",
        "MetricDirection": "maximize",
        "MetricThreshold": 0.8,
        "GitCommit": "unknown",
        "ChampionModelPackageArn": "",
        "ChampionModelSha256": "",
        "ChampionLocation": f"{place}/champion/",
        "ChampionMaxRegression": None,
        "ProcessingJobName": "housing-preprocess",
        "ProcessingImageUri": fakes.PREBUILT,
        "ProcessingInputLocation": f"{place}/source/",
        "ProcessingTrainLocation": f"{place}/preprocessing/train/",
        "ProcessingTestLocation": f"{place}/preprocessing/test/",
        "ProcessingModelLocation": f"{place}/preprocessing/model/",
        "ProcessingCodeUri": code,
        "TrainingJobName": "housing-train",
        "TrainingImageUri": fakes.PREBUILT,
        "TrainingOutputLocation": f"{place}/training/",
        "SageMakerSubmitDirectory": f"{code}sourcedir.tar.gz",
        "EvaluationJobName": "housing-evaluate",
        "EvaluationOutputLocation": f"{place}/evaluation/output/",
        "EvaluationCodeUri": code,
        "ModelName": "housing-model",
        "ModelPackageGroupName": "ml-core-development-housing",
        "InferenceImageUri": fakes.PREBUILT,
        "InferenceInputLocation": f"{place}/inference/",
        "InferenceOutputLocation": f"{place}/predictions/",
    }
    assert {key: manifest[key] for key in expected} == expected
    filled = keys_filled_by(schema, CREATE_SCHEMA)
    assert set(expected) == {*filled, "GitCommit", "MetricThreshold"}
    hyperparameters = json.loads(manifest["TrainingHyperParameters"])
    assert hyperparameters["max_iter"] == "400"
    assert hyperparameters["early_stopping"] == "false"
    assert answer.variables == {
        "RunId": fakes.RUN_ID,
        "UseCase": "housing",
        "EndpointType": "SageMakerEndpoint",
        "SourceDataLocation": f"{place}/source/",
        "InferenceDataLocation": f"{place}/inference/",
    }
    assert f"{place}/source/" in answer.summary
    assert "What its jobs cost is unknown." in answer.summary


def test_a_run_that_may_cost_more_than_its_limit_is_refused(run: Run) -> None:
    rows = {part: {"usd": "1"} for part in ("Processing", "Training", "Hosting")}
    file = {"fetched": "2026-01-02", "instances": {"ml.m5.xlarge": rows, "ml.m5.large": rows}}
    run.s3.put(fakes.SOURCE, "config/prices/eu-west-1.json", json.dumps(file))
    run.manifest(MaxRunCost=31)

    assert "this run may cost 32.00 USD" in run.fails()
    run.manifest(MaxRunCost=32)
    assert "Its jobs cost at most 32.00 USD." in run.start().summary
    written = json.loads(run.s3.objects[fakes.WORKFLOW, f"{fakes.RUN_ID}/config/cost.json"])
    assert (written["usd"], written["limit"]) == ("32.00", 32)


def test_prepares_the_run_encrypted(run: Run) -> None:
    run.start()

    for key in (
        "config/use_case.json",
        "config/cost.json",
        "source/",
        "inference/",
        "champion/none.json",
    ):
        written = run.s3.written[fakes.WORKFLOW, f"{fakes.RUN_ID}/{key}"]
        assert written["ServerSideEncryption"] == "aws:kms"
        assert written["SSEKMSKeyId"] == fakes.KMS_KEY
    assert run.s3.written[OUTPUT]["SSEKMSKeyId"] == fakes.KMS_KEY
    use_case = json.loads(run.s3.objects[fakes.WORKFLOW, f"{fakes.RUN_ID}/config/use_case.json"])
    assert use_case["target"] == "medianHouseValue"
    group = run.sagemaker.groups["ml-core-development-housing"]
    assert {tag["Key"]: tag["Value"] for tag in group["Tags"]} == {
        "Service": "ml-core",
        "Stage": "development",
        "UseCase": "housing",
    }


def test_names_the_champion(run: Run) -> None:
    key = "old-run/training/housing-train-x/output/model.tar.gz"
    url = f"s3://{fakes.WORKFLOW}/{key}"
    run.s3.put(fakes.WORKFLOW, key, "model")
    group = "ml-core-development-housing"
    run.sagemaker.add_version(group, 4, "Approved", url, {"ModelSha256": "cd" * 32})
    run.start()
    manifest = run.output()
    assert manifest["ChampionModelPackageArn"].endswith(
        ":model-package/ml-core-development-housing/4"
    )
    assert manifest["ChampionLocation"] == url
    assert manifest["ChampionModelSha256"] == "cd" * 32
    assert (fakes.WORKFLOW, f"{fakes.RUN_ID}/champion/none.json") not in run.s3.objects


def test_requirement_of_the_use_case(run: Run) -> None:
    key = (fakes.SOURCE, "config/use_cases/iris.yaml")
    text = run.s3.objects[key].decode().rstrip()
    assert "\nchampion:" not in text
    run.s3.objects[key] = f"{text}\nchampion: {{max_regression: 0.02}}\n".encode()
    run.parameters["UseCase"] = "iris"
    run.start()
    assert run.output()["ChampionMaxRegression"] == 0.02


def test_commit_that_was_uploaded(run: Run) -> None:
    commit = f"{'0a' * 20}-dirty"
    run.manifest(GitCommit=commit)
    run.start()
    assert run.output()["GitCommit"] == commit
    run.manifest(GitCommit="main")
    assert 'GitCommit: found "main"; allowed: ' in run.fails()


def test_twice_gives_the_same(run: Run) -> None:
    run.start()
    first = dict(run.s3.objects)
    run.start()
    assert run.s3.objects == first


def test_group_made_by_another_run_meanwhile(run: Run) -> None:
    run.sagemaker.created_meanwhile = True
    run.start()
    assert run.output()["ModelPackageGroupName"] == "ml-core-development-housing"


def test_run_overrides_the_manifest(run: Run) -> None:
    run.parameters |= {"UseCase": "iris", "EndpointType": "Batch"}
    answer = run.start()
    assert answer.variables["UseCase"] == "iris"
    assert run.output()["EndpointType"] == "Batch"
    assert run.output()["ModelPackageGroupName"] == "ml-core-development-iris"


def test_manifest_overrides_the_use_case(run: Run) -> None:
    run.manifest(MetricThreshold=0.5, TrainingHyperParameters='{"max_iter": 7, "max_depth": null}')
    run.start()
    manifest = run.output()
    assert manifest["MetricThreshold"] == 0.5
    hyperparameters = json.loads(manifest["TrainingHyperParameters"])
    assert hyperparameters["max_iter"] == "7"
    assert hyperparameters["max_depth"] == "null"
    assert hyperparameters["learning_rate"] == "0.08"
    use_case = json.loads(run.s3.objects[fakes.WORKFLOW, f"{fakes.RUN_ID}/config/use_case.json"])
    assert use_case["metric"]["threshold"] == 0.5
    assert use_case["model"]["hyperparameters"]["max_iter"] == 7


def test_threshold_zero_is_a_threshold(run: Run) -> None:
    run.manifest(MetricThreshold=0)
    run.start()
    assert run.output()["MetricThreshold"] == 0


def test_own_image(run: Run) -> None:
    run.manifest(ImageTag="3f2a1bc")
    run.start()
    manifest = run.output()
    for key in ("ProcessingImageUri", "TrainingImageUri", "InferenceImageUri"):
        assert manifest[key] == f"{fakes.REPOSITORY_URI}:3f2a1bc"


def test_a_run_goes_back_to_the_prebuilt_image(run: Run) -> None:
    run.manifest(ImageTag="3f2a1bc")
    run.parameters["ImageTag"] = "prebuilt"
    run.start()
    manifest = run.output()
    assert manifest["ImageTag"] == "prebuilt"
    for key in ("ProcessingImageUri", "TrainingImageUri", "InferenceImageUri"):
        assert manifest[key] == fakes.PREBUILT


@pytest.mark.parametrize("name", ["manifest.json", "config/manifest.json"])
def test_manifest_in_a_zip(run: Run, name: str) -> None:
    run.upload(fakes.zipped({"README.md": "x", name: json.dumps(fakes.git_manifest())}))
    run.start()
    assert run.output()["UseCase"] == "housing"


def test_every_mistake_of_the_manifest_at_once(run: Run) -> None:
    run.manifest(
        UseCase="Housing",
        EndpointType="endpoint",
        InstanceTyp="ml.m5.large",
        EndpointInstanceCount=0,
        MetricThreshold="0.8",
        RunId="mine",
    )
    message = run.fails()
    assert message.startswith("config/manifest.json: 6 problems\n- ")
    for expected in (
        'UseCase: found "Housing"; allowed: a string, matching "^[a-z][a-z0-9-]{0,14}$"',
        'EndpointType: found "endpoint"; allowed: "SageMakerEndpoint", "Batch"',
        "InstanceTyp: not a known key; did you mean InstanceType?",
        "EndpointInstanceCount: found 0; allowed: a whole number, at least 1, at most 100",
        'MetricThreshold: found "0.8"; allowed: a number or null',
        'RunId: found "mine"; allowed: empty, each run fills it in',
        "upload-source-files.sh",
    ):
        assert expected in message


def test_missing_key(run: Run) -> None:
    manifest = fakes.git_manifest()
    del manifest["EndpointType"]
    run.upload(json.dumps(manifest))
    assert run.fails().startswith(
        "config/manifest.json: EndpointType: missing (Where the approved model goes: "
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{", "is not JSON: Expecting property name"),
        (b"\xff\xfe{}", "is not JSON: 'utf-8' codec can't decode"),
        ('{"MetricThreshold": NaN}', "is not JSON: NaN is Python's"),
        (
            fakes.zipped({"other.json": "{}"}),
            "found other.json in the zip; expected manifest.json or",
        ),
        (fakes.zipped({"../../manifest.json": "{}"}), "found ../../manifest.json in the zip"),
        (fakes.zipped({}), "found nothing in the zip"),
        (fakes.zipped({"manifest.json": b" " * 2_000_001}), "larger than 2000000 bytes unzipped"),
        (b"x" * 5_000_001, "has 5000001 bytes; allowed: 5000000"),
        (fakes.zipped({"manifest.json": "{}"})[:-40] + b"PK\x05\x06" + b"\0" * 18, "in the zip"),
    ],
    ids=["json", "utf-8", "nan", "other", "slip", "empty", "bomb", "large", "broken"],
)
def test_artifact_that_holds_no_manifest(run: Run, body: bytes | str, expected: str) -> None:
    run.upload(body)
    message = run.fails(InputError)
    assert message.startswith("artifact SourceArtifact: ")
    assert expected in message


def test_artifact_that_may_not_be_read(run: Run) -> None:
    run.s3.denied.add("GetObject")
    assert "AccessDenied" in run.fails(AccessError)


@pytest.mark.parametrize("body", ["[]", '"text"', "null"])
def test_manifest_that_is_no_object(run: Run, body: str) -> None:
    run.upload(body)
    assert run.fails().startswith(
        f"config/manifest.json: the document: found {body}; allowed: an object"
    )


def test_unknown_use_case_lists_the_others(run: Run) -> None:
    run.parameters["UseCase"] = "houses"
    message = run.fails()
    assert message.startswith('UseCase: found "houses"; available in s3://')
    assert ": housing, iris" in message
    assert "config/use_cases/houses.yaml" in message


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("target: medianHouseValue", "target: price", 'target: found "price"; allowed: one of the'),
        ("name: housing\n", "name: houses\n", 'name: found "houses"; allowed: "housing"'),
        (
            "direction: maximize",
            "direction: up",
            'metric.direction: found "up"; allowed: "maximize"',
        ),
        ("task: regression", "taks: regression", "taks: not a known key; did you mean task?"),
        ("columns:", "columns: [", "cannot be read: while parsing"),
        ("threshold: 0.8", "threshold: 2020-01-01", "cannot be read: Object of type date"),
        ("type: number, minimum: -125", "type: numbr, minimum: -125", "'longitude'].type: found"),
    ],
)
def test_use_case_with_a_mistake(run: Run, old: str, new: str, expected: str) -> None:
    key = (fakes.SOURCE, "config/use_cases/housing.yaml")
    text = run.s3.objects[key].decode()
    assert old in text
    run.s3.objects[key] = text.replace(old, new, 1).encode()
    message = run.fails()
    assert message.startswith("config/use_cases/housing.yaml: ")
    assert expected in message


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("max_iter=7", "TrainingHyperParameters: not JSON (Expecting value"),
        ("[1]", "TrainingHyperParameters: found [1]; allowed: a JSON object"),
        ('{"sagemaker_program": "evil.py"}', "belong to script mode"),
        (json.dumps({"a": "x" * 2501}), "a: found 2501 characters; allowed: 2500"),
        (json.dumps({f"a{n}": n for n in range(98)}), "hyperparameters; allowed: 97"),
    ],
)
def test_hyperparameters_that_no_job_takes(run: Run, value: str, expected: str) -> None:
    run.manifest(TrainingHyperParameters=value)
    assert expected in run.fails()


def test_code_version_is_empty(run: Run) -> None:
    run.manifest(CodeVersion="")
    message = run.fails()
    assert message.startswith('CodeVersion: found ""')
    assert "upload-source-files.sh" in message


def test_code_version_was_never_uploaded_or_not_completely(run: Run) -> None:
    """The marker is what the upload writes last."""
    del run.s3.objects[fakes.SOURCE, fakes.CODE_MARKER]
    run.s3.put(fakes.SOURCE, f"code/{fakes.CODE_VERSION}/train.py", b"code")
    message = run.fails()
    assert message.startswith(
        f"CodeVersion: found '{fakes.CODE_VERSION}', but there is no "
        f"s3://{fakes.SOURCE}/{fakes.CODE_MARKER}: the code was not uploaded, or not completely."
    )
    assert "upload-source-files.sh" in message


def test_code_marker_of_another_version(run: Run) -> None:
    run.s3.put(fakes.SOURCE, fakes.CODE_MARKER, "ba9876543210\n")
    message = run.fails()
    assert f"found '{fakes.CODE_VERSION}', but s3://" in message
    assert "holds 'ba9876543210'; both must be equal" in message


def test_code_marker_that_may_not_be_read(run: Run) -> None:
    body = run.s3.get_object

    def denied(*, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        if Key == fakes.CODE_MARKER:
            raise fakes.refusal("AccessDenied", "Access Denied", "GetObject")
        return body(Bucket=Bucket, Key=Key)

    run.s3.get_object = denied  # type: ignore[method-assign]
    assert "Look at the role of this function" in run.fails(AccessError)


def test_own_image_without_a_repository(run: Run, environment: dict[str, str]) -> None:
    run.settings = Settings.from_environment({**environment, "IMAGE_REPOSITORY_URI": ""})
    run.manifest(ImageTag="3f2a1bc")
    assert run.fails().startswith("ImageTag: found '3f2a1bc', but this environment has no image")


def test_group_that_may_not_be_made(run: Run) -> None:
    run.sagemaker.denied.add("CreateModelPackageGroup")
    assert "not authorized to perform: sagemaker:CreateModelPackageGroup" in run.fails(AccessError)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, "UserParameters: RunId is missing"),
        ({"RunId": "a/../b"}, "RunId: found 'a/../b'; allowed: letters, digits"),
        (
            {"RunId": "r", "Stage": "x"},
            "Stage is not known; known: EndpointType, ImageTag, RunId, UseCase",
        ),
        ({"RunId": 7}, "RunId: found 7; allowed: a string that is not empty"),
    ],
)
def test_user_parameters_with_a_mistake(
    run: Run, parameters: dict[str, Any], expected: str
) -> None:
    run.parameters = parameters
    assert expected in run.fails()


def test_settings_are_all_checked_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_environment({"SERVICE": "ml-core", "LOG_LEVEL": "LOUD"})
    assert "7 problems" in str(caught.value)
    assert "environment variable KMS_KEY_ARN is not set" in str(caught.value)
    assert "LOG_LEVEL: found 'LOUD'; allowed: DEBUG, INFO, WARNING, ERROR" in str(caught.value)
