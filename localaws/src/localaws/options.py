"""The options of a server: their arguments, the settings behind them, their defaults."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from localaws.core.access import AccessPolicy
from localaws.services.iam.mode import SETTING, Mode
from localaws.services.sagemaker.images.settings import (
    IMAGES_VARIABLE,
    format_images,
    images_from_environment,
    parse_images,
)

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True)
class ServerOptions:
    """How a server runs."""

    port: int = 4566
    """TCP port on 127.0.0.1; 0 takes a free one."""
    https_port: int | None = None
    """A second port, for HTTPS; None serves no HTTPS."""
    time_scale: float = 1.0
    """Emulated seconds per real second."""
    log_level: str = "INFO"
    images: Mapping[str, Path] = field(default_factory=dict)
    """The directory that holds the programs of each repository's image."""
    iam: Mode = Mode.OFF
    """What happens with the decisions of IAM."""
    access: AccessPolicy = field(default_factory=AccessPolicy)
    """Who may use the server. It has settings only, which ``localaws run`` reads again."""

    def arguments(self) -> list[str]:
        """The options of ``localaws run`` that mean the same."""
        https = [] if self.https_port is None else ["--https-port", str(self.https_port)]
        return [
            "--port", str(self.port),
            *https,
            "--time-scale", str(self.time_scale),
            "--log-level", self.log_level,
            "--iam", self.iam.value,
        ]  # fmt: skip

    def environment(self) -> dict[str, str]:
        """The settings that the services read from the environment of the server."""
        return {IMAGES_VARIABLE: format_images(self.images), SETTING: self.iam.value}


def add_to(arguments: argparse.ArgumentParser) -> None:
    """Add the options to a command. Without an option its setting counts, then its default."""
    arguments.add_argument(
        "--port", type=_port, default=os.environ.get("LOCALAWS_PORT") or "4566",
        help="TCP port on 127.0.0.1, 0 to 65535; 0 takes a free one (default: LOCALAWS_PORT, or 4566)",
    )  # fmt: skip
    arguments.add_argument(
        "--https-port", type=_https_port, metavar="PORT",
        default=os.environ.get("LOCALAWS_HTTPS_PORT") or None,
        help="a second port, which serves HTTPS with a certificate of its own; 0 takes a free one"
        " (default: LOCALAWS_HTTPS_PORT, or no HTTPS)",
    )  # fmt: skip
    arguments.add_argument(
        "--time-scale", type=_time_scale, metavar="NUMBER",
        default=os.environ.get("LOCALAWS_TIME_SCALE") or "1.0",
        help="emulated seconds per real second, greater than 0 (default: LOCALAWS_TIME_SCALE, or 1.0)",
    )  # fmt: skip
    arguments.add_argument(
        "--log-level", type=_log_level, metavar="LEVEL",
        default=os.environ.get("LOCALAWS_LOG_LEVEL") or "INFO",
        help="DEBUG (a line for each request), INFO, WARNING or ERROR"
        " (default: LOCALAWS_LOG_LEVEL, or INFO)",
    )  # fmt: skip
    arguments.add_argument(
        "--iam", type=_iam_mode, metavar="MODE", default=os.environ.get(SETTING) or Mode.OFF.value,
        help="off, audit (policies are evaluated and recorded) or enforce (what they do not allow is"
        f" refused) (default: {SETTING}, or off)",
    )  # fmt: skip
    arguments.add_argument(
        "--image", action="append", metavar="REPOSITORY=DIRECTORY",
        help="run the images of this ECR repository by the programs (train, serve, scripts) in this"
        " directory; can be repeated, and * is every repository without a directory of its own"
        f" (default: the pairs in {IMAGES_VARIABLE}, separated by commas, or none)",
    )  # fmt: skip


def from_arguments(args: argparse.Namespace) -> ServerOptions:
    """The options that were given, and the settings that have no option.

    Raises:
        ImageSettingError: an image is wrong.
        SettingError: a setting of the access policy is wrong. argparse has checked the other options.
    """
    images = parse_images(args.image) if args.image else images_from_environment(os.environ)
    access = AccessPolicy.from_environment(os.environ)
    return ServerOptions(
        args.port, args.https_port, args.time_scale, args.log_level, images, args.iam, access
    )


def _port(text: str, source: str = "--port or LOCALAWS_PORT") -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(
            f"{text!r} (of {source}) is not a port; allowed are 0 to 65535, and 0 takes a free one"
        )
    return int(text)


def _iam_mode(text: str) -> Mode:
    try:
        return Mode(text)
    except ValueError as error:
        allowed = ", ".join(mode.value for mode in Mode)
        raise argparse.ArgumentTypeError(
            f"{text!r} (of --iam or {SETTING}) is not a mode; allowed are {allowed}"
        ) from error


def _https_port(text: str) -> int:
    return _port(text, "--https-port or LOCALAWS_HTTPS_PORT")


def _time_scale(text: str) -> float:
    try:
        scale = float(text)
    except ValueError:
        scale = math.nan
    if not 0 < scale < math.inf:
        raise argparse.ArgumentTypeError(
            f"{text!r} (of --time-scale or LOCALAWS_TIME_SCALE) is not a time scale;"
            " allowed are numbers greater than 0, for example 60"
        )
    return scale


def _log_level(text: str) -> str:
    if text.upper() not in LOG_LEVELS:
        raise argparse.ArgumentTypeError(
            f"{text!r} (of --log-level or LOCALAWS_LOG_LEVEL) is not a log level;"
            f" allowed are {', '.join(LOG_LEVELS)}"
        )
    return text.upper()
