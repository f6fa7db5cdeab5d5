"""The clients of boto3, each created once, and the explanation of AWS errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
)

from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import Settings

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "RequestExpired"}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


class Clients(Protocol):
    """What most functions need of Aws; the tests have their own."""

    def client(self, service_name: str) -> Any: ...


class Aws:
    """Clients of one region, and the account that the credentials belong to.

    Args:
        settings: the region and the endpoint.
        environ: the credentials, where they are not those of this process.
    """

    def __init__(self, settings: Settings, environ: Mapping[str, str] | None = None) -> None:
        # Imported here, since it takes half a second that --help does not need.
        import boto3

        self._settings = settings
        found = environ or {}
        self._session = boto3.Session(
            aws_access_key_id=found.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=found.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=found.get("AWS_SESSION_TOKEN"),
            region_name=settings.region,
        )
        self._clients: dict[str, Any] = {}
        self._account: str | None = None

    def client(self, service_name: str) -> Any:
        """A boto3 client; the same one each time, since creating one takes a tenth of a second."""
        if service_name not in self._clients:
            self._clients[service_name] = self._session.client(
                service_name,
                endpoint_url=self._settings.endpoint_url or None,
                config=_config(
                    retries={"mode": "standard", "max_attempts": 5},
                    connect_timeout=10,
                    # An address has no subdomains, so the bucket goes into the path.
                    s3={"addressing_style": "path" if self._settings.is_local else "auto"},
                ),
            )
        return self._clients[service_name]

    def invoker(self, connections: int, timeout_seconds: float) -> Any:
        """A client of sagemaker-runtime for a load test: without retries, which would hide failures."""
        return self._session.client(
            "sagemaker-runtime",
            endpoint_url=self._settings.endpoint_url or None,
            config=_config(
                retries={"total_max_attempts": 1},
                connect_timeout=timeout_seconds,
                read_timeout=timeout_seconds,
                max_pool_connections=connections,
            ),
        )

    @property
    def credentials(self) -> Any:
        """What signs requests that boto3 has no client for; None where there is none."""
        return self._session.get_credentials()

    @property
    def account(self) -> str:
        """Id of the account that the credentials belong to."""
        if self._account is None:
            self._account = str(self.client("sts").get_caller_identity()["Account"])
        return self._account

    @property
    def target(self) -> str:
        """What the credentials and settings point to, for a question or a message."""
        settings = self._settings
        where = settings.endpoint_url or "AWS"
        return f"{settings.prefix} on {where}, account {self.account}, region {settings.region}"


def _config(**options: Any) -> Any:
    from botocore.config import Config

    return Config(**options)


def error_code(error: ClientError) -> str:
    """The code of an AWS error, such as NoSuchBucket; HEAD requests have only the HTTP status."""
    return str(error.response.get("Error", {}).get("Code", ""))


def find_endpoint(sagemaker: Any, name: str) -> dict[str, Any] | None:
    """DescribeEndpoint; None when there is no such endpoint."""
    try:
        found: dict[str, Any] = sagemaker.describe_endpoint(EndpointName=name)
    except ClientError as error:
        if error_code(error) != "ValidationException":
            raise
        return None
    return found


def describe_endpoint(sagemaker: Any, name: str) -> dict[str, Any]:
    """DescribeEndpoint; an error that names what to do where there is no endpoint."""
    found = find_endpoint(sagemaker, name)
    if found is None:
        raise OperatorError(
            f"endpoint {name} does not exist. Name the use case with USE_CASE, or the endpoint with "
            "--endpoint"
        )
    return found


def explain(error: BotoCoreError | ClientError, environ: Mapping[str, str]) -> str:
    """An error of AWS or of the connection to it, with the next step."""
    endpoint = environ.get("AWS_ENDPOINT_URL")
    if isinstance(error, NoCredentialsError | CredentialRetrievalError):
        return f"{error}. Sign in to AWS first (aws configure, aws sso login), or run `make local`"
    if isinstance(error, EndpointConnectionError):
        step = "is localaws running? python -m localaws status" if endpoint else "is AWS reachable?"
        return f"{error} {step}"
    if isinstance(error, ClientError) and error_code(error) in _EXPIRED:
        return f"{error}. The credentials are no longer valid: sign in again"
    if isinstance(error, ClientError) and error_code(error) in _DENIED:
        return f"{error}. The credentials in use lack this permission"
    return str(error)
