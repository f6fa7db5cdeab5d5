"""What ``docker login`` was given, in the file where Docker's client keeps it."""

from __future__ import annotations

import base64
import json
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localaws.services.ecr.docker.errors import DockerError

_SECONDS = 10


class Credentials:
    """``config.json`` of Docker.

    Args:
        path: the file; by default that of DOCKER_CONFIG, or of the home directory.
    """

    def __init__(self, path: Path | None = None, environ: Mapping[str, str] = os.environ) -> None:
        directory = environ.get("DOCKER_CONFIG") or str(Path.home() / ".docker")
        self.path = path or Path(directory) / "config.json"

    def save(self, user: str, password: str, *hosts: str) -> None:
        """Keep user and password for some registries."""
        value = base64.b64encode(f"{user}:{password}".encode()).decode()
        document = self._read()
        document.setdefault("auths", {}).update({host: {"auth": value} for host in hosts})
        self._write(document)

    def forget(self, *hosts: str) -> bool:
        """Forget some registries. False when none of them was known."""
        document = self._read()
        known = document.get("auths", {})
        found = [known.pop(host) for host in hosts if host in known]
        if found:
            self._write(document)
        return bool(found)

    def _read(self) -> dict[str, Any]:
        try:
            document = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise DockerError(f"{self.path} is not JSON: {error}. Correct or remove it.") from None
        if not isinstance(document, dict):
            raise DockerError(f"{self.path} is not a JSON object. Correct or remove it.")
        return document

    def _write(self, document: Mapping[str, Any]) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A temporary file is readable by its owner only, and is renamed when it is complete.
        with tempfile.NamedTemporaryFile(
            "w", dir=self.path.parent, delete=False, encoding="utf-8"
        ) as file:
            json.dump(document, file, indent=2)
        Path(file.name).replace(self.path)


def check_login(endpoint: str, host: str, user: str, password: str) -> None:
    """Ask the registry of localaws whether it takes a password.

    Raises:
        DockerError: it does not, or does not answer.
    """
    value = base64.b64encode(f"{user}:{password}".encode()).decode()
    request = urllib.request.Request(
        f"http://{endpoint}/v2/", headers={"Authorization": f"Basic {value}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS):  # noqa: S310
            return
    except urllib.error.HTTPError as error:
        with error:
            text = error.read().decode("utf-8", "replace")
        raise DockerError(
            f"Error response from daemon: login attempt to {host} (at {endpoint}) failed with status: "
            f"{error.code} {error.reason}: {text}"
        ) from None
    except OSError as error:
        raise DockerError(
            f"localaws does not answer at {endpoint}: {error}. Start it: localaws start"
        ) from None
