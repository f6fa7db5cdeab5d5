"""The one place where moto is changed. Each change names what it replaces and why.

* s3: a statement of a bucket policy whose condition is not met does not apply; moto takes it for a denial.
* s3: GetBucketNotificationConfiguration names EventBridge when it is on; moto drops it.
* stepfunctions: moto's interpreter instead of its recorder, with SageMaker's integrations, which it lacks.
* lambda: functions run as processes with AWS's own runtime client; moto wants Docker for that.
* events: CodePipeline, Step Functions and Lambda targets are delivered; moto drops them.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from localaws.core.context import ContextFactory

_INSTALLERS = (
    "localaws.services.s3.bucket_policy",
    "localaws.services.s3.notification",
    "localaws.services.stepfunctions.moto_backend",
    "localaws.services.lambda_.moto_backend",
    "localaws.services.events.moto_backend",
)


def moto_application(context_factory: ContextFactory) -> Any:
    """moto's WSGI application, with the changes of this module made."""
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        create_backend_app,
    )

    for module in _INSTALLERS:
        import_module(module).install(context_factory)

    def create_app(service: Any) -> Any:
        if service is None:
            raise NotImplementedError("no such service, or none that moto knows")
        return create_backend_app(service)

    return DomainDispatcherApplication(create_app)


def close() -> None:
    """Stop what moto's backends run: executions, execution environments, deliveries."""
    from moto.backends import get_backend

    for service in ("stepfunctions", "lambda", "events"):
        for account in get_backend(service).values():
            for backend in account.values():
                backend.reset()
