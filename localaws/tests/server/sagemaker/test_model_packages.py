"""Model package groups, versions, approval, and models made of packages."""

import pytest
from botocore.exceptions import ClientError

from server.sagemaker.client import ACCOUNT, BUCKET, SCIKIT_LEARN_IMAGE, tar_gz

MODEL = tar_gz({"model.joblib": b"x"})
PREFIX = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}"


@pytest.fixture
def group(sagemaker):
    name = sagemaker.name("group")
    sagemaker.api.create_model_package_group(ModelPackageGroupName=name)
    return name


def register(sagemaker, group, **more):
    url = sagemaker.put(f"packages/{group}.tar.gz", MODEL)
    container = {
        "Image": SCIKIT_LEARN_IMAGE, "ModelDataUrl": url,
        "Environment": {"SAGEMAKER_PROGRAM": "inference.py", "KEPT": "package"},
        **{key: more.pop(key) for key in ("ModelDataUrl", "ModelDataETag") if key in more},
    }  # fmt: skip
    specification = {
        "Containers": [container],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    return sagemaker.api.create_model_package(
        ModelPackageGroupName=group, InferenceSpecification=specification, **more
    )["ModelPackageArn"]


def test_versions_count_up_and_are_never_used_again(sagemaker, group):
    arns = [register(sagemaker, group) for _ in range(3)]
    assert arns == [f"{PREFIX}:model-package/{group}/{version}" for version in (1, 2, 3)]
    sagemaker.api.delete_model_package(ModelPackageName=arns[2])
    assert register(sagemaker, group).endswith("/4")
    listed = sagemaker.api.list_model_packages(ModelPackageGroupName=group)[
        "ModelPackageSummaryList"
    ]
    assert [package["ModelPackageVersion"] for package in listed] == [1, 2, 4]
    assert {package["ModelApprovalStatus"] for package in listed} == {"PendingManualApproval"}


def test_approval_and_what_an_update_leaves_alone(sagemaker, group):
    arn = register(sagemaker, group, CustomerMetadataProperties={"r2": "0.84"})
    sagemaker.api.update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="r2 0.84 >= 0.8"
    )
    sagemaker.api.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Rejected")
    described = sagemaker.api.describe_model_package(ModelPackageName=arn)
    assert described["ModelApprovalStatus"] == "Rejected"
    assert described["ApprovalDescription"] == "r2 0.84 >= 0.8"
    assert described["CustomerMetadataProperties"] == {"r2": "0.84"}
    assert described["ModelPackageGroupName"] == group
    approved = sagemaker.api.list_model_packages(
        ModelPackageGroupName=group, ModelApprovalStatus="Approved"
    )
    assert approved["ModelPackageSummaryList"] == []


def test_a_group_is_unique_and_goes_only_when_empty(sagemaker, group):
    with pytest.raises(ClientError, match="Model Package Group already exists") as raised:
        sagemaker.api.create_model_package_group(ModelPackageGroupName=group)
    assert raised.value.response["Error"]["Code"] == "ValidationException"
    arn = register(sagemaker, group)
    with pytest.raises(ClientError, match="still contains Model Packages") as raised:
        sagemaker.api.delete_model_package_group(ModelPackageGroupName=group)
    assert raised.value.response["Error"]["Code"] == "ConflictException"
    sagemaker.api.delete_model_package(ModelPackageName=arn)
    sagemaker.api.delete_model_package_group(ModelPackageGroupName=group)
    with pytest.raises(ClientError, match="does not exist"):
        sagemaker.api.describe_model_package_group(ModelPackageGroupName=group)


def test_a_model_of_a_package_needs_its_approval(sagemaker, group):
    arn = register(sagemaker, group)
    request = {
        "ModelName": sagemaker.name("model"),
        "ExecutionRoleArn": sagemaker.role,
        "PrimaryContainer": {"ModelPackageName": arn},
    }
    with pytest.raises(ClientError, match="approval status PendingManualApproval"):
        sagemaker.api.create_model(**request)
    sagemaker.api.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    sagemaker.api.create_model(**request)
    described = sagemaker.api.describe_model(ModelName=request["ModelName"])
    assert described["PrimaryContainer"] == {"ModelPackageName": arn}


def test_the_etag_of_the_model_data_is_recorded(sagemaker, group):
    arn = register(sagemaker, group)
    package = sagemaker.api.describe_model_package(ModelPackageName=arn)
    (container,) = package["InferenceSpecification"]["Containers"]
    key = container["ModelDataUrl"].partition(f"{BUCKET}/")[2]
    etag = sagemaker.s3.head_object(Bucket=BUCKET, Key=key)["ETag"].strip('"')
    assert container["ModelDataETag"] == etag
    with pytest.raises(ClientError, match=f"{key} is {etag}, but the request says 0123"):
        register(sagemaker, group, ModelDataETag="0123")
    with pytest.raises(ClientError, match="Could not find model data at s3://nowhere/x"):
        register(sagemaker, group, ModelDataUrl="s3://nowhere/x")
    assert register(sagemaker, group, ModelDataETag=etag).endswith("/2")


def test_what_create_model_checks(sagemaker):
    def create(container, role=sagemaker.role):
        sagemaker.api.create_model(
            ModelName=sagemaker.name("model"), ExecutionRoleArn=role, PrimaryContainer=container
        )

    with pytest.raises(ClientError, match="Could not find model data at s3://nowhere/model"):
        create({"Image": SCIKIT_LEARN_IMAGE, "ModelDataUrl": "s3://nowhere/model.tar.gz"})
    with pytest.raises(ClientError, match="Requested image strange:1 not found"):
        create({"Image": "strange:1"})
    with pytest.raises(ClientError, match="Could not assume role"):
        create({"Image": SCIKIT_LEARN_IMAGE}, f"arn:aws:iam::{ACCOUNT}:role/missing")


def test_tags_of_a_group(sagemaker, group):
    arn = f"{PREFIX}:model-package-group/{group}"
    sagemaker.api.add_tags(
        ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    )
    sagemaker.api.delete_tags(ResourceArn=arn, TagKeys=["a"])
    assert sagemaker.api.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
