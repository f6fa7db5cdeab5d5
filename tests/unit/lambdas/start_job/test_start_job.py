"""An upload to jobs/ starts one run with its data, or is refused with the reason."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from typing import Any

import pytest

from common.errors import InputError
from common.manifest import load_schema
from landing_zone.sources.job import JOB_KEYS as SCRIPT_KEYS
from landing_zone.sources.job import job_zip
from start_job.drop import Drop
from start_job.package import JOB_KEYS, read_package
from start_job.service import Clients, start_job
from start_job.settings import Settings
from tests.unit.lambdas.fakes import REPOSITORY

SETTINGS = Settings("source", "workflow", "key", "pipe")
MANIFEST = (REPOSITORY / "config/manifest.json").read_bytes()


class FakeS3:
    """Objects by bucket and key; every write is encrypted with the key of the stack."""

    def __init__(self, **objects: bytes) -> None:
        self.objects = {("source", "config/manifest.json"): MANIFEST}

    def get_object(self, **request: str) -> dict[str, Any]:
        body = self.objects[request["Bucket"], request["Key"]]
        return {"Body": io.BytesIO(body), "ContentLength": len(body)}

    def put_object(self, **request: Any) -> None:
        assert (request["ServerSideEncryption"], request["SSEKMSKeyId"]) == ("aws:kms", "key")
        self.objects[request["Bucket"], request["Key"]] = request["Body"]

    def copy_object(self, **request: Any) -> None:
        assert request["CopySource"]["VersionId"] == "v1"
        source = request["CopySource"]["Bucket"], request["CopySource"]["Key"]
        self.objects[request["Bucket"], request["Key"]] = self.objects[source]


class FakePipeline:
    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def start_pipeline_execution(self, **request: Any) -> dict[str, str]:
        self.requests.append(request)
        return {"pipelineExecutionId": "run-1"}


def made(*members: tuple[str, bytes], mode: int = 0o644) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, body in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, body)
    return buffer.getvalue()


def drop(key: str, body: bytes) -> tuple[dict[str, str], FakeS3, FakePipeline]:
    s3, pipeline = FakeS3(), FakePipeline()
    s3.objects["source", key] = body
    event = {"detail": {"bucket": {"name": "source"}, "object": {"key": key, "version-id": "v1"}}}
    schema = load_schema("manifest.schema.json")
    answer = start_job(Drop.of_event(event), SETTINGS, schema, Clients(s3, pipeline))
    written = json.loads(s3.objects["source", f"job-answers/{key.removeprefix('jobs/')}.json"])
    assert written == {**answer, "Key": key, "VersionId": "v1"}
    return answer, s3, pipeline


def test_a_package_of_the_script_starts_a_run_with_its_data_and_values(tmp_path) -> None:
    data = tmp_path / "rows.csv"
    data.write_text("a,b\n1,2\n")
    values = {"InstanceType": "ml.m5.2xlarge", "TrainingHyperParameters": {"max_depth": 3}}

    answer, s3, pipeline = drop("jobs/iris/x.zip", job_zip([data], values))

    assert answer == {"Status": "Started", "RunId": "run-1"}
    (request,) = pipeline.requests
    (revision,) = request["sourceRevisions"]
    manifest = json.loads(s3.objects["source", revision["revisionValue"]])
    assert revision["revisionValue"] == f"config/jobs/{request['clientRequestToken']}.json"
    assert (manifest["UseCase"], manifest["InstanceType"]) == ("iris", "ml.m5.2xlarge")
    assert json.loads(manifest["TrainingHyperParameters"]) == {"max_depth": 3}
    assert s3.objects["workflow", "run-1/source/rows.csv"] == b"a,b\n1,2\n"
    assert SCRIPT_KEYS == JOB_KEYS


def test_a_csv_file_starts_a_run_too_and_an_event_that_comes_twice_starts_one() -> None:
    answer, s3, first = drop("jobs/iris/rows.csv", b"a\n1\n")
    _, _, second = drop("jobs/iris/rows.csv", b"a\n1\n")

    assert answer["Status"] == "Started"
    assert s3.objects["workflow", "run-1/source/rows.csv"] == b"a\n1\n"
    assert first.requests == second.requests


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([("../../etc/rows.csv", b"")], "'../../etc/rows.csv' is not allowed"),
        ([("/rows.csv", b"")], "'/rows.csv' is not allowed"),
        ([("data\\rows.csv", b"")], "is not allowed"),
        ([("rows.csv", b""), ("run.sh", b"")], "'run.sh' is not allowed; allowed: job.json, NAME.csv"),
        ([("rows.csv", b""), ("data/rows.csv", b"")], "'rows.csv' is there twice"),
        ([("job.json", b"{}")], "it has no CSV file"),
        ([(f"f{n}.csv", b"") for n in range(51)], "it has 51 files; allowed: 50"),
        ([("rows.csv", b""), ("job.json", b"[]")], "holds a list; expected an object"),
        ([("rows.csv", b""), ("job.json", b"{")], "job.json is not JSON"),
        ([("rows.csv", b""), ("job.json", b'{"RunId": "x"}')], "found RunId; allowed: EndpointType"),
        ([("rows.csv", b""), ("job.json", b'{"EndpointType": "Nowhere"}')], "EndpointType"),
    ],
)  # fmt: skip
def test_an_unsafe_or_wrong_zip_is_refused_with_the_reason(
    members: list[tuple[str, bytes]], reason: str
) -> None:
    answer, s3, pipeline = drop("jobs/iris/x.zip", made(*members))

    assert answer["Status"] == "Refused"
    assert reason in answer["Reason"]
    assert pipeline.requests == []
    assert not [key for bucket, key in s3.objects if bucket == "workflow"]


def test_a_link_and_a_bomb_and_something_else_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="is a link or a device"):
        read_package(made(("rows.csv", b"/etc/passwd"), mode=stat.S_IFLNK | 0o777))
    with pytest.raises(InputError, match="cannot be read"):
        read_package(b"no zip")
    monkeypatch.setattr("start_job.package.MAX_BYTES", 10)
    with pytest.raises(InputError, match="more than 10 bytes unzipped"):
        read_package(made(("rows.csv", b"12345678901")))
    monkeypatch.setattr("start_job.service.MAX_ZIP_BYTES", 10)
    assert "allowed for a zip: 10" in drop("jobs/iris/x.zip", made(("a.csv", b"")))[0]["Reason"]


@pytest.mark.parametrize(
    "key", ["jobs/iris/run.sh", "jobs/x.csv", "jobs/Iris/x.csv", "jobs/iris/a b.csv", "jobs/iris/a/b.csv"]
)  # fmt: skip
def test_a_key_is_a_use_case_and_a_name(key: str) -> None:
    answer, _, pipeline = drop(key, b"")
    assert answer["Status"] == "Refused"
    assert "expected jobs/USE_CASE/NAME.zip" in answer["Reason"]
    assert pipeline.requests == []
