"""Effects: one thread for each running action."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from localaws.core.acting import Acting
from localaws.core.context import Context
from localaws.services.codepipeline.action_types import timeout_seconds
from localaws.services.codepipeline.declaration import ActionTypeId, PipelineDeclaration
from localaws.services.codepipeline.models import ActionExecution, ErrorDetails, Outcome

_log = logging.getLogger(__name__)
_MAX_MESSAGE = 5000  # the model's limit for an error message
_MAX_SUMMARY = 2048
_CLOSE_SECONDS = 2.0  # a thread may be inside a call to another service

DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "403"})
"""The codes of errors that mean a missing permission."""


class ActionFailedError(Exception):
    """The action has failed; ``code`` is a FailureType of the API."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class ActionEndedError(Exception):
    """The action has ended without its handler: it was answered or abandoned, or the server stops."""


class ActionRun:
    """An action as its handler sees it."""

    def __init__(self, context: Context, action: ActionExecution, lock: threading.RLock) -> None:
        self.context = context
        self.action = action
        self._lock = lock
        self._deadline = context.clock.monotonic() + timeout_seconds(action.declaration)

    @property
    def pipeline(self) -> PipelineDeclaration:
        """The definition this execution runs under."""
        return self.action.execution.declaration

    @property
    def configuration(self) -> Mapping[str, str]:
        """The action's configuration, variables resolved."""
        return self.action.resolved

    @property
    def role_arn(self) -> str:
        """The action's role, or the pipeline's."""
        return self.action.declaration.role_arn or self.pipeline.role_arn

    def client(self, service_name: str) -> Any:
        """A boto3 client with the action's role."""
        return self.context.client(service_name, role_arn=self.role_arn, acting=self._acting)

    def store_client(self) -> Any:
        """A boto3 client for the artifact store, with the role of the pipeline, as on AWS."""
        return self.context.client("s3", role_arn=self.pipeline.role_arn, acting=self._acting)

    @property
    def _acting(self) -> Acting | None:
        return self.context.acting(self.context.arn("codepipeline", self.pipeline.name))

    def encryption(self) -> dict[str, str]:
        """Arguments of PutObject that encrypt an artifact with the store's key (else AWS's own)."""
        arguments = {"ServerSideEncryption": "aws:kms"}
        if self.pipeline.encryption_key_id:
            arguments["SSEKMSKeyId"] = self.pipeline.encryption_key_id
        return arguments

    def progress(self, *, external_id: str | None = None, external_url: str | None = None) -> None:
        """Show what the action is waiting for."""
        with self._lock:
            self.action.external_id = external_id or self.action.external_id
            self.action.external_url = external_url or self.action.external_url

    def receive(self, seconds: float | None = None) -> Any:
        """Wait for a message to the action. None when ``seconds`` have passed without one.

        Raises:
            ActionEndedError: the action has ended.
            ActionFailedError: the action's timeout has passed.
        """
        clock = self.context.clock
        left = self._deadline - clock.monotonic()
        wait = left if seconds is None else min(seconds, left)
        try:
            message = self.action.mailbox.get(timeout=max(0.0, clock.real_seconds(wait)))
        except queue.Empty:
            if clock.monotonic() >= self._deadline:
                minutes = timeout_seconds(self.action.declaration) / 60
                raise ActionFailedError(
                    "JobFailed",
                    f"The action did not complete within its timeout of {minutes:g} minutes",
                ) from None
            return None
        if message is None:
            raise ActionEndedError
        return message


class Handler(Protocol):
    """Runs the actions of one provider. Holds no state of an action."""

    def run(self, run: ActionRun) -> Outcome:
        """Run one action to its end.

        Raises:
            ActionFailedError: it failed.
            ActionEndedError: it ended otherwise, see :meth:`ActionRun.receive`.
        """
        ...


class Runner:
    """Runs actions and reports their outcomes.

    Args:
        context: the surroundings of the service.
        lock: guards the state.
        handlers: the handler of each action type.
        finish: takes an outcome.
    """

    def __init__(
        self,
        context: Context,
        lock: threading.RLock,
        handlers: Mapping[ActionTypeId, Handler],
        finish: Callable[[ActionExecution, Outcome], bool],
    ) -> None:
        self._context = context
        self._lock = lock
        self._handlers = handlers
        self._finish = finish
        self._running: dict[ActionExecution, threading.Thread] = {}
        self._closed = False

    def launch(self, action: ActionExecution) -> None:
        """Start the thread of an action. Called under the lock."""
        if self._closed:
            return
        name = f"action-{action.declaration.name}"
        thread = threading.Thread(target=self._run, args=(action,), name=name, daemon=True)
        self._running[action] = thread
        thread.start()

    def close(self) -> None:
        """End every thread. The state of the actions stays: the server is stopping."""
        with self._lock:
            self._closed = True
            running = dict(self._running)
        for action in running:
            action.mailbox.put(None)
        deadline = time.monotonic() + _CLOSE_SECONDS
        for thread in running.values():
            thread.join(timeout=max(0.0, deadline - time.monotonic()))

    def _run(self, action: ActionExecution) -> None:
        try:
            outcome = self._outcome(action)
        except ActionEndedError:
            outcome = None
        try:
            if outcome is not None and not self._closed:
                self._finish(action, _trimmed(outcome))
        finally:
            with self._lock:
                self._running.pop(action, None)

    def _outcome(self, action: ActionExecution) -> Outcome:
        if action.plan_error:
            return Outcome(error=action.plan_error)
        run = ActionRun(self._context, action, self._lock)
        try:
            return self._handlers[action.declaration.type].run(run)
        except ActionFailedError as error:
            return Outcome(error=ErrorDetails(error.code, error.message))
        except ClientError as error:
            return Outcome(error=_details(error, run.role_arn))
        except BotoCoreError as error:
            return Outcome(error=ErrorDetails("SystemUnavailable", f"A call failed: {error}"))
        except ActionEndedError:
            raise
        except Exception as error:
            _log.exception("action %s failed by a fault of localaws", action.id)
            return Outcome(
                error=ErrorDetails(
                    "SystemUnavailable", f"A fault of localaws, see its log: {error!r}"
                )
            )


def _details(error: ClientError, role_arn: str) -> ErrorDetails:
    code = error.response["Error"].get("Code", "Unknown")
    text = error.response["Error"].get("Message", "")
    message = f"{error.operation_name} with role {role_arn} failed with {code}: {text}"
    return ErrorDetails("PermissionError" if code in DENIED else "ConfigurationError", message)


def _trimmed(outcome: Outcome) -> Outcome:
    if outcome.error and len(outcome.error.message) > _MAX_MESSAGE:
        error = ErrorDetails(outcome.error.code, outcome.error.message[: _MAX_MESSAGE - 3] + "...")
        outcome = replace(outcome, error=error)
    if outcome.summary and len(outcome.summary) > _MAX_SUMMARY:
        outcome = replace(outcome, summary=outcome.summary[:_MAX_SUMMARY])
    return outcome
