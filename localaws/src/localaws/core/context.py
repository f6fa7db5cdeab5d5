"""What a service of localaws may touch."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from localaws.core.clock import Clock
from localaws.core.logs import LogStore, LogWriter
from localaws.core.processes import ProcessTable
from localaws.core.shared import SharedObjects, T

ACCOUNT_ID = "123456789012"
# The account itself: moto takes any key that it has not issued for the account's own.
_ACCOUNT_CREDENTIALS = dict.fromkeys(("AccessKeyId", "SecretAccessKey", "SessionToken"), "localaws")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Context:
    """The surroundings of one service in one account and region."""

    account_id: str
    region: str
    endpoint_url: str
    """Where this server listens, e.g. ``http://127.0.0.1:4566``."""
    work_dir: Path
    """Scratch directory of the service, removed when the server stops."""
    clock: Clock
    processes: ProcessTable
    clients: ClientCache = field(repr=False)
    log_store: LogStore = field(repr=False)
    shared_objects: SharedObjects = field(repr=False)
    partition: str = "aws"

    def client(self, service_name: str, role_arn: str | None = None) -> Any:
        """A boto3 client that talks to this server, with the credentials of ``role_arn`` if given."""
        return self.clients.client(service_name, self.region, role_arn)

    def shared(self, kind: type[T]) -> T:
        """The object of a class that services of this account and region share."""
        return self.shared_objects.get(kind, self.account_id, self.region)

    def arn(self, service: str, resource: str) -> str:
        """``arn:aws:{service}:{region}:{account}:{resource}``."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"

    def environment(self, role_arn: str | None = None) -> dict[str, str]:
        """The AWS_* variables of a child process: a role's credentials, the region, this endpoint."""
        credentials = self.clients.credentials(role_arn, self.region)
        return {
            "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": credentials["SessionToken"],
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def publish(
        self, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
    ) -> None:
        """Put an event on the default EventBridge bus. Never raises: a state change stands without it."""
        try:
            from localaws.services.events import bus  # moto's events are slow to import

            bus.publish(
                self.account_id,
                self.region,
                {
                    "source": source,
                    "detail-type": detail_type,
                    "time": self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "resources": resources,
                    "detail": detail,
                },
            )
        except Exception:
            _log.exception("event %r of %s was not published", detail_type, source)

    def log_writer(self, group: str, stream: str) -> LogWriter:
        """A writer of lines to a CloudWatch log stream, which is created when it is missing."""
        return self.log_store.writer(self.region, group, stream)


class ClientCache:
    """boto3 clients at this server, made once: a client of a large service takes 0.1 s to make."""

    def __init__(self, endpoint_url: str) -> None:
        self._endpoint_url = endpoint_url
        self._lock = threading.RLock()
        self._session = boto3.Session()
        self._clients: dict[tuple[str, str, str | None], Any] = {}
        self._credentials: dict[str, dict[str, str]] = {}

    def client(self, service_name: str, region: str, role_arn: str | None) -> Any:
        """See :meth:`Context.client`."""
        key = (service_name, region, role_arn)
        with self._lock:
            if key not in self._clients:
                credentials = self.credentials(role_arn, region) if role_arn else None
                self._clients[key] = self._make(service_name, region, credentials)
            return self._clients[key]

    def credentials(self, role_arn: str | None, region: str) -> dict[str, str]:
        """Temporary credentials of a role (of the account without one), as STS returns them."""
        with self._lock:
            if role_arn is None:
                return _ACCOUNT_CREDENTIALS
            if role_arn not in self._credentials:
                # moto's credentials do not expire, so one set per role serves as long as the server runs.
                answer = self.client("sts", region, None).assume_role(
                    RoleArn=role_arn, RoleSessionName="localaws"
                )
                self._credentials[role_arn] = answer["Credentials"]
            return self._credentials[role_arn]

    def clear(self) -> None:
        """Forget everything: after a reset the roles are gone."""
        with self._lock:
            self._clients.clear()
            self._credentials.clear()

    def _make(self, service_name: str, region: str, credentials: dict[str, str] | None) -> Any:
        keys = credentials or _ACCOUNT_CREDENTIALS
        return self._session.client(
            service_name,
            region_name=region,
            endpoint_url=self._endpoint_url,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
            config=Config(
                max_pool_connections=64,
                retries={"max_attempts": 1, "mode": "standard"},
                s3={"addressing_style": "path"},
            ),
        )


ContextFactory = Callable[[str, str, str], Context]
"""(account id, region, service name) -> the context of that service."""
