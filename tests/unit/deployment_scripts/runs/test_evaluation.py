"""The table of an evaluation, and which model may be deployed."""

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.runs.evaluation import (
    Package,
    Record,
    check_deployable,
    copy_data,
    read_record,
    table,
    write_record,
)
from landing_zone.runs.evidence import Evidence
from tests.unit.deployment_scripts.fakes import FakeS3

COMMIT = "a" * 40
RECORD = Record(7, COMMIT, "run-1", "arn:aws:sagemaker:r:1:model-package/g/2", "d" * 64)
PROPERTIES = {"RunId": "run-1", "GitCommit": COMMIT, "PullRequest": "7"}
PACKAGE = Package(RECORD.model_package, "PendingManualApproval", PROPERTIES)


def evidence(value, threshold=0.6):
    gate = {
        "metric": "r2", "value": value, "threshold": threshold, "direction": "maximize", "rows": 9,
    }  # fmt: skip
    return Evidence("s3://b/x/", gate, {"rmse": 1.5, "r2": value})


def test_the_table_compares_with_the_live_model():
    text = table(RECORD, "v" * 12, evidence(0.8), evidence(0.7), "arn:x:model-package/g/1")
    assert text.startswith("<!-- landing-zone: evaluation of a candidate -->\n")
    assert "| r2 | 0.8 | 0.7 | +0.1 |" in text
    assert "| rmse | 1.5 | 1.5 | +0 |" in text
    for fact in (COMMIT, "v" * 12, "d" * 64, "run-1", "model-package/g/1", "r2 0.6 (maximize)"):
        assert f"`{fact}`" in text
    assert f"/deploy-candidate {COMMIT}" in text


def test_without_a_live_model_there_is_nothing_to_compare_with():
    text = table(RECORD, "v", evidence(0.8), None, "")
    assert "| r2 | 0.8 | none | none |" in text
    assert "none yet" in text


def test_a_model_that_failed_its_gate_is_not_offered():
    text = table(RECORD, "v", evidence(0.5), None, "")
    assert "failed" in text
    assert "/deploy-candidate" not in text


def test_the_model_of_this_commit_may_be_deployed():
    check_deployable(RECORD, PACKAGE, COMMIT, 7)


@pytest.mark.parametrize(
    ("record", "package", "words"),
    [
        (None, PACKAGE, "no commit of pull request 7 was evaluated"),
        (Record(7, "b" * 40, "run-1"), PACKAGE, "commit b"),
        (RECORD, Package("arn", "Approved", PROPERTIES), "somebody has decided"),
        (RECORD, Package("arn", "Rejected", PROPERTIES), "somebody has decided"),
        *[
            (RECORD, Package("arn", PACKAGE.status, {**PROPERTIES, name: "x"}), name)
            for name in PROPERTIES
        ],
        (RECORD, Package("arn", PACKAGE.status, {}), "not the model of this evaluation"),
    ],
)
def test_every_other_model_is_refused(record, package, words):
    with pytest.raises(OperatorError) as refused:
        check_deployable(record, package, COMMIT, 7)
    assert words in str(refused.value)


def test_the_record_of_a_pull_request():
    s3 = FakeS3("b")
    assert read_record(s3, "b", 7) is None
    write_record(s3, "b", RECORD)
    assert read_record(s3, "b", 7) == RECORD
    assert read_record(s3, "b", 8) is None


def test_data_is_copied_with_its_hash():
    s3 = FakeS3("b")
    for run in ("live", "other"):
        s3.put_object(Bucket="b", Key=f"{run}/source/a.csv", Body=b"1")
    first = copy_data(s3, "s3://b/live/source", "s3://b/new/source/")
    assert s3.buckets["b"]["new/source/a.csv"]["Body"] == b"1"
    assert copy_data(s3, "s3://b/other/source", "s3://b/new/source/") == first


def test_data_that_has_expired_is_named():
    with pytest.raises(OperatorError, match="s3://b/live/source holds no data any more"):
        copy_data(FakeS3("b"), "s3://b/live/source", "s3://b/new/source/")
