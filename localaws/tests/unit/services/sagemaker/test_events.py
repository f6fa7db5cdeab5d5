"""The events: AWS's detail types, and the notation of time of each."""

from datetime import UTC, datetime

import pytest

from localaws.services.sagemaker import events
from localaws.services.sagemaker.jobs.record import JobRecord

NOW = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
EPOCH = 1767323045678


class FakeContext:
    def __init__(self):
        self.heard = []

    def publish(self, source, detail_type, detail, resources):
        self.heard.append((source, detail_type, detail, resources))


@pytest.fixture
def context():
    return FakeContext()


@pytest.mark.parametrize(
    ("kind", "detail_type", "time"),
    [
        ("processing-job", "SageMaker Processing Job State Change", EPOCH),
        ("training-job", "SageMaker Training Job State Change", str(EPOCH)),
        ("transform-job", "SageMaker Transform Job State Change", "2026-01-02T03:04:05.678Z"),
    ],
)
def test_jobs(context, kind, detail_type, time):
    job = JobRecord("job", "arn:job", {}, NOW, NOW, {"team": "a"}, kind=kind)
    description = {"CreationTime": NOW, "FailureReason": None, "Steps": [{"StartTime": NOW}]}
    events.publish_job(context, job, description)
    expected = {"CreationTime": time, "Steps": [{"StartTime": time}], "Tags": {"team": "a"}}
    assert context.heard == [("aws.sagemaker", detail_type, expected, ["arn:job"])]


@pytest.mark.parametrize(
    ("status", "written"),
    [("InService", "IN_SERVICE"), ("Creating", "CREATING"), ("RollingBack", "ROLLING_BACK")],
)
def test_endpoints(context, status, written):
    description = {"EndpointArn": "arn:e", "EndpointStatus": status, "CreationTime": NOW}
    events.publish_endpoint(context, description, {})
    events.publish_endpoint(context, description, {}, deployment=True)
    assert [heard[1] for heard in context.heard] == [
        "SageMaker Endpoint State Change",
        "SageMaker Endpoint Deployment State Change",
    ]
    detail = context.heard[0][2]
    assert detail["EndpointStatus"] == written
    assert (detail["CreationTime"], type(detail["CreationTime"])) == (EPOCH, float)


def test_model_packages_say_what_changed(context):
    events.publish_model_package(context, {"ModelPackageArn": "arn:p"}, ["ModelApprovalStatus"])
    assert context.heard[0][2]["UpdatedModelPackageFields"] == ["ModelApprovalStatus"]
