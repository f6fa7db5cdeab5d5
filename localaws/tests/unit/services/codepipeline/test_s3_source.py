"""The S3 source action and the polling of its object."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unit.services.codepipeline.fakes import (
    Harness,
    approval,
    pipeline,
    running,
    source,
)
from waiting import eventually


def failed(harness: Harness, definition: dict[str, Any] | None = None) -> dict[str, str]:
    harness.api.create_pipeline({"pipeline": definition or pipeline([approval()])})
    first = harness.executions()[0]["pipelineExecutionId"]
    harness.wait(first, "Failed")
    error: dict[str, str] = harness.latest("Source", "Upload")["errorDetails"]
    return error


def test_a_missing_object_is_named(harness: Harness) -> None:
    error = failed(harness)
    assert error["code"] == "ConfigurationError"
    assert (
        "The object with key 'manifest.json' does not exist in bucket 'source-bucket'"
        in error["message"]
    )


def test_a_bucket_without_versions_is_refused(harness: Harness) -> None:
    harness.upload()
    harness.context.s3.unversioned.add("source-bucket")
    assert "source-bucket is not versioned" in failed(harness)["message"]


def test_a_source_artifact_has_at_most_7_gb(harness: Harness) -> None:
    harness.upload()
    harness.context.s3.versions["source-bucket", "manifest.json"][0]["ContentLength"] = (
        7 * 1024**3 + 1
    )
    assert "a source artifact has at most 7516192768" in failed(harness)["message"]


def test_the_revision_summary_comes_from_the_objects_metadata(harness: Harness) -> None:
    metadata = {"codepipeline-artifact-revision-summary": "commit 1234567"}
    harness.context.s3.put_object("source-bucket", "manifest.json", b"{}", Metadata=metadata)
    first = harness.create(pipeline([approval()]))
    harness.token("Stage1", "Approve")
    revision = harness.executions()[0]["sourceRevisions"][0]
    assert revision["revisionSummary"] == "commit 1234567"
    assert harness.latest("Source", "Upload")["summary"] == "commit 1234567"
    assert harness.status(first) == "InProgress"


def test_another_key_can_be_asked_for_when_the_action_allows_it(harness: Harness) -> None:
    harness.upload(b"other", key="other.json")
    definition = pipeline([approval()])
    definition["stages"][0]["actions"] = [
        source(configuration={"AllowOverrideForS3ObjectKey": "true"})
    ]
    harness.create(definition)
    override = {
        "actionName": "Upload",
        "revisionType": "S3_OBJECT_KEY",
        "revisionValue": "other.json",
    }
    second = harness.start(sourceRevisions=[override])
    eventually(lambda: harness.actions(second))
    eventually(lambda: harness.latest("Source", "Upload")["status"] == "Succeeded")
    action = harness.actions(second)[0]
    assert action["output"]["outputVariables"]["ObjectKey"] == "other.json"


def test_a_version_that_is_not_there_is_named(harness: Harness) -> None:
    harness.create(pipeline([approval()]))
    override = {
        "actionName": "Upload",
        "revisionType": "S3_OBJECT_VERSION_ID",
        "revisionValue": "gone",
    }
    second = harness.start(sourceRevisions=[override])
    harness.wait(second, "Failed")
    assert "in version gone" in harness.latest("Source", "Upload")["errorDetails"]["message"]


def test_a_polled_source_starts_an_execution_for_each_new_version(tmp_path: Path) -> None:
    with running(tmp_path, poll_seconds=0.01) as harness:
        definition = pipeline([approval()])
        definition["stages"][0]["actions"] = [
            source(configuration={"PollForSourceChanges": "true"})
        ]
        harness.create(definition)
        harness.upload(b"new")
        eventually(lambda: len(harness.executions()) == 2)
        harness.provider._poller.poll()
        harness.provider._poller.poll()
        assert [e["trigger"]["triggerType"] for e in harness.executions()] == [
            "PollForSourceChanges",
            "CreatePipeline",
        ]


def test_nothing_polls_when_no_pipeline_asks_for_it(harness: Harness) -> None:
    harness.create(pipeline([approval()]))
    assert harness.provider._poller._thread is None


@pytest.mark.parametrize("key", ["S3Bucket", "S3ObjectKey"])
def test_the_configuration_is_shown_as_it_was_written(harness: Harness, key: str) -> None:
    first = harness.create(pipeline([approval()]))
    shown = harness.actions(first)[0]["input"]["configuration"]
    assert shown[key] == source()["configuration"][key]
