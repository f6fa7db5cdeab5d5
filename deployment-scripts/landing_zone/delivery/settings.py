"""The settings of the pipeline in cicd/: one table, read from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import ROOT, Setting, Settings
from landing_zone.stack.teardown import CICD_STATE
from landing_zone.stack.terraform import Root

CICD = (
    Setting(
        "FULL_REPOSITORY_ID",
        "",
        "repository that is deployed: OWNER/REPOSITORY behind a connection, or the name of a CodeCommit "
        "repository (cicd-env.sh)",
        r"|[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*",
        "OWNER/REPOSITORY, or the name of a CodeCommit repository",
    ),
    Setting(
        "SOURCE_PROVIDER",
        "connection",
        "where the repository is",
        "connection|codecommit",
        "connection, codecommit",
    ),
    Setting(
        "CONNECTION_ARN",
        "",
        "an existing connection to the Git provider; empty: deploy-codepipeline.sh creates one",
        r"|arn:[a-z-]+:(codeconnections|codestar-connections):.+",
        "empty, or the ARN of a connection",
    ),
    Setting(
        "BRANCH",
        "",
        "branch that is deployed; empty: what config/environments/cicd/{BUILD_STAGE}.tfvars says",
        r"|[A-Za-z0-9][A-Za-z0-9._/-]{0,254}",
        "empty, or the name of a branch",
    ),
    Setting(
        "IMAGE",
        "",
        "build makes an image of jobs and endpoints for each commit, anything else is used as its tag; "
        "empty: what config/environments/cicd/{BUILD_STAGE}.tfvars says",
        r"|[A-Za-z0-9_][A-Za-z0-9._-]{0,127}",
        "empty, build, prebuilt, or a tag",
    ),
    Setting(
        "TEST_PATHS",
        "",
        "what the step test runs, as arguments of pytest; empty: the default of cicd/",
    ),
)


@dataclass(frozen=True)
class CicdSettings:
    """What the pipeline deploys, from where."""

    repository: str
    provider: str
    connection_arn: str
    branch: str
    image: str
    test_paths: str

    @property
    def values(self) -> dict[str, str]:
        """Terraform's variables; an empty one leaves the decision to the values of the environment."""
        return {
            "repository": self.repository,
            "branch": self.branch,
            "image": self.image,
            "test_paths": self.test_paths,
            "source_provider": self.provider,
            "connection_arn": self.connection_arn,
        }


def load_cicd_settings(environ: Mapping[str, str]) -> CicdSettings:
    """Read and check the settings; the error lists everything that is wrong."""
    read = {setting.name: setting.read(environ) for setting in CICD}
    errors = [error for _, error in read.values() if error]
    value = {name: found for name, (found, _) in read.items()}
    repository, provider = value["FULL_REPOSITORY_ID"], value["SOURCE_PROVIDER"]
    if not errors and repository and ("/" in repository) != (provider == "connection"):
        errors.append(
            f"FULL_REPOSITORY_ID is {repository!r}; allowed with SOURCE_PROVIDER={provider}: "
            + ("OWNER/REPOSITORY" if provider == "connection" else "a name without a slash")
        )
    if errors:
        raise OperatorError("\n".join(errors))
    return CicdSettings(
        repository, provider, value["CONNECTION_ARN"], value["BRANCH"], value["IMAGE"],
        value["TEST_PATHS"],
    )  # fmt: skip


def cicd_root(settings: Settings, cicd: CicdSettings, state_bucket: str) -> Root:
    """The pipeline, cicd/."""
    return Root(
        "cicd",
        ROOT / "cicd",
        ROOT / f"config/environments/cicd/{settings.stage}.tfvars",
        CICD_STATE,
        {**cicd.values, "state_bucket": state_bucket},
    )
