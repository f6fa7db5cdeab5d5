"""A localaws for the tests of a project, on a free port, and clients of it.

with running(tmp_path) as localaws:
    localaws.client("s3").create_bucket(...)
    subprocess.run(["terraform", "apply"], env=localaws.environment)
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from localaws.daemon import Daemon

REGION = "eu-west-1"
"""The region of :attr:`LocalAws.environment` and of its clients."""


@dataclass(frozen=True)
class LocalAws:
    """A running server."""

    endpoint_url: str
    state_dir: Path
    pid: int
    https_endpoint_url: str | None = None
    """Where it serves HTTPS, with the option ``--https-port``."""
    certificate: Path | None = None
    """What a client has to trust for HTTPS, for example as ``GIT_SSL_CAINFO``."""

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment, with the variables that lead any AWS client to this server."""
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }

    def client(self, service_name: str, **config: Any) -> Any:
        """A boto3 client that does not retry, so that a test sees the first answer.

        Args:
            service_name: as for ``boto3.client``.
            config: arguments of ``botocore.config.Config``.
        """
        return boto3.client(
            service_name,
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - localaws accepts any key
            config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}, **config),
        )


@contextmanager
def running(state_dir: Path, *options: str) -> Iterator[LocalAws]:
    """Start a server on a free port, and stop it at the end of the block.

    Args:
        state_dir: the server's own directory; two servers need two.
        options: options of ``localaws start``, for example ``"--time-scale", "60"``.

    Raises:
        RuntimeError: the server did not start; the text is what the command printed.
    """
    command = [sys.executable, "-m", "localaws"]
    place = ["--state-dir", str(state_dir)]
    started = subprocess.run(
        [*command, "start", "--port", "0", *place, *options],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    status = Daemon(state_dir).status()
    if started.returncode or status is None:
        raise RuntimeError(started.stdout + started.stderr)
    try:
        certificate = status.get("certificate")
        yield LocalAws(
            status["endpoint_url"],
            state_dir,
            status["pid"],
            status.get("https_endpoint_url"),
            Path(certificate) if certificate else None,
        )
    finally:
        subprocess.run([*command, "stop", *place], check=True, capture_output=True)
