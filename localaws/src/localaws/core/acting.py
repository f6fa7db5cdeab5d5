"""As whom a service of localaws calls another one: as a service principal, or with a role that it assumes."""

from __future__ import annotations

import random
import secrets
import string
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# By the name of a service in the registry, its principal in policies where that is not the name itself.
_PRINCIPALS: Final = {
    "application-autoscaling": "application-autoscaling.amazonaws.com",
    "cloudwatch": "cloudwatch.amazonaws.com",
    "codebuild": "codebuild.amazonaws.com",
    "codecommit": "codecommit.amazonaws.com",
    "codepipeline": "codepipeline.amazonaws.com",
    "events": "events.amazonaws.com",
    "execute-api": "apigateway.amazonaws.com",
    "lambda": "lambda.amazonaws.com",
    "sagemaker": "sagemaker.amazonaws.com",
    "scheduler": "scheduler.amazonaws.com",
    "stepfunctions": "states.amazonaws.com",
}
_RANDOM_NAME_LENGTH: Final = 32


@dataclass(frozen=True)
class Acting:
    """A service that acts on behalf of a resource."""

    principal: str
    """The service in policies, for example ``states.amazonaws.com``."""
    account: str
    source_arn: str = ""
    """The resource, which is the value of aws:SourceArn; empty where the service sends none."""
    session_name: str = ""
    """The name of the session with a role; empty for the name that the service chooses by itself."""

    def new_session_name(self) -> str:
        """The name of a session, as AWS's service would choose it."""
        if self.session_name:
            return self.session_name
        if self.principal == "sagemaker.amazonaws.com":
            return "SageMaker"
        if self.principal == "codepipeline.amazonaws.com":
            return str(time.time_ns() // 1_000_000)
        if self.principal == "states.amazonaws.com":
            # A name, not a secret.
            return "".join(random.choices(string.ascii_letters, k=_RANDOM_NAME_LENGTH))  # noqa: S311
        return secrets.token_hex(_RANDOM_NAME_LENGTH // 2)


def principal_of(service_name: str) -> str:
    """The principal of a service of the registry; empty for one that calls nothing by itself."""
    return _PRINCIPALS.get(service_name, "")


class ServiceKeys:
    """The access keys with which services call as themselves. They exist in this process only."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_acting: dict[Acting, dict[str, str]] = {}
        self._by_id: dict[str, Acting] = {}

    def credentials(self, acting: Acting) -> Mapping[str, str]:
        """The keys of a service that acts on behalf of a resource, as STS writes credentials."""
        with self._lock:
            found = self._by_acting.get(acting)
            if found is None:
                found = {
                    "AccessKeyId": f"ASIA{secrets.token_hex(8).upper()}",
                    "SecretAccessKey": secrets.token_hex(20),
                    "SessionToken": secrets.token_hex(16),
                }
                self._by_acting[acting] = found
                self._by_id[found["AccessKeyId"]] = acting
            return found

    def find(self, access_key: str) -> tuple[Acting, Mapping[str, str]] | None:
        """Whose access key it is, and its credentials."""
        with self._lock:
            acting = self._by_id.get(access_key)
            return None if acting is None else (acting, self._by_acting[acting])
