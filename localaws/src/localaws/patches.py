"""Every change that localaws makes to moto, in one table.

localaws subclasses moto's backends where that is enough. Everything else that differs is an attribute of one
of moto's modules or classes that must be replaced: a :class:`Patch` in the table below. Only
:func:`localaws.patch.apply` changes moto. The replacements are in the packages of their services, which do
not know this table.

moto's interpreter of the Amazon States Language takes a second to import. Its patches are therefore applied
when the first Step Functions backend is created; all others before the server answers its first request.

docs/raising-moto.md says how to move to another version of moto.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from functools import lru_cache
from typing import Any

from localaws.core.context import ContextFactory
from localaws.patch import Patch, apply

_INTERPRETER = "moto.stepfunctions.parser.asl"
_TASK = f"{_INTERPRETER}.component.state.exec.state_task.service"
_TESTS = "localaws/tests"


PATCHES = (
    Patch(
        "moto.s3.models:FakeBucket.get_permission",
        "localaws.services.s3.bucket_policy:get_permission",
        "A statement of a bucket policy whose condition is not met counts as a denial.",
        f"{_TESTS}/server/test_s3.py::test_a_tls_only_bucket_can_be_used",
    ),
    Patch(
        "moto.s3.responses:S3Response.get_bucket_notification",
        "localaws.services.s3.notification:get_bucket_notification",
        "The answer omits the EventBridge configuration, so Terraform turns it on in every plan.",
        f"{_TESTS}/server/test_s3.py::test_the_eventbridge_switch_is_in_the_answer",
        factory_argument="original",
    ),
    Patch(
        "moto.s3.notifications:_send_event_bridge_message",
        "localaws.services.eventbridge.s3_events:publish_s3_event",
        "Events of S3 have no id and not AWS's shape, and go to every rule whatever its pattern.",
        f"{_TESTS}/server/test_eventbridge.py::test_an_object_of_s3",
    ),
    Patch(
        "moto.events.models:events_backends.backend",
        "localaws.services.eventbridge.backend:LocalEventsBackend.created_by",
        "Most targets are refused, the others are called while the publisher waits; schedules fire on "
        "every event.",
        f"{_TESTS}/server/test_eventbridge.py::test_a_state_machine_is_started_with_the_event",
        factory_argument="context_factory",
    ),
    Patch(
        "moto.awslambda.models:lambda_backends.backend",
        "localaws.services.lambda_.backend:LocalLambdaBackend.created_by",
        "Functions run in Docker containers.",
        f"{_TESTS}/server/test_lambda.py::test_the_environment_is_that_of_lambda",
        factory_argument="context_factory",
    ),
    Patch(
        "moto.iam.urls:url_paths",
        "localaws.services.git.iam:url_paths",
        "Git credentials of IAM users (service-specific credentials) do not exist.",
        f"{_TESTS}/server/git/test_credentials.py::test_plain_git_with_the_credentials_of_an_iam_user",
        factory_argument="context_factory",
    ),
    Patch(
        "moto.logs.models:logs_backends.backend",
        "localaws.services.logs.backend:LocalLogsBackend.created_by",
        "Metric filters are kept and publish nothing; a second filter of a name is added beside the first.",
        f"{_TESTS}/server/test_logs.py::test_metric_filters_publish_what_they_match",
        factory_argument="context_factory",
    ),
    Patch(
        "moto.logs.models:utcnow",
        "localaws.services.logs.time:utcnow",
        "Lines that are dated by a clock which runs fast count as too new and are dropped.",
        f"{_TESTS}/server/test_logs.py::test_the_log_of_a_job_on_a_fast_clock",
        factory_argument="context_factory",
    ),
    Patch(
        "moto.kms.responses:KmsResponse.sign",
        "localaws.services.kms.signing:sign",
        "A digest is hashed again, so the signature verifies nowhere else.",
        f"{_TESTS}/server/test_kms.py::test_a_signed_digest_verifies_with_the_public_key",
        factory_argument="original",
    ),
    Patch(
        "moto.kms.responses:KmsResponse.verify",
        "localaws.services.kms.signing:verify",
        "A digest is hashed again; a wrong signature is an answer and not KMSInvalidSignatureException.",
        f"{_TESTS}/server/test_kms.py::test_a_wrong_signature_is_an_error",
        factory_argument="original",
    ),
    Patch(
        "moto.kms.utils:ECDSAPrivateKey._ECDSAPrivateKey__hash_algorithm",
        "localaws.services.kms.signing:ecdsa_hash",
        "Knows no digest: the hash of the algorithm is always computed.",
        f"{_TESTS}/server/test_kms.py::test_a_signed_digest_verifies_with_the_public_key",
        factory_argument="original",
    ),
    Patch(
        "moto.kms.utils:RSAPrivateKey._RSAPrivateKey__padding_and_hash_algorithm",
        "localaws.services.kms.signing:rsa_padding_and_hash",
        "Knows no digest: the hash of the algorithm is always computed.",
        f"{_TESTS}/server/test_kms.py::test_a_signed_digest_verifies_with_the_public_key",
        factory_argument="original",
    ),
    Patch(
        "moto.stepfunctions.models:stepfunctions_backends.backend",
        "localaws.patches:interpreting_backend",
        "State machines are recorded and not run. moto's own setting for that leads to a second set of "
        "backends that its other services do not use.",
        f"{_TESTS}/server/test_stepfunctions.py::test_paths_and_the_context_object",
        factory_argument="context_factory",
    ),
    Patch(
        "moto.sts.responses:TokenResponse.assume_role_with_web_identity",
        "localaws.services.sts.web_identity:assume_role_with_web_identity",
        "Any token gets credentials of any role.",
        f"{_TESTS}/server/test_web_identity.py::test_a_role_that_trusts_another_subject",
        factory_argument="context_factory",
    ),
)
"""Applied when moto is loaded."""

INTERPRETER_PATCHES = (
    Patch(
        f"{_INTERPRETER}.utils.boto_client:boto_client_for",
        "localaws.services.stepfunctions.interpreter:task_client",
        "Each task creates a client (0.1 s), with invented keys instead of its role's credentials.",
        f"{_TESTS}/server/test_stepfunctions.py::test_a_task_uses_the_role_of_its_state_machine",
        factory_argument="context_factory",
    ),
    Patch(
        f"{_INTERPRETER}.utils.json_path:extract_json",
        "localaws.services.stepfunctions.semantics:extract_json",
        "``$.list[0].name`` is a list of one, and each evaluation parses its path again.",
        f"{_TESTS}/server/test_stepfunctions.py::test_a_definite_path_is_one_value",
    ),
    Patch(
        f"{_TASK}.state_task_service_factory:state_task_service_for",
        "localaws.services.stepfunctions.interpreter:task_for_service",
        "The sagemaker integration is missing; aws-sdk misspells errors and leaves dates in the state.",
        f"{_TESTS}/server/test_stepfunctions.py::test_s3_get_object_is_text",
        factory_argument="original",
    ),
    Patch(
        f"{_INTERPRETER}.component.state.exec.state_task.state_task:StateTask._eval_parameters",
        "localaws.services.stepfunctions.interpreter:task_parameters",
        "A task without Parameters calls its API without any, not with its input.",
        f"{_TESTS}/server/test_stepfunctions.py::test_a_task_without_parameters_passes_its_input",
        factory_argument="original",
    ),
    Patch(
        f"{_TASK}.state_task_service:StateTaskService._normalise_parameters",
        "localaws.services.stepfunctions.interpreter:normalise_parameters",
        "Empty, so an API whose parameters are in camelCase cannot be called.",
        f"{_TESTS}/server/test_stepfunctions.py::test_another_state_machine_in_sync",
    ),
    Patch(
        f"{_TASK}.state_task_service:StateTaskService._normalise_response",
        "localaws.services.stepfunctions.interpreter:normalise_response",
        "Empty, so the answer of an API in camelCase does not have the names of Step Functions.",
        f"{_TESTS}/server/test_stepfunctions.py::test_another_state_machine_in_sync",
    ),
    Patch(
        f"{_INTERPRETER}.component.common.error_name.error_equals_decl:ErrorEqualsDecl._eval_body",
        "localaws.services.stepfunctions.interpreter:match_error",
        "States.ALL catches States.Runtime, which nothing catches on AWS.",
        f"{_TESTS}/unit/services/stepfunctions/test_sagemaker_task.py"
        "::test_a_field_that_the_api_lacks_ends_the_execution",
    ),
    Patch(
        f"{_INTERPRETER}.component.state.choice.state_choice:StateChoice._eval_state",
        "localaws.services.stepfunctions.interpreter:evaluate_choice",
        "Without a matching rule the execution fails with a Python error, not States.NoChoiceMatched.",
        f"{_TESTS}/server/test_stepfunctions.py"
        "::test_choice_combines_rules_and_fails_without_default",
        factory_argument="original",
    ),
    Patch(
        f"{_INTERPRETER}.component.state.wait.wait_function.wait_function:WaitFunction._wait_interval",
        "localaws.services.stepfunctions.interpreter:wait_interval",
        "Wait follows the wall clock, not the clock of localaws.",
        f"{_TESTS}/unit/services/stepfunctions/test_clock.py::test_wait_on_a_fast_clock",
        factory_argument="context_factory",
    ),
    Patch(
        f"{_INTERPRETER}.component.common.retry.retrier_decl:time",
        "localaws.services.stepfunctions.interpreter:retry_time",
        "The pause before a retry follows the wall clock, not the clock of localaws.",
        f"{_TESTS}/unit/services/stepfunctions/test_clock.py::test_retry_on_a_fast_clock",
        factory_argument="context_factory",
    ),
)
"""Applied when the first Step Functions backend is created."""


def moto_application(context_factory: ContextFactory) -> Any:
    """moto's WSGI application, patched."""
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        create_backend_app,
    )

    apply(PATCHES, context_factory)

    def create_app(service: Any) -> Any:
        if service is None:
            raise NotImplementedError("no such service, or none that moto knows")
        return create_backend_app(service)

    class Dispatcher(DomainDispatcherApplication):  # type: ignore[misc]  # moto has no types
        # Called twice for each request; moto lists its own directory each time.
        @lru_cache(maxsize=1024)  # noqa: B019 - there is one dispatcher
        def get_backend_for_host(self, host: str | None) -> Any:
            return super().get_backend_for_host(host)

    return Dispatcher(create_app)


def close() -> None:
    """Stop what the backends of localaws run: executions, execution environments, deliveries."""
    from moto.backends import get_backend

    for service in ("stepfunctions", "lambda", "events"):
        for account in get_backend(service).values():
            for backend in account.values():
                backend.close()


def interpreting_backend(context_factory: ContextFactory) -> Any:
    """Creates Step Functions backends that run state machines; the first one loads the interpreter."""
    lock = threading.Lock()
    applied: list[ExitStack] = []

    def create(region_name: str, account_id: str) -> Any:
        from localaws.services.stepfunctions.backend import LocalStepFunctionsBackend

        with lock:
            if not applied:
                applied.append(apply(INTERPRETER_PATCHES, context_factory))
        return LocalStepFunctionsBackend(context_factory, region_name, account_id)

    return create
