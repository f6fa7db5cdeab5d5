"""What of moto's Step Functions is replaced.

``moto.stepfunctions.models.stepfunctions_backends`` makes recorders by default. :func:`install` makes it
make :class:`~localaws.services.stepfunctions.backend.LocalStepFunctionsBackend`, which runs what it
records. moto has a switch of its own (``execute_state_machine`` in a global configuration); it leads to a
second set of backends that moto's other services do not see.
"""

from __future__ import annotations

from typing import Any

from localaws.core.context import ACCOUNT_ID, ContextFactory


def install(context_factory: ContextFactory) -> None:
    """Make moto's Step Functions backends ours."""
    from moto.stepfunctions.models import stepfunctions_backends

    from localaws.services.stepfunctions.tasks.clients import TaskClients

    clients = TaskClients(context_factory)

    def make(region_name: str, account_id: str) -> Any:
        # The interpreter takes a second to import, so only the first use of Step Functions does.
        from localaws.services.stepfunctions import interpreter
        from localaws.services.stepfunctions.backend import LocalStepFunctionsBackend

        clock = context_factory(ACCOUNT_ID, region_name, "stepfunctions").clock
        interpreter.install(clients, clock)
        return LocalStepFunctionsBackend(region_name, account_id, context_factory)

    stepfunctions_backends.backend = make
