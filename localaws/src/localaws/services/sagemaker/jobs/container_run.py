"""The container of a processing or training job, from its start to its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from localaws.core.context import Context
from localaws.services.sagemaker.container.environment import container_environment
from localaws.services.sagemaker.container.process import ContainerProcess, Exit, run
from localaws.services.sagemaker.container.sandbox import Sandbox
from localaws.services.sagemaker.images.launch import Launch
from localaws.services.sagemaker.jobs.record import JobRecord
from localaws.services.sagemaker.jobs.runner import STOP_GRACE_SECONDS


def run_container(
    context: Context,
    job: JobRecord,
    sandbox: Sandbox,
    launch: Launch,
    on_line: Callable[[str], None],
    *,
    isolated: bool,
    variables: Mapping[str, str] | None = None,
) -> Exit:
    """Run the command of a job until it ends, is stopped, or exceeds its MaxRuntimeInSeconds.

    Args:
        context: the surroundings of the service.
        job: its request says which role, variables and maximum runtime.
        sandbox: the directories of the container.
        launch: the command.
        on_line: takes each line of output.
        isolated: without network and credentials.
        variables: which SageMaker sets for this kind of job. Those of the image and the request win.
    """
    credentials = {} if isolated else context.environment(job.request["RoleArn"])
    environment = container_environment(
        context.work_dir, sandbox.scratch, variables or {}, launch.environment, credentials,
        job.request.get("Environment", {}), path=launch.path, image=launch.image,
    )  # fmt: skip
    view = sandbox.view(launch.working_directory, image=launch.image, isolate_network=isolated)
    return run(
        ContainerProcess(context, sandbox, view, launch.argv, environment, on_line),
        context,
        job.stop,
        max_runtime=job.request["StoppingCondition"]["MaxRuntimeInSeconds"],
        grace_seconds=STOP_GRACE_SECONDS,
    )
