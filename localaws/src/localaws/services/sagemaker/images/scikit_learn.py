"""AWS's prebuilt scikit-learn image in script mode. It runs the user's script as the image's toolkit does.

Names of variables and the order of arguments are those of sagemaker-training-toolkit
(ENVIRONMENT_VARIABLES.md) and sagemaker-scikit-learn-container; the versions of scikit-learn and Python
are those of localaws' interpreter.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from localaws.services.sagemaker.container.environment import cpu_count
from localaws.services.sagemaker.images.extra import require_extra
from localaws.services.sagemaker.images.launch import Image, Launch, ServingSetup, TrainingSetup
from localaws.services.sagemaker.images.source_code import (
    CODE_DIRECTORY,
    check_requirements,
    require_program,
    unpack_source,
)

_SERVER = Path(__file__).parent / "scikit_learn_server"
_MODEL_CODE = "/opt/ml/model/code"
_OUTPUT = "/opt/ml/output"


class ScikitLearnImage(Image):
    """``<AWS's account>.dkr.ecr.<region>.amazonaws.com/sagemaker-scikit-learn:<tag>``."""

    def training(self, setup: TrainingSetup) -> Launch:
        """``python3 <sagemaker_program> --key value ...`` in /opt/ml/code."""
        require_extra("scikit-learn")
        decoded = {key: _decode(value) for key, value in setup.hyperparameters.items()}
        framework = {k: v for k, v in decoded.items() if k.startswith("sagemaker_")}
        user = {k: v for k, v in decoded.items() if k not in framework}
        code = setup.sandbox.host(CODE_DIRECTORY)
        source = framework.get("sagemaker_submit_directory")
        if source:
            unpack_source(
                str(source), setup.sandbox, setup.fetch, network_isolation=setup.network_isolation
            )
        program = require_program(code, framework.get("sagemaker_program"), "sagemaker_program")
        check_requirements(code)
        arguments = _arguments(user)
        return Launch(
            ("python3", program, *arguments),
            _training_environment(setup, program, user, framework, arguments),
            working_directory=CODE_DIRECTORY,
        )

    def training_failure(self, launch: Launch, code: int, tail: Sequence[str]) -> str:
        """What the toolkit writes to the failure file when the script wrote none."""
        command = " ".join(launch.argv)
        return (
            f'ExecuteUserScriptError:\nExitCode {code}\nErrorMessage "{_last_error(tail)}"\n'
            f'Command "{command}"'
        )

    def serving(self, setup: ServingSetup) -> Launch:
        """gunicorn and Flask with the user's model_fn, input_fn, predict_fn and output_fn."""
        require_extra("scikit-learn")
        submit = setup.environment.get("SAGEMAKER_SUBMIT_DIRECTORY", _MODEL_CODE)
        if submit.startswith("/opt/ml/model"):
            code_directory = submit
            code = setup.model_directory / Path(submit).relative_to("/opt/ml/model")
        else:
            unpack_source(
                submit, setup.sandbox, setup.fetch, network_isolation=setup.network_isolation
            )
            code_directory, code = CODE_DIRECTORY, setup.sandbox.host(CODE_DIRECTORY)
        program = setup.environment.get("SAGEMAKER_PROGRAM", "inference.py")
        require_program(code, program, "SAGEMAKER_PROGRAM")
        check_requirements(code)
        return Launch(
            (
                "python3", "-m", "gunicorn", "--no-control-socket",
                "--config", str(_SERVER / "gunicorn_config.py"),
                "--chdir", str(_SERVER), "application:app",
            ),
            {
                "SAGEMAKER_BIND_TO_PORT": str(setup.port),
                "SAGEMAKER_PROGRAM": program,
                "LOCALAWS_CODE_DIRECTORY": code_directory,
            },
        )  # fmt: skip


def _decode(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _arguments(user: Mapping[str, Any]) -> list[str]:
    """Hyperparameters as the script's command line, sorted by name."""
    arguments: list[str] = []
    for key, value in sorted(user.items()):
        if isinstance(value, dict):
            value = ",".join(f"{k}={v}" for k, v in sorted(value.items()))
        arguments += [f"--{key}" if len(key) > 1 else f"-{key}", str(value)]
    return arguments


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True, separators=(",", ":"))
    return str(value)


def _training_environment(
    setup: TrainingSetup,
    program: str,
    user: Mapping[str, Any],
    framework: Mapping[str, Any],
    arguments: Sequence[str],
) -> dict[str, str]:
    resources = setup.resource_config
    values: dict[str, Any] = {
        "hosts": resources["hosts"],
        "current_host": resources["current_host"],
        "network_interface_name": resources["network_interface_name"],
        "current_instance_type": resources["current_instance_type"],
        "current_instance_group": resources["current_group_name"],
        "current_instance_group_hosts": resources["hosts"],
        "instance_groups": [resources["current_group_name"]],
        "is_hetero": False,
        "hyperparameters": user,
        "user_entry_point": program,
        "framework_module": "sagemaker_sklearn_container.training:main",
        "additional_framework_parameters": {},
        "resource_config": resources,
        "input_data_config": setup.channels,
        "input_dir": "/opt/ml/input",
        "input_config_dir": "/opt/ml/input/config",
        "output_dir": _OUTPUT,
        "output_data_dir": f"{_OUTPUT}/data",
        "output_intermediate_dir": f"{_OUTPUT}/intermediate",
        "model_dir": "/opt/ml/model",
        "module_name": Path(program).stem,
        "module_dir": framework.get("sagemaker_submit_directory", CODE_DIRECTORY),
        "log_level": framework.get("sagemaker_container_log_level", 20),
        "job_name": framework.get("sagemaker_job_name", setup.job_name),
        "num_cpus": cpu_count(),
        "num_gpus": 0,
        "num_neurons": 0,
    }
    channels = {name: f"/opt/ml/input/data/{name}" for name in setup.channels}
    renamed = {"hyperparameters": "HPS", "additional_framework_parameters": "FRAMEWORK_PARAMS"}
    # Only in SM_TRAINING_ENV.
    hidden = {"job_name"}
    environment = {
        f"SM_{renamed.get(name, name.upper())}": _text(value)
        for name, value in values.items()
        if name not in hidden
    }
    environment["SM_CHANNELS"] = _text(sorted(channels))
    environment |= {f"SM_CHANNEL_{name.upper()}": path for name, path in channels.items()}
    environment |= {f"SM_HP_{key.upper()}": _text(value) for key, value in user.items()}
    environment["SM_USER_ARGS"] = _text(list(arguments))
    environment["SM_TRAINING_ENV"] = _text({**values, "channel_input_dirs": channels})
    environment["PYTHONPATH"] = CODE_DIRECTORY
    if "sagemaker_region" in framework:
        environment["SAGEMAKER_REGION"] = str(framework["sagemaker_region"])
    return environment


def _last_error(tail: Sequence[str]) -> str:
    """The last traceback in the log, or the last line."""
    starts = [
        i for i, line in enumerate(tail) if line.startswith("Traceback (most recent call last)")
    ]
    lines = tail[starts[-1] + 1 :] if starts else tail[-1:]
    return "\n".join(lines).replace('"', "'")
