"""The load that the options describe: constant, a ramp or steps, or a preset by name."""

from __future__ import annotations

import math
from dataclasses import dataclass

from landing_zone.core.errors import OperatorError
from landing_zone.load.schedule import Load, Phase

MOST_REQUESTS = 1_000_000
MOST_SECONDS = 3600.0
MOST_RATE = 10_000.0
MOST_CONNECTIONS = 500
MOST_TIMEOUT = 300.0

DEFAULT_RATE = 10.0
DEFAULT_SECONDS = 30.0
DEFAULT_CONNECTIONS = 50
# SageMaker itself ends a request to a model after 60 s.
DEFAULT_TIMEOUT = 60.0


class UsageError(OperatorError):
    """Raised when the options do not describe a load test."""


@dataclass(frozen=True)
class Preset:
    """Requests and connections of a known load, with the rate at which they are sent."""

    requests: int
    connections: int
    rate: float


# The requests and threads are those of the stress test of awslabs/amazon-sagemaker-mlops-workshop
# (lab/03_TestingHacking), whose threads send as fast as they get answers. In its published output a thread
# sends about three requests a second, which gives the rates here.
PRESETS = {
    "light": Preset(1_000, 10, 30.0),
    "medium": Preset(10_000, 100, 300.0),
    "heavy": Preset(100_000, 150, 450.0),
}


@dataclass(frozen=True)
class LoadOptions:
    """The options of a load; None where one was not given."""

    preset: str | None = None
    rate: float | None = None
    ramp: tuple[float, float] | None = None
    steps: tuple[float, ...] | None = None
    seconds: float | None = None
    requests: int | None = None
    connections: int | None = None
    timeout_seconds: float | None = None


def make_load(options: LoadOptions) -> Load:
    """The load of the options: each one that is given overrides the preset; the error lists all faults."""
    shapes = [options.rate, options.ramp, options.steps]
    if sum(shape is not None for shape in shapes) > 1:
        raise UsageError("--rate, --ramp and --steps exclude each other: give one of them")
    preset = PRESETS[options.preset] if options.preset else None
    rates = _rates(options, preset)
    requests = options.requests or (preset.requests if preset else None)
    seconds = options.seconds or _seconds(rates, requests)
    connections = options.connections or (preset.connections if preset else DEFAULT_CONNECTIONS)
    timeout = options.timeout_seconds or DEFAULT_TIMEOUT
    faults = [
        f"{name} is {value:,.10g}; allowed: more than 0, at most {most:,.10g}"
        for name, value, most in (
            ("the highest rate", max(max(pair) for pair in rates), MOST_RATE),
            ("the number of seconds", seconds, MOST_SECONDS),
            ("--connections", connections, MOST_CONNECTIONS),
            ("--timeout-seconds", timeout, MOST_TIMEOUT),
        )
        if not 0 < value <= most
    ]
    if faults:
        raise UsageError("; ".join(faults))
    phases = tuple(Phase(first, last, seconds / len(rates)) for first, last in rates)
    load = Load(phases, requests or MOST_REQUESTS + 1, connections, timeout)
    if load.requests > MOST_REQUESTS:
        raise UsageError(
            f"this load has more than {MOST_REQUESTS:,} requests, the most allowed: lower the rate or "
            "--seconds, or set --requests"
        )
    return load


def positive(text: str) -> float:
    """A finite number above 0, for argparse."""
    value = float(text)
    if not (math.isfinite(value) and value > 0):
        raise ValueError(text)
    return value


def whole(text: str) -> int:
    """A whole number above 0, for argparse."""
    value = int(text)
    if value <= 0:
        raise ValueError(text)
    return value


def share(text: str) -> float:
    """A number from 0 to 1, for argparse."""
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError(text)
    return value


def ramp(text: str) -> tuple[float, float]:
    """Two rates such as 10:200, of which one may be 0, for argparse."""
    first, last = (float(part) for part in text.split(":"))
    if min(first, last) < 0 or not 0 < max(first, last) <= MOST_RATE:
        raise ValueError(text)
    return first, last


def steps(text: str) -> tuple[float, ...]:
    """Rates such as 50,100,200, for argparse."""
    return tuple(positive(part) for part in text.split(","))


def _rates(options: LoadOptions, preset: Preset | None) -> list[tuple[float, float]]:
    """The first and the last rate of each phase."""
    if options.ramp:
        return [options.ramp]
    if options.steps:
        return [(rate, rate) for rate in options.steps]
    rate = options.rate or (preset.rate if preset else DEFAULT_RATE)
    return [(rate, rate)]


def _seconds(rates: list[tuple[float, float]], requests: int | None) -> float:
    """Without --seconds the number of requests decides, where there is one."""
    if requests is None:
        return DEFAULT_SECONDS
    return requests * len(rates) / sum((first + last) / 2 for first, last in rates)
