"""The REST API of GitHub for one repository, with the token of the job."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from landing_zone.core.errors import OperatorError

_PAGE = 100
_TIMEOUT_SECONDS = 30
_NOT_FOUND = 404


class Api(Protocol):
    """What most functions need of GitHub; the tests have their own."""

    def get(self, path: str) -> Any: ...
    def send(self, method: str, path: str, body: Mapping[str, Any]) -> Any: ...
    def pages(self, path: str) -> Iterator[dict[str, Any]]: ...


class NotFoundError(OperatorError):
    """GitHub has nothing at this path, or hides it from this token."""


@dataclass(frozen=True)
class GitHub:
    """Requests below /repos/{repository}/."""

    url: str
    repository: str
    token: str

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> GitHub:
        """The repository of the workflow run; GITHUB_TOKEN is given to a step by its `env`."""
        names = ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN")
        missing = [name for name in names if not environ.get(name)]
        if missing:
            raise OperatorError(
                f"{', '.join(missing)} is not set. A workflow of GitHub sets it; the token must be "
                "passed in the env of the step: GITHUB_TOKEN: ${{ github.token }}"
            )
        url, repository, token = (environ[name] for name in names)
        if not re.fullmatch(r"https?://\S+", url):
            raise OperatorError(f"GITHUB_API_URL is {url!r}; allowed: an http or https URL")
        return cls(url.rstrip("/"), repository, token)

    def get(self, path: str) -> Any:
        """The answer to GET."""
        return self._request("GET", path, None)

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """The answer to POST, PATCH or DELETE."""
        return self._request(method, path, body)

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        """Every item of a list."""
        page = 1
        while True:
            separator = "&" if "?" in path else "?"
            found = self.get(f"{path}{separator}per_page={_PAGE}&page={page}")
            yield from found
            if len(found) < _PAGE:
                return
            page += 1

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - from_environment allows http and https only
            f"{self.url}/repos/{self.repository}/{path}".rstrip("/"),
            None if body is None else json.dumps(body).encode(),
            {
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "X-GitHub-Api-Version": "2022-11-28",
            },
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
                text = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                reason = _message(error.read())
            kind = NotFoundError if error.code == _NOT_FOUND else OperatorError
            raise kind(
                f"GitHub answered {error.code} to {method} {path}: {reason}. Does the job have the "
                "permission that this needs?"
            ) from error
        except OSError as error:
            raise OperatorError(f"GitHub does not answer at {self.url}: {error}") from error
        return json.loads(text) if text else None


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace")[:200]
