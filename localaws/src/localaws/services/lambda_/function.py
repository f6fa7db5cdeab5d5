"""The record of a function: moto's, with the settings that moto drops."""

from __future__ import annotations

import json
import sys
import uuid
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaFunction
from moto.core.utils import iso_8601_datetime_with_nanoseconds

from localaws.services.lambda_.code import BadPackageError, check_package

# Settings that moto neither stores nor returns. Without them Terraform would find its own arguments missing
# after every apply.
_EXTRA_SETTINGS = ("DeadLetterConfig", "LoggingConfig", "SnapStart", "FileSystemConfigs")
_PUBLIC_RUNTIMES = "python3.9 python3.10 python3.11 python3.12 python3.13 python3.14"


class ProcessFunction(LambdaFunction):  # type: ignore[misc]  # moto has no types
    """One version of a function (``$LATEST``, or a published one)."""

    def __init__(
        self, account_id: str, spec: dict[str, Any], region: str, version: str | int = 1
    ) -> None:
        self.extra_settings = {name: spec[name] for name in _EXTRA_SETTINGS if spec.get(name)}
        self.revision_id = str(uuid.uuid4())
        super().__init__(account_id, spec, region, version)
        self._check_package()

    @property
    def log_group(self) -> str:
        """The log group of LoggingConfig, or the default."""
        group: str = self._logging_config()["LogGroup"]
        return group

    @property
    def log_format(self) -> str:
        """``Text`` or ``JSON``."""
        log_format: str = self._logging_config()["LogFormat"]
        return log_format

    def get_configuration(self, on_create: bool = False) -> dict[str, Any]:
        """moto's answer, plus what AWS returns and moto does not."""
        answer: dict[str, Any] = super().get_configuration(on_create)
        answer |= {
            "RevisionId": self.revision_id,
            "LoggingConfig": self._logging_config(),
            "LastUpdateStatus": "Successful",
        }
        if "DeadLetterConfig" in self.extra_settings:
            answer["DeadLetterConfig"] = self.extra_settings["DeadLetterConfig"]
        if "FileSystemConfigs" in self.extra_settings:
            answer["FileSystemConfigs"] = self.extra_settings["FileSystemConfigs"]
        if "SnapStart" in self.extra_settings:
            apply_on = self.extra_settings["SnapStart"]["ApplyOn"]
            answer["SnapStart"] = {"ApplyOn": apply_on, "OptimizationStatus": "Off"}
        return {name: value for name, value in answer.items() if value is not None}

    def get_code(self) -> dict[str, Any]:
        """moto omits a reserved concurrency of 0, which is the value that stops a function."""
        answer: dict[str, Any] = super().get_code()
        if self.reserved_concurrency is not None:
            answer["Concurrency"] = {"ReservedConcurrentExecutions": self.reserved_concurrency}
        return answer

    def update_configuration(self, config_updates: dict[str, Any]) -> dict[str, Any]:
        """moto ignores some settings and does not record the time of the change."""
        if "Environment" in config_updates:
            config_updates = config_updates | {
                "Environment": {"Variables": config_updates["Environment"].get("Variables") or {}}
            }
        super().update_configuration(config_updates)
        for name in _EXTRA_SETTINGS:
            if name in config_updates:
                self.extra_settings = {**self.extra_settings, name: config_updates[name]}
        if "KMSKeyArn" in config_updates:
            self.kms_key_arn = config_updates["KMSKeyArn"] or None
        if "TracingConfig" in config_updates:
            self.tracing_config = config_updates["TracingConfig"]
        if "EphemeralStorage" in config_updates:
            self.ephemeral_storage = config_updates["EphemeralStorage"]["Size"]
        self.touch()
        return self.get_configuration()

    def update_function_code(self, updated_spec: dict[str, Any]) -> dict[str, Any]:
        """moto ignores Architectures and does not record the time of the change."""
        super().update_function_code(updated_spec)
        self._check_package()
        if updated_spec.get("Architectures"):
            self.architectures = updated_spec["Architectures"]
        if not updated_spec.get("DryRun"):
            self.touch()
        return self.get_configuration()

    def touch(self) -> None:
        """Record that the function has changed."""
        self.last_modified = iso_8601_datetime_with_nanoseconds()
        self.revision_id = str(uuid.uuid4())

    def invoke(self, body: str, request_headers: Any, response_headers: Any) -> bytes:
        """Called by moto's other services (S3, SNS, logs, streams): invoke asynchronously."""
        from moto.awslambda.models import lambda_backends

        lambda_backends[self.account_id][self.region].invoke_event(self, body)
        return b""

    def refusal(self) -> str | None:
        """Why localaws cannot run this function; None when it can."""
        if self.package_type == "Image":
            return (
                f"{self.function_name} is a container image; localaws runs functions as processes, "
                "without containers. Package it as a zip file to run it here."
            )
        if not str(self.run_time).startswith("python3."):
            return (
                f"{self.function_name} asks for runtime {self.run_time!r}; localaws runs {_PUBLIC_RUNTIMES}, "
                f"all with its own interpreter ({sys.version.split()[0]})."
            )
        return None

    def _logging_config(self) -> dict[str, str]:
        given = self.extra_settings.get("LoggingConfig", {})
        config = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{self.function_name}"} | given
        if config["LogFormat"] == "JSON":
            config = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"} | config
        return config

    def _check_package(self) -> None:
        # AWS opens the archive when it receives it, not when the function first runs.
        if self.package_type == "Image" or not self.code_bytes:
            return
        try:
            check_package(self.code_bytes)
        except BadPackageError as error:
            raise InvalidParameterValueException(str(error)) from error

    def __repr__(self) -> str:
        return json.dumps(self.get_configuration(), default=str)
