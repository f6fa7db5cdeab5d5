"""Addresses in the AWS console. They name a resource; with localaws they do not open."""

from __future__ import annotations

from urllib.parse import quote

_HOST = "https://console.aws.amazon.com"


def pipeline(region: str, name: str) -> str:
    """The page of a pipeline, as in the approval's notification."""
    return f"{_HOST}/codepipeline/home?region={region}#/view/{name}"


def approval(region: str, name: str, stage: str, action: str, token: str) -> str:
    """The page that answers an approval."""
    return f"{pipeline(region, name)}/{stage}/{action}/approve/{token}"


def s3_object(region: str, bucket: str, key: str) -> str:
    """The page of an object."""
    return f"{_HOST}/s3/object/{bucket}?region={region}&prefix={quote(key)}"


def state_machine_execution(region: str, execution_arn: str) -> str:
    """The page of a Step Functions execution."""
    return f"{_HOST}/states/home?region={region}#/executions/details/{execution_arn}"


def entity(region: str, page: str, configuration: dict[str, str]) -> str | None:
    """The page of the resource that an action works on; None for an action without one."""
    return f"{_HOST}/{page.format(region=region, **configuration)}" if page else None


def build(region: str, build_id: str) -> str:
    """The page of a build in CodeBuild."""
    return f"{_HOST}/codebuild/home?region={region}#/builds/{build_id}/view/new"


def codecommit_commit(region: str, repository: str, commit_id: str) -> str:
    """The page of a commit in CodeCommit."""
    return f"{_HOST}/codecommit/home?region={region}#/repository/{repository}/commit/{commit_id}"


def connection_commit(region: str, connection_arn: str, repository: str, commit_id: str) -> str:
    """The page that redirects to a commit behind a connection."""
    return (
        f"https://{region}.console.aws.amazon.com/codesuite/settings/connections/redirect"
        f"?connectionArn={connection_arn}&referenceType=COMMIT&FullRepositoryId={repository}"
        f"&Commit={commit_id}"
    )


def ecr_image(region: str, registry: str, repository: str, digest: str) -> str:
    """The page of an image."""
    page = f"{_HOST}/ecr/repositories/private/{registry}/{repository}/_/image/{digest}/details"
    return f"{page}?region={region}"
