"""How the process of a function is started, and how its events are retried, from the function's record."""

from __future__ import annotations

import os
import sys
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

from localaws.core.context import Context
from localaws.services.lambda_.code import CodeStore
from localaws.services.lambda_.environment import RuntimeSpec
from localaws.services.lambda_.function import ProcessFunction
from localaws.services.lambda_.invoker import (
    DEFAULT_MAX_AGE_SECONDS,
    DEFAULT_RETRY_ATTEMPTS,
    AsyncSettings,
)
from localaws.services.lambda_.runtime_packages import runtime_folder

_SITE_PACKAGES = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


def runtime_spec(
    function: ProcessFunction,
    context: Context,
    code: CodeStore,
    layer_by_arn: Callable[[str], Any],
) -> RuntimeSpec:
    """How to start an environment of ``function``. Its package and layers are unpacked on first use."""
    code_dir = code.unpack(_hex(function.code_sha_256), function.code_bytes)
    layer_dirs = [
        code.unpack(_hex(layer.code_sha_256), layer.code_bytes)
        for layer in (layer_by_arn(entry["Arn"]) for entry in function.layers)
        if layer is not None
    ]
    version = str(function.version)
    environment = {
        **function.environment_vars,
        **context.environment(
            function.role, context.acting(function.function_arn, _session_name(function))
        ),
        **_process_variables(code_dir, layer_dirs, runtime_folder(context.work_dir)),
        "_HANDLER": function.handler,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
        "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_FORMAT": function.log_format,
        "LAMBDA_TASK_ROOT": str(code_dir),
        "TZ": ":UTC",
    }
    return RuntimeSpec(
        function_name=function.function_name,
        version=version,
        handler=function.handler,
        code_dir=code_dir,
        environment=tuple(sorted(environment.items())),
        timeout_seconds=float(function.timeout),
        memory_mb=int(function.memory_size),
        log_group=function.log_group,
        log_format="JSON" if function.log_format == "JSON" else "Text",
    )


def async_settings(function: ProcessFunction) -> AsyncSettings:
    """The retries and destinations of ``function`` for asynchronous invocations."""
    config = function.event_invoke_config[0].config if function.event_invoke_config else {}
    destinations = config.get("DestinationConfig") or {}
    return AsyncSettings(
        retry_attempts=config.get("MaximumRetryAttempts", DEFAULT_RETRY_ATTEMPTS),
        max_age_seconds=config.get("MaximumEventAgeInSeconds", DEFAULT_MAX_AGE_SECONDS),
        on_success=(destinations.get("OnSuccess") or {}).get("Destination"),
        on_failure=(destinations.get("OnFailure") or {}).get("Destination"),
        dead_letter=function.extra_settings.get("DeadLetterConfig", {}).get("TargetArn"),
    )


def _session_name(function: ProcessFunction) -> str:
    """As on AWS the name of the function; a random one where that is too short for STS."""
    name = str(function.function_name)
    return name if len(name) > 1 else ""


def _process_variables(code_dir: Path, layer_dirs: list[Path], runtime_dir: Path) -> dict[str, str]:
    # The function first, then its layers, then the runtime: a package may contain a newer boto3.
    places = [code_dir]
    for layer_dir in layer_dirs:
        places += [layer_dir / "python", layer_dir / "python" / _SITE_PACKAGES]
    places.append(runtime_dir)
    binaries = [str(layer_dir / "bin") for layer_dir in layer_dirs]
    return {
        "PYTHONPATH": os.pathsep.join(str(place) for place in places),
        "PATH": os.pathsep.join([*binaries, "/usr/local/bin", "/usr/bin", "/bin"]),
        "LANG": "en_US.UTF-8",
        "PYTHONUTF8": "1",
        # All environments share the unpacked package; on AWS it is read-only.
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _hex(code_sha_256: str) -> str:
    return b64decode(code_sha_256).hex()
