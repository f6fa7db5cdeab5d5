"""The model that the settings name, and where its labels go."""

from __future__ import annotations

from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from app.answers import AppError, Model
from app.feedback import Labels
from app.live import LiveModel
from app.settings import AppSettings
from landing_zone.api.predictions import find_api
from landing_zone.api.session import ApiSession, checked_url
from landing_zone.core.aws import error_code
from landing_zone.core.errors import OperatorError


class AwsClients(Protocol):
    """What is needed of landing_zone.core.aws.Aws; the tests have their own."""

    def client(self, service_name: str) -> Any: ...

    @property
    def credentials(self) -> Any: ...


def find_model(settings: AppSettings, aws: AwsClients) -> Model:
    """Raise AppError where there is none."""
    if settings.is_live:
        return _live(settings, aws)
    # A model that is live needs none of the packages that open a file.
    from app.model_file import open_model, open_model_in_s3

    if settings.model.startswith("s3://"):
        return open_model_in_s3(aws.client("s3"), settings.model, settings.model_sha256)
    return open_model(settings.path, settings.model_sha256)


def find_labels(settings: AppSettings, aws: AwsClients) -> Labels | None:
    """Where labels go; None for a model file, whose requests nobody captures."""
    if not settings.is_live:
        return None
    bucket = settings.label_bucket or _workflow_bucket(settings, aws)
    return Labels(aws.client("s3"), bucket, settings.use_case)


def _live(settings: AppSettings, aws: AwsClients) -> LiveModel:
    try:
        url = checked_url(settings.api_url or _api(settings, aws))
        session = ApiSession(aws.credentials, settings.deployment.region)
    except OperatorError as error:
        raise AppError(str(error)) from error
    return LiveModel(session, url, settings.use_case)


def _api(settings: AppSettings, aws: AwsClients) -> str:
    try:
        url = find_api(aws, settings.deployment)
    except (ClientError, BotoCoreError) as error:
        raise _unreachable(settings, error) from error
    if url is None:
        raise AppError(
            f"{settings.deployment.prefix} has no inference API. Deploy it: "
            f"`make local USE_CASE={settings.use_case}` on this machine, quick-deploy.sh with "
            "inference_api.enabled on AWS."
        )
    return url


def _workflow_bucket(settings: AppSettings, aws: AwsClients) -> str:
    name = f"{settings.deployment.parameter_path}/workflow_bucket"
    try:
        return str(aws.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
    except (ClientError, BotoCoreError) as error:
        raise _unreachable(settings, error) from error


def _unreachable(settings: AppSettings, error: Exception) -> AppError:
    where = settings.deployment.endpoint_url or f"AWS in {settings.deployment.region}"
    code = error_code(error) if isinstance(error, ClientError) else "no answer"
    return AppError(
        f"The app cannot look up the deployment {settings.deployment.prefix} on {where} ({code}). "
        f"Is localaws running (`make local USE_CASE={settings.use_case}`), are you signed in to AWS?"
    )
