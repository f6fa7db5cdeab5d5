"""Projects, webhooks and source credentials: what is kept, checked and refused."""

import pytest
from botocore.exceptions import ClientError

from server.codebuild.client import BUCKET, ENVIRONMENT

SPEC = "version: 0.2\nphases: {build: {commands: [true]}}"


def test_a_project_is_kept_updated_listed_and_deleted(codebuild):
    api = codebuild.api
    name = codebuild.project(SPEC, tags=[{"key": "a", "value": "b"}], description="first")
    project = api.batch_get_projects(names=[name, "unknown"])["projects"][0]
    assert project["arn"].endswith(f":project/{name}")
    assert project["timeoutInMinutes"] == 60
    assert project["queuedTimeoutInMinutes"] == 480
    assert project["encryptionKey"].endswith(":alias/aws/s3")
    assert project["cache"] == {"type": "NO_CACHE"}
    assert project["badge"] == {"badgeEnabled": False}
    updated = api.update_project(name=name, description="second", timeoutInMinutes=5)["project"]
    assert updated["description"] == "second"
    assert updated["timeoutInMinutes"] == 5
    assert updated["created"] == project["created"]
    assert updated["tags"] == project["tags"]
    assert name in api.list_projects(sortBy="NAME", sortOrder="ASCENDING")["projects"]
    with pytest.raises(api.exceptions.ResourceAlreadyExistsException):
        api.create_project(**{k: project[k] for k in ("name", "source", "artifacts", "environment",
                                                      "serviceRole")})  # fmt: skip
    # By its ARN, as Terraform does; a second time is no error.
    api.delete_project(name=project["arn"])
    api.delete_project(name=name)
    assert api.batch_get_projects(names=[name])["projectsNotFound"] == [name]
    with pytest.raises(api.exceptions.ResourceNotFoundException, match="Project cannot be found"):
        api.start_build(projectName=name)


def environment(**more):
    return {"environment": {**ENVIRONMENT, **more}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": {"type": "NO_SOURCE"}}, "buildspec must be set"),
        ({"source": {"type": "S3", "location": "x"}}, "must have the form <bucket>/<key>"),
        ({"source": {"type": "GITHUB", "location": "https://example.com/a/b"}}, "must have the form"),
        ({"source": {"type": "BITBUCKET", "location": "x"}}, "the source type BITBUCKET"),
        ({"source": {"type": "CODEPIPELINE"}}, "both sourceType, and artifactType must be set"),
        (environment(image="python:3.12"), "the environment image 'python:3.12'"),
        (environment(type="ARM_CONTAINER"), "the environment type ARM_CONTAINER"),
        (environment(computeType="BUILD_LAMBDA_1GB"), "the compute type BUILD_LAMBDA_1GB"),
        (environment(fleet={"fleetArn": "arn:x"}), "environment.fleet"),
        (
            environment(environmentVariables=[{"name": "A", "value": "1"}] * 2),
            "duplicate environment variable names: A",
        ),
        ({"vpcConfig": {"vpcId": "vpc-1", "subnets": ["s"], "securityGroupIds": ["g"]}}, "vpcConfig"),
        ({"badgeEnabled": True}, "badgeEnabled"),
        ({"buildBatchConfig": {"serviceRole": "arn:x"}}, "buildBatchConfig"),
        ({"artifacts": {"type": "S3"}}, "location must be set"),
        ({"cache": {"type": "S3"}}, "location must be set"),
        ({"serviceRole": "arn:aws:iam::123456789012:role/none"}, "is not authorized to perform"),
    ],
)  # fmt: skip
def test_what_aws_or_localaws_refuses_is_named(codebuild, changes, message):
    with pytest.raises(ClientError, match=message) as refusal:
        codebuild.project(SPEC, **changes)
    assert refusal.value.response["Error"]["Code"] == "InvalidInputException"
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("start_build_batch", {"projectName": "x"}),
        ("create_fleet", {"name": "xx", "baseCapacity": 1, "environmentType": "LINUX_CONTAINER",
                          "computeType": "BUILD_GENERAL1_SMALL"}),
        ("start_sandbox", {}),
        ("update_project_visibility", {"projectArn": "x", "projectVisibility": "PUBLIC_READ"}),
    ],
)  # fmt: skip
def test_what_is_not_emulated_is_refused_by_name(codebuild, operation, arguments):
    with pytest.raises(ClientError, match="does not emulate codebuild:") as refusal:
        getattr(codebuild.api, operation)(**arguments)
    assert refusal.value.response["Error"]["Code"] == "NotImplementedException"


def test_source_credentials_never_show_their_token(codebuild):
    api = codebuild.api
    arn = api.import_source_credentials(
        serverType="GITHUB", authType="PERSONAL_ACCESS_TOKEN", token="a-secret-token"
    )["arn"]
    assert api.list_source_credentials()["sourceCredentialsInfos"] == [
        {"arn": arn, "serverType": "GITHUB", "authType": "PERSONAL_ACCESS_TOKEN"}
    ]
    with pytest.raises(api.exceptions.ResourceAlreadyExistsException):
        api.import_source_credentials(
            serverType="GITHUB",
            authType="PERSONAL_ACCESS_TOKEN",
            token="another",
            shouldOverwrite=False,
        )
    api.delete_source_credentials(arn=arn)
    assert api.list_source_credentials()["sourceCredentialsInfos"] == []


def test_a_project_has_a_resource_policy(codebuild):
    api = codebuild.api
    arn = api.batch_get_projects(names=[codebuild.project(SPEC)])["projects"][0]["arn"]
    api.put_resource_policy(resourceArn=arn, policy='{"Statement": []}')
    assert api.get_resource_policy(resourceArn=arn)["policy"] == '{"Statement": []}'
    api.delete_resource_policy(resourceArn=arn)
    with pytest.raises(api.exceptions.ResourceNotFoundException):
        api.get_resource_policy(resourceArn=arn)


def test_the_curated_images_are_those_that_run(codebuild):
    platforms = codebuild.api.list_curated_environment_images()["platforms"]
    images = [i["name"] for p in platforms for g in p["languages"] for i in g["images"]]
    assert "aws/codebuild/standard:7.0" in images
    for image in images:
        codebuild.project(SPEC, environment={**ENVIRONMENT, "image": image})


def test_a_project_that_is_not_of_github_has_no_webhook(codebuild):
    project = codebuild.project(SPEC, artifacts={"type": "S3", "location": BUCKET})
    with pytest.raises(ClientError, match="not supported for the source type NO_SOURCE"):
        codebuild.api.create_webhook(projectName=project)
