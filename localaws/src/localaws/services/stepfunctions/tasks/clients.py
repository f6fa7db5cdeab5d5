"""The boto3 clients of Task states: this server, with the credentials of the state machine's role."""

from __future__ import annotations

import threading
from typing import Any

import boto3
from botocore.config import Config

from localaws.core.context import ACCOUNT_ID, ContextFactory

# Lambda's longest timeout is 900 s, and a Task waits for as long as its TimeoutSeconds says.
_READ_TIMEOUT_SECONDS = 3_600


class TaskClients:
    """Clients by service, region and role, made once: moto makes a new one for every task (0.1 s)."""

    def __init__(self, context_factory: ContextFactory) -> None:
        self._context_factory = context_factory
        self._session = boto3.Session()
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str, str], Any] = {}

    def client_for(self, region: str, service: str, state_credentials: Any = None) -> Any:
        """Takes the place of moto's ``boto_client_for``, which uses made-up keys and no role."""
        role_arn = getattr(state_credentials, "role_arn", "") or ""
        key = (service, region, role_arn)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._make(service, region, role_arn)
            return self._clients[key]

    def clear(self) -> None:
        """Forget the clients: after a reset their roles are gone."""
        with self._lock:
            self._clients.clear()

    def _make(self, service: str, region: str, role_arn: str) -> Any:
        account_id = role_arn.split(":")[4] if role_arn.count(":") >= 5 else ACCOUNT_ID
        context = self._context_factory(account_id, region, "stepfunctions")
        credentials = context.clients.credentials(role_arn or None, region)
        return self._session.client(
            service,
            region_name=region,
            endpoint_url=context.endpoint_url,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
            config=Config(
                # The service validates, so that a bad parameter is the service's own error.
                parameter_validation=False,
                retries={"total_max_attempts": 1},
                read_timeout=_READ_TIMEOUT_SECONDS,
                max_pool_connections=64,
                s3={"addressing_style": "path"},
            ),
        )
