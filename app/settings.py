"""The settings of the app: one table, read from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.answers import AppError
from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import Setting, load_settings
from landing_zone.core.settings import Settings as Deployment

LIVE = "live"
USE_CASE = "reviews"
# The settings of this app only. SERVICE, BUILD_STAGE, USE_CASE, AWS_REGION and AWS_ENDPOINT_URL count too.
SETTINGS = (
    Setting(
        "APP_MODEL",
        LIVE,
        "live: the model of the deployment; a path: a file model.tar.gz, or a folder with its files; "
        "s3://bucket/key: a model.tar.gz in S3",
        r"live|s3://[a-z0-9][a-z0-9.-]+/.+|(?!s3:).+",
        "live, a path, or s3://bucket/key",
    ),
    Setting(
        "APP_MODEL_SHA256",
        "",
        "sha256 of model.tar.gz, which is compared before it is opened; S3 needs it",
        r"|[0-9a-f]{64}",
        "64 hexadecimal digits",
    ),
    Setting(
        "APP_API_URL",
        "",
        "URL of the inference API; empty: the one of the deployment",
        r"|https?://[^\s]+",
        "empty, or a URL such as https://example.com/v1",
    ),
    Setting(
        "APP_LABEL_BUCKET",
        "",
        "bucket for labels; empty: the workflow bucket of the deployment",
        r"|[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        "empty, or a bucket name",
    ),
    Setting(
        "APP_LABELS",
        "0=negative,1=positive",
        "the labels of the use case with their words; balloons rise for the last one",
        r"[^=,]+=[^=,]+(,[^=,]+=[^=,]+)+",
        "two or more LABEL=word, separated by commas",
    ),
)


@dataclass(frozen=True)
class AppSettings:
    deployment: Deployment
    use_case: str
    model: str
    model_sha256: str
    api_url: str
    label_bucket: str
    words: Mapping[str, str]  # of each label

    @property
    def stage(self) -> str:
        """development, staging or production."""
        return self.deployment.stage

    @property
    def is_live(self) -> bool:
        return self.model == LIVE

    @property
    def path(self) -> Path:
        """Of a model file on this machine."""
        return Path(self.model).expanduser()

    @property
    def happiest(self) -> str:
        """The label for which balloons rise."""
        return list(self.words)[-1]

    def word(self, label: str) -> str:
        """What a label means; the label itself where nobody said."""
        return self.words.get(label, label)


def read_settings(environ: Mapping[str, str]) -> AppSettings:
    """Raise AppError with everything that is wrong."""
    read = {setting.name: setting.read(environ) for setting in SETTINGS}
    problems = [problem for _, problem in read.values() if problem]
    value = {name: found for name, (found, _) in read.items()}
    try:
        deployment = load_settings(environ)
    except OperatorError as error:
        raise AppError("\n".join([*problems, str(error)])) from error
    is_in_s3 = value["APP_MODEL"].startswith("s3://")
    if is_in_s3 and not value["APP_MODEL_SHA256"]:
        problems.append(
            "APP_MODEL_SHA256 is empty; a model in S3 needs it, since opening a model runs what is in it. "
            "models.py --version shows it"
        )
    if problems:
        raise AppError("\n".join(problems))
    return AppSettings(
        deployment=deployment,
        use_case=deployment.use_case or USE_CASE,
        model=value["APP_MODEL"],
        model_sha256=value["APP_MODEL_SHA256"],
        api_url=value["APP_API_URL"].rstrip("/"),
        label_bucket=value["APP_LABEL_BUCKET"],
        words=dict(pair.split("=") for pair in value["APP_LABELS"].split(",")),
    )
