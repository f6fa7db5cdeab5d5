"""The server's side of ``localaws connect`` and ``localaws pr``: JSON over HTTP, for this machine only."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, get_args

from localaws.core.call import Call, Response
from localaws.core.context import ACCOUNT_ID, Context, ContextFactory
from localaws.core.errors import AwsError
from localaws.core.wsgi import StartResponse, send
from localaws.services.git.commands import GitError, git
from localaws.services.git.connections import Connections, complete_handshake
from localaws.services.git.merging import MergeConflictError, MergeOption
from localaws.services.git.pull_requests import PullRequestError, PullRequestRecord
from localaws.services.git.repositories import HOSTED_NAME, Repositories, repository_urls
from localaws.services.git.repository import Repository

_Params = dict[str, Any]
_CONTROL: Final = "/_git/"


class ControlApplication:
    """Answers the commands.

    Args:
        context_factory: makes the context of a service in an account and region.
    """

    def __init__(self, context_factory: ContextFactory) -> None:
        self._context_factory = context_factory
        self._actions: dict[str, Callable[[_Params], _Params]] = {
            "connect": self._connect,
            "pull-requests/open": self._open,
            "pull-requests/update": self._update,
            "pull-requests/merge": self._merge,
            "pull-requests/close": self._close,
            "pull-requests/list": self._list,
        }

    def __call__(self, call: Call, start_response: StartResponse) -> Iterable[bytes]:
        action = call.path.removeprefix(_CONTROL)
        run = self._actions.get(action)
        try:
            if run is None or call.method != "POST":
                names = ", ".join(f"POST {_CONTROL}{name}" for name in self._actions)
                raise AwsError(
                    "NotFound", f"{call.method} {call.path} does not exist; there is: {names}", 404
                )
            status, answer = 200, run(_document(call))
        except AwsError as error:
            status, answer = error.status, {"code": error.code, "message": error.message}
        except (GitError, PullRequestError, MergeConflictError) as error:
            status, answer = 400, {"code": type(error).__name__, "message": str(error)}
        headers = {"Content-Type": "application/json"}
        return send(Response(status, headers, json.dumps(answer).encode()), start_response)

    def _context(self, params: _Params) -> Context:
        return self._context_factory(ACCOUNT_ID, _text(params, "region"), "git")

    def _connect(self, params: _Params) -> _Params:
        """Complete the handshake of a connection, and fill the repository from a folder if one is given."""
        context = self._context(params)
        name, wanted = _text(params, "repository"), _text(params, "connection")
        if not HOSTED_NAME.fullmatch(name):
            raise AwsError(
                "ValidationException", f"{name!r} is no repository: write it as OWNER/REPO."
            )
        connection = context.shared(Connections).find(wanted)
        if connection is None:
            known = sorted(known.name for known in context.shared(Connections).all())
            raise AwsError(
                "ResourceNotFoundException",
                f"There is no connection {wanted!r} in {context.region}. "
                f"Connections there: {', '.join(known) or 'none'}. Create it first, for example with "
                "Terraform's aws_codeconnections_connection.",
            )
        source = params.get("source")
        # An absolute path is neither an option of Git nor the URL of a transport that runs a command.
        if source and not (Path(source).is_absolute() and Path(source).is_dir()):
            raise AwsError(
                "ValidationException",
                f"{source!r} is no directory: name the absolute path of a repository.",
            )
        existing = repository_urls(context).hosted(name)
        if source and existing and existing.branches():
            raise AwsError(
                "ConflictException",
                f"{name} has branches already, so it is not filled from {source}. Push to "
                f"{existing.clone_url}, or connect it as it is: localaws connect {wanted} {name}",
            )
        repository = complete_handshake(context, connection, name)
        if source:
            self._fill(repository, Path(source), context)
        return {
            "connectionArn": connection.arn,
            "status": connection.status,
            "repository": name,
            "cloneUrl": repository.clone_url,
            "defaultBranch": repository.default_branch,
        }

    def _open(self, params: _Params) -> _Params:
        context, repository = self._repository(params)
        base = params.get("base") or repository.default_branch
        if base is None:
            raise PullRequestError(f"{repository.name} has no branches: push one first")
        branches = (_text(params, "head"), str(base))
        description = str(params.get("description", ""))
        record = repository.pull_requests.open(
            _text(params, "title"), description, branches, context.root_arn, context.clock.now()
        )
        return _views(record)

    def _update(self, params: _Params) -> _Params:
        context, repository = self._repository(params)
        record = repository.pull_requests.edit(
            _number(params), context.root_arn, context.clock.now(), title=params.get("title"),
            description=params.get("description"), announce=True,
        )  # fmt: skip
        return _views(record)

    def _merge(self, params: _Params) -> _Params:
        context, repository = self._repository(params)
        option = params.get("option", "THREE_WAY_MERGE")
        if option not in get_args(MergeOption):
            raise AwsError(
                "ValidationException",
                f"option is {option!r}, but must be one of {', '.join(get_args(MergeOption))}",
            )
        record = repository.pull_requests.merge(
            _number(params), option, context.root_arn, context.clock.now()
        )
        return _views(record)

    def _close(self, params: _Params) -> _Params:
        context, repository = self._repository(params)
        record = repository.pull_requests.close(
            _number(params), context.root_arn, context.clock.now()
        )
        return _views(record)

    def _list(self, params: _Params) -> _Params:
        _, repository = self._repository(params)
        return _views(*repository.pull_requests.all())

    def _repository(self, params: _Params) -> tuple[Context, Repository]:
        context, name = self._context(params), _text(params, "repository")
        found = context.shared(Repositories).find(name)
        if found is None:
            raise AwsError(
                "RepositoryDoesNotExistException",
                f"There is no repository {name!r} in {context.region}. Name one of CodeCommit there, or one "
                "to which `localaws connect` has given a connection access.",
            )
        return context, found

    def _fill(self, repository: Repository, source: Path, context: Context) -> None:
        head = git(repository.path, "ls-remote", "--symref", str(source), "HEAD").decode()
        with repository.changing(context.root_arn):
            git(
                repository.path, "fetch", "--quiet", "--no-write-fetch-head", str(source),
                "refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*",
            )  # fmt: skip
            first = head.split("\t")[0]
            if first.startswith("ref: refs/heads/"):
                git(repository.path, "symbolic-ref", "HEAD", first.removeprefix("ref: "))


def _views(*records: PullRequestRecord) -> _Params:
    return {
        "pullRequests": [
            {
                "number": record.number,
                "state": "open" if record.is_open else "merged" if record.is_merged else "closed",
                "title": record.title,
                "description": record.description,
                "headBranch": record.head_branch,
                "baseBranch": record.base_branch,
                "head": record.head,
                "base": record.base,
            }
            for record in records
        ]
    }


def _number(params: _Params) -> int:
    value = params.get("number")
    if not isinstance(value, int):
        raise AwsError("ValidationException", f"number is {value!r}, but must be a number.")
    return value


def _document(call: Call) -> _Params:
    try:
        found = json.loads(call.body.content() or b"{}")
    except ValueError as error:
        raise AwsError("SerializationException", f"The body is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise AwsError("SerializationException", "The body is not a JSON object.")
    return found


def _text(params: _Params, name: str) -> str:
    value = params.get(name)
    if not isinstance(value, str) or not value:
        raise AwsError(
            "ValidationException", f"{name} is {value!r}, but must be a text that is not empty."
        )
    return value
