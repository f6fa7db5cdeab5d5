"""Every state change reaches EventBridge, with AWS's detail types and notation of time."""

import json

import pytest

from server.sagemaker.client import ACCOUNT, SCIKIT_LEARN_IMAGE, tar_gz, wait


@pytest.fixture(scope="module")
def inbox(sagemaker):
    """All events of SageMaker from now on, in order of arrival."""
    sqs, events = sagemaker.localaws.client("sqs"), sagemaker.localaws.client("events")
    url = sqs.create_queue(QueueName="sagemaker-events")["QueueUrl"]
    events.put_rule(Name="sagemaker-events", EventPattern=json.dumps({"source": ["aws.sagemaker"]}))
    arn = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:sagemaker-events"
    events.put_targets(Rule="sagemaker-events", Targets=[{"Id": "queue", "Arn": arn}])
    seen = []

    def read(resource, done):
        def about():
            answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
            seen.extend(json.loads(message["Body"]) for message in answer.get("Messages", []))
            return [event for event in seen if event["resources"] == [resource]]

        return wait(about, lambda found: any(done(event["detail"]) for event in found))

    return read


def test_a_training_job(sagemaker, inbox):
    job = sagemaker.train("raise SystemExit(1)", Tags=[{"Key": "team", "Value": "a"}])
    found = inbox(job["TrainingJobArn"], lambda detail: detail["TrainingJobStatus"] == "Failed")
    assert {event["detail-type"] for event in found} == {"SageMaker Training Job State Change"}
    steps = {event["detail"]["SecondaryStatus"] for event in found}
    assert steps == {"Starting", "Downloading", "Training", "Failed"}
    last = next(e["detail"] for e in found if e["detail"]["TrainingJobStatus"] == "Failed")
    assert last["FailureReason"] == job["FailureReason"]
    assert last["Tags"] == {"team": "a"}
    assert last["CreationTime"] == str(round(job["CreationTime"].timestamp() * 1000))
    assert last["HyperParameters"]["sagemaker_program"] == "train.py"


def test_a_processing_job(sagemaker, inbox):
    job = sagemaker.process("true")
    found = inbox(
        job["ProcessingJobArn"], lambda detail: detail["ProcessingJobStatus"] == "Completed"
    )
    statuses = {event["detail"]["ProcessingJobStatus"] for event in found}
    assert statuses == {"InProgress", "Completed"}
    assert found[0]["detail-type"] == "SageMaker Processing Job State Change"
    assert found[0]["detail"]["CreationTime"] == round(job["CreationTime"].timestamp() * 1000)


def test_an_endpoint(sagemaker, inbox):
    model = sagemaker.model("def model_fn(model_dir): return None\n")
    name = sagemaker.endpoint(sagemaker.config(model))
    arn = sagemaker.endpoint_settled(name)["EndpointArn"]
    sagemaker.api.delete_endpoint(EndpointName=name)
    found = inbox(arn, lambda detail: detail["EndpointStatus"] == "DELETING")
    kinds = {(event["detail-type"], event["detail"]["EndpointStatus"]) for event in found}
    assert kinds == {
        ("SageMaker Endpoint State Change", "CREATING"),
        ("SageMaker Endpoint Deployment State Change", "CREATING"),
        ("SageMaker Endpoint State Change", "IN_SERVICE"),
        ("SageMaker Endpoint State Change", "DELETING"),
    }


def test_a_model_package(sagemaker, inbox):
    group = sagemaker.name("group")
    sagemaker.api.create_model_package_group(ModelPackageGroupName=group)
    url = sagemaker.put(f"packages/{group}.tar.gz", tar_gz({}))
    arn = sagemaker.api.create_model_package(
        ModelPackageGroupName=group,
        InferenceSpecification={
            "Containers": [{"Image": SCIKIT_LEARN_IMAGE, "ModelDataUrl": url}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )["ModelPackageArn"]
    sagemaker.api.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    found = inbox(arn, lambda detail: detail["ModelApprovalStatus"] == "Approved")
    assert found[0]["detail-type"] == "SageMaker Model Package State Change"
    detail = next(e["detail"] for e in found if e["detail"]["ModelApprovalStatus"] == "Approved")
    assert detail["UpdatedModelPackageFields"] == ["ModelApprovalStatus"]
    assert (detail["ModelPackageGroupName"], detail["ModelPackageVersion"]) == (group, 1)
