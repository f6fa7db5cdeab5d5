"""Every setting of the server, read once from the environment. SageMaker's own names where it has them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
# InvokeEndpoint takes no more; a transform job's MaxPayloadInMB may be up to 100.
INVOCATION_MIB = 6
BATCH_MAXIMUM_MIB = 100


class SettingError(Exception):
    """A variable has a value that is not allowed; the message says what was found and what is expected."""


@dataclass(frozen=True)
class Settings:
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    model_directory: Path = Path("/opt/ml/model")
    batch: bool = False  # started by a transform job
    maximum_body: int = INVOCATION_MIB * MIB
    header_seconds: float = 10.0  # from the first byte of a request to the end of its headers
    body_seconds: float = 30.0  # from there to the end of the body, and for taking the answer
    idle_seconds: float = 75.0  # between two requests; SageMaker's proxy closes first, after 60
    drain_seconds: float = 25.0  # SageMaker kills 30 seconds after SIGTERM
    connections: int = 1000  # per worker; more wait in the listen queue


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this container; raise SettingError on the first bad variable."""
    variables = os.environ if environment is None else environment
    default = Settings()
    batch = variables.get("SAGEMAKER_BATCH", "").lower() == "true"
    return Settings(
        # The image sets 0.0.0.0. A server that is started by hand is for this machine only.
        host=variables.get("SERVING_HOST") or default.host,
        port=_integer(variables, "SAGEMAKER_BIND_TO_PORT", default.port, 0, 65_535),
        workers=_integer(variables, "SAGEMAKER_MODEL_SERVER_WORKERS", _cores(), 1, 512),
        model_directory=Path(variables.get("SM_MODEL_DIR") or default.model_directory),
        batch=batch,
        maximum_body=_maximum_body(variables) if batch else default.maximum_body,
        header_seconds=_seconds(variables, "SERVING_HEADER_SECONDS", default.header_seconds),
        body_seconds=_seconds(variables, "SERVING_BODY_SECONDS", default.body_seconds),
        idle_seconds=_seconds(variables, "SERVING_IDLE_SECONDS", default.idle_seconds),
        drain_seconds=_seconds(variables, "SERVING_DRAIN_SECONDS", default.drain_seconds),
    )


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _maximum_body(variables: Mapping[str, str]) -> int:
    """A transform job may send more than an endpoint; 0 means chunked, of any length."""
    name = "SAGEMAKER_MAX_PAYLOAD_IN_MB"
    limit = _integer(variables, name, INVOCATION_MIB, 0, BATCH_MAXIMUM_MIB)
    return (limit or BATCH_MAXIMUM_MIB) * MIB


def _integer(variables: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = variables.get(name, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise SettingError(f"{name}: found {text!r}, expected a whole number from {low} to {high}.")
    return int(text)


def _seconds(variables: Mapping[str, str], name: str, default: float) -> float:
    text = variables.get(name, "").strip()
    try:
        value = float(text) if text else default
    except ValueError:
        value = 0.0
    if not 0.05 <= value <= 3600:
        raise SettingError(f"{name}: found {text!r}, expected seconds from 0.05 to 3600.")
    return value
