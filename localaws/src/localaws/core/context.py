"""What a service of localaws may use: nothing else of the process is its business."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from localaws.core.acting import Acting, ServiceKeys, principal_of
from localaws.core.clock import Clock
from localaws.core.logs import LogStore, LogWriter
from localaws.core.processes import ProcessTable
from localaws.core.shared import SharedObjects, T

ACCOUNT_ID = "123456789012"
# moto takes a key that it has not issued for a key of the account itself.
_ACCOUNT_CREDENTIALS = dict.fromkeys(("AccessKeyId", "SecretAccessKey", "SessionToken"), "localaws")
_CLIENT_CONFIG = Config(
    max_pool_connections=64,
    retries={"max_attempts": 1, "mode": "standard"},
    s3={"addressing_style": "path"},
)
_log = logging.getLogger(__name__)


EventBus = Callable[[str, str, dict[str, Any]], object]
"""(account id, region, event) -> anything; puts the event on the default bus of the account and region."""


@dataclass(frozen=True)
class Context:
    """The surroundings of one service in one account and region."""

    account_id: str
    region: str
    endpoint_url: str
    """Where this server listens, for example ``http://127.0.0.1:4566``."""
    work_dir: Path
    """Scratch directory of the service, removed when the server stops."""
    clock: Clock
    processes: ProcessTable
    clients: ClientCache = field(repr=False)
    log_store: LogStore = field(repr=False)
    shared_objects: SharedObjects = field(repr=False)
    event_bus: EventBus = field(repr=False)
    partition: str = "aws"
    service_name: str = ""
    """Which service has this context, by its name in the registry."""

    def client(
        self,
        service_name: str,
        role_arn: str | None = None,
        config: Config | None = None,
        acting: Acting | None = None,
    ) -> Any:
        """A boto3 client of this server. The same arguments return the same client.

        Args:
            service_name: as for ``boto3.client``.
            role_arn: the role whose credentials the client has. Without it the client has those of the
                service in ``acting``, or of the account.
            config: what differs from the configuration of the other clients. Pass one object, for example
                a constant of the module, every time: each object makes a client of its own.
            acting: on behalf of which resource the service calls, see :meth:`acting`.
        """
        if role_arn is not None and acting is None:
            acting = self.acting()
        return self.clients.client(service_name, self.region, role_arn, config, acting)

    def acting(self, source_arn: str = "", session_name: str = "") -> Acting | None:
        """This service as a caller of others; None for a service that has no principal in policies.

        Args:
            source_arn: the resource on whose behalf it calls, the value of aws:SourceArn.
            session_name: the name of its session with a role, where it is not random.
        """
        principal = principal_of(self.service_name)
        if not principal:
            return None
        return Acting(principal, self.account_id, source_arn, session_name)

    def shared(self, kind: type[T]) -> T:
        """The object of a class that services of this account and region share."""
        return self.shared_objects.get(kind, self.account_id, self.region)

    @property
    def root_arn(self) -> str:
        """The ARN of the root user, who calls where a caller is not known."""
        return f"arn:{self.partition}:iam::{self.account_id}:root"

    def arn(self, service: str, resource: str) -> str:
        """``arn:aws:{service}:{region}:{account}:{resource}``."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"

    def environment(
        self, role_arn: str | None = None, acting: Acting | None = None
    ) -> dict[str, str]:
        """The AWS_* variables of a child process: a role's credentials, the region and the endpoint."""
        if role_arn is not None and acting is None:
            acting = self.acting()
        credentials = self.clients.credentials(role_arn, self.region, acting)
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
        """Put an event on the default EventBridge bus. A failure is logged: the state change stands."""
        try:
            self.event_bus(
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
        """A writer of lines to a log stream of CloudWatch Logs, which is created if it does not exist."""
        return self.log_store.writer(self.region, group, stream)


class ClientCache:
    """boto3 clients of this server, each created once: a client of a large service takes 0.1 s to create."""

    def __init__(self, endpoint_url: str) -> None:
        self._endpoint_url = endpoint_url
        # Creating clients of one session is not safe in several threads. Never held during a request.
        self._lock = threading.Lock()
        self._session = boto3.Session()
        self._clients: dict[tuple[Any, ...], Any] = {}
        self._credentials: dict[tuple[str, Acting | None], Mapping[str, str]] = {}
        self.service_keys = ServiceKeys()

    def client(
        self,
        service_name: str,
        region: str,
        role_arn: str | None,
        config: Config | None = None,
        acting: Acting | None = None,
    ) -> Any:
        """See :meth:`Context.client`."""
        key = (service_name, region, role_arn, config, acting)
        with self._lock:
            client = self._clients.get(key)
        if client is None:
            credentials = self.credentials(role_arn, region, acting)
            with self._lock:
                client = self._clients.get(key)
                if client is None:
                    client = self._create(service_name, region, credentials, config)
                    self._clients[key] = client
        return client

    def credentials(
        self, role_arn: str | None, region: str, acting: Acting | None = None
    ) -> Mapping[str, str]:
        """Temporary credentials of a role, as STS returns them.

        Without a role those of the service that acts, and without a service those of the account.
        """
        if role_arn is None:
            return _ACCOUNT_CREDENTIALS if acting is None else self.service_keys.credentials(acting)
        key = (role_arn, acting)
        with self._lock:
            known = self._credentials.get(key)
        if known is None:
            name = "localaws" if acting is None else acting.new_session_name()
            # moto's credentials do not expire, so one set serves as long as the server runs.
            found = self.client("sts", region, None, acting=acting).assume_role(
                RoleArn=role_arn, RoleSessionName=name
            )
            with self._lock:
                known = self._credentials.setdefault(key, found["Credentials"])
        return known

    def _create(
        self, service_name: str, region: str, credentials: Mapping[str, str], config: Config | None
    ) -> Any:
        return self._session.client(
            service_name,
            region_name=region,
            endpoint_url=self._endpoint_url,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
            config=_CLIENT_CONFIG.merge(config) if config else _CLIENT_CONFIG,
        )


ContextFactory = Callable[[str, str, str], Context]
"""(account id, region, service name) -> the context of that service."""
