"""The HTTP server of repositories: which one a URL names, and who may use it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from localaws.core.call import Call, Response
from localaws.core.context import ACCOUNT_ID, ContextFactory
from localaws.core.errors import AwsError
from localaws.core.wsgi import StartResponse, send
from localaws.services.git import http_backend
from localaws.services.git.commands import http_backend as find_http_backend
from localaws.services.git.credentials import CredentialsError, identify
from localaws.services.git.repositories import repository_urls
from localaws.services.git.repository import Repository

_SERVICES: Final = frozenset({"git-upload-pack", "git-receive-pack"})
_PATH = re.compile(
    r"(?:/v1/repos/(?P<name>[\w.-]+)|/(?P<hosted>[^/]+/[^/]+)\.git)(?P<action>/.*)?", re.ASCII
)
_REGION_HOST = re.compile(r"git-codecommit\.([a-z0-9-]+)\.")
_DEFAULT_REGION: Final = "us-east-1"


class _RefusedError(Exception):
    """The answer to a Git client that does not get what it asks for. Git shows the text to its user."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class GitApplication:
    """Answers Git clients.

    Args:
        context_factory: makes the context of a service in an account and region.
    """

    def __init__(self, context_factory: ContextFactory) -> None:
        self._context_factory = context_factory
        self._context = context_factory(ACCOUNT_ID, _DEFAULT_REGION, "git")

    def __call__(self, call: Call, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return self._answer(call, start_response)
        except _RefusedError as refusal:
            status, text = refusal.status, str(refusal)
        except AwsError as error:
            status, text = error.status, error.message
        call.body.discard()
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="AWS CodeCommit"'
        return send(Response(status, headers, f"{text}\n".encode()), start_response)

    def _answer(self, call: Call, start_response: StartResponse) -> Iterable[bytes]:
        found = _PATH.fullmatch(call.path)
        if found is None:
            raise _RefusedError(404, f"{call.path} is no repository")
        action = found["action"] or "/"
        service = call.query.get("service", "") if action == "/info/refs" else action[1:]
        method = "GET" if action == "/info/refs" else "POST"
        if service not in _SERVICES:
            raise _RefusedError(404, "This server speaks Git's smart HTTP protocol only.")
        if call.method != method:
            raise _RefusedError(405, f"{action} is for {method}, not {call.method}.")
        find_http_backend()
        if found["name"]:
            repository, caller = self._codecommit(call, found["name"])
        else:
            repository, caller = self._hosted(found["hosted"]), self._context.root_arn
        body = http_backend.save(call.body, self._context.work_dir)
        arguments = (repository.path, call, action, body, caller, self._context.processes)
        if action != "/git-receive-pack":
            answer = http_backend.serve(*arguments)
            start_response(answer.status, answer.headers)
            return answer
        with repository.changing(caller):
            answer = http_backend.serve(*arguments)
            try:
                # Short: one line for each ref.
                payload = b"".join(answer)
            finally:
                answer.close()
        start_response(answer.status, [*answer.headers, ("Content-Length", str(len(payload)))])
        return [payload]

    def _hosted(self, name: str) -> Repository:
        repository = repository_urls(self._context).hosted(name)
        if repository is None:
            raise _RefusedError(
                404, f"Repository not found: {name}. `localaws connect CONNECTION {name}` makes it."
            )
        return repository

    def _codecommit(self, call: Call, name: str) -> tuple[Repository, str]:
        host = call.headers.get("host", "")
        named = _REGION_HOST.match(host)
        region = named[1] if named else None
        path = f"/v1/repos/{name}"
        candidates = repository_urls(self._context).codecommit(name, region)
        try:
            # Before the repository: who has no credentials learns nothing about it.
            identity = identify(
                self._context, call.headers.get("authorization", ""), host, path, list(candidates)
            )
        except CredentialsError as refusal:
            raise _RefusedError(refusal.status, str(refusal)) from None
        if identity.region:
            candidates = {r: known for r, known in candidates.items() if r == identity.region}
        if not candidates:
            raise _RefusedError(404, f"repository '{path}/' not found")
        if len(candidates) > 1:
            port = host.rpartition(":")[2]
            hosts = " or ".join(f"git-codecommit.{r}.localhost:{port}" for r in sorted(candidates))
            raise _RefusedError(
                400, f"{name} is in several regions. Use the host of one of them: {hosts}."
            )
        (repository,) = candidates.values()
        return repository, identity.arn
