"""The registry at ``/v2/``: who may use it, and what a path addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote

from localaws.core.call import Call, Response
from localaws.core.context import ACCOUNT_ID, ContextFactory
from localaws.core.errors import AwsError
from localaws.core.web import WebApplication
from localaws.core.wsgi import StartResponse, send
from localaws.services.ecr import tokens
from localaws.services.ecr.pushed_images import PushedImages
from localaws.services.ecr.registry import answers, blobs, downloads, manifests
from localaws.services.ecr.registry.answers import Answer, RegistryError
from localaws.services.ecr.registry.request import RegistryRequest

_NAME: Final = r"(?P<name>[a-z0-9][a-z0-9._/-]*)"
_ROUTES: Final = (
    (re.compile(rf"{_NAME}/blobs/uploads/?"), blobs.start_upload, "POST"),
    (re.compile(rf"{_NAME}/blobs/uploads/(?P<reference>[^/]+)"), blobs.upload, ""),
    (re.compile(rf"{_NAME}/blobs/(?P<reference>[^/]+)"), blobs.blob, ""),
    (re.compile(rf"{_NAME}/manifests/(?P<reference>[^/]+)"), manifests.manifest, ""),
    (re.compile(rf"{_NAME}/tags/list"), manifests.tags, "GET"),
    (re.compile(r"(?P<name>)_catalog"), manifests.catalog, "GET"),
)
_VERSION: Final = {"Docker-Distribution-Api-Version": "registry/2.0"}


def create(context_factory: ContextFactory) -> WebApplication:
    """The application behind :data:`localaws.services.registry.ROUTES`."""
    return RegistryApplication(context_factory)


class RegistryApplication:
    """Answers requests of docker, buildah, skopeo and other clients of registries."""

    def __init__(self, context_factory: ContextFactory) -> None:
        self._context_factory = context_factory

    def __call__(self, call: Call, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        try:
            answer = self._answer(call)
        except RegistryError as error:
            answer = error.answer()
        except AwsError as error:
            answer = answers.of_api(error.code, error.message).answer()
        # Closing a socket with unread bytes resets it, and the client loses the answer.
        call.body.discard()
        headers = {**_VERSION, **answer.headers}
        if isinstance(answer.body, bytes) and "Content-Length" not in headers:
            return send(Response(answer.status, headers, answer.body), start_response)
        start_response(f"{answer.status} {_phrase(answer.status)}", list(headers.items()))
        return [answer.body] if isinstance(answer.body, bytes) else answer.body

    def _answer(self, call: Call) -> Answer:
        path = unquote(call.path).removeprefix("/v2").lstrip("/")
        token = self._token(call, path)
        if not path:
            return answers.json_answer(200, {})
        context = self._context_factory(ACCOUNT_ID, token.region, "ecr")
        store = context.shared(PushedImages).store(context)
        for pattern, answer, method in _ROUTES:
            match = pattern.fullmatch(path)
            if match:
                found = match.groupdict()
                request = RegistryRequest(call, store, found["name"], found.get("reference") or "")
                if method and call.method != method:
                    raise request.wrong_method(method)
                if found["name"]:
                    store.repositories.find(found["name"])
                return answer(request)
        raise RegistryError(404, "UNSUPPORTED", f"the registry of localaws has no path {call.path}")

    def _token(self, call: Call, path: str) -> tokens.Token:
        """What the password of a request, or of the URL of a download, says."""
        context = self._context_factory(ACCOUNT_ID, "us-east-1", "ecr")
        key = context.shared_objects.get(tokens.TokenKey, ACCOUNT_ID, tokens.EVERY_REGION)
        given = tokens.read_basic(call.headers.get("authorization", ""))
        if downloads.PARAMETER in call.query:
            token = tokens.read_token(call.query[downloads.PARAMETER], key)
            is_usable = call.method in ("GET", "HEAD") and token and path.endswith(token.digest)
        elif given is None:
            raise _unauthorized("no basic auth credentials")
        else:
            token = tokens.read_token(given[1], key)
            is_usable = given[0] == tokens.USER and token and not token.digest
        if not is_usable or token is None:
            raise _unauthorized(
                "Not Authorized: the password is not one that this localaws has issued since its start. "
                "Run: aws ecr get-login-password"
            )
        if token.expires <= context.clock.now():
            raise RegistryError(
                403, "DENIED", "Your authorization token has expired. Reauthenticate and try again."
            )
        if token.account_id != ACCOUNT_ID:
            raise RegistryError(
                403, "DENIED", f"localaws has the registry of the account {ACCOUNT_ID} only."
            )
        return token


def _unauthorized(message: str) -> RegistryError:
    challenge = 'Basic realm="localaws",service="ecr.amazonaws.com"'
    return RegistryError(401, "UNAUTHORIZED", message, {"WWW-Authenticate": challenge})


def _phrase(status: int) -> str:
    from http import HTTPStatus

    return HTTPStatus(status).phrase
