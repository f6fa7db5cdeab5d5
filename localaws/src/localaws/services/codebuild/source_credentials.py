"""The account's credentials for the providers of sources."""

from __future__ import annotations

from localaws.core.provider import operation
from localaws.services.codebuild.errors import already_exists, invalid_input, not_found, refused
from localaws.services.codebuild.models import Store
from localaws.services.codebuild.resource import Params, Resource


def default_connection(store: Store) -> str | None:
    """The connection that was imported for GitHub."""
    with store.lock:
        for arn, document in store.credentials.items():
            if document["serverType"] == "GITHUB" and document["authType"] == "CODECONNECTIONS":
                return store.tokens[arn]
    return None


class SourceCredentials(Resource):
    """The operations on source credentials."""

    @operation
    def import_source_credentials(self, params: Params) -> Params:
        """ImportSourceCredentials. One per type of server, as on AWS."""
        server, kind, token = params["serverType"], params["authType"], params["token"]
        if server != "GITHUB":
            raise refused(f"source credentials for {server}", "Use GITHUB.")
        if kind not in ("PERSONAL_ACCESS_TOKEN", "CODECONNECTIONS"):
            raise refused(
                f"source credentials of the type {kind}",
                "Use CODECONNECTIONS, or PERSONAL_ACCESS_TOKEN, which is kept and gives access to nothing.",
            )
        if kind == "CODECONNECTIONS" and not token.startswith("arn:"):
            raise invalid_input(f"Invalid token: {token!r} is not the ARN of a connection")
        arn = self.context.arn("codebuild", f"token/{server.lower()}")
        with self.store.lock:
            if arn in self.store.credentials and params.get("shouldOverwrite") is False:
                raise already_exists(f"Access token with server type {server} already exists")
            document = {"arn": arn, "serverType": server, "authType": kind}
            if kind == "CODECONNECTIONS":
                document["resource"] = token
            self.store.credentials[arn] = document
            self.store.tokens[arn] = token
        return {"arn": arn}

    @operation
    def list_source_credentials(self, params: Params) -> Params:
        """ListSourceCredentials. Tokens are never shown."""
        with self.store.lock:
            return {"sourceCredentialsInfos": list(self.store.credentials.values())}

    @operation
    def delete_source_credentials(self, params: Params) -> Params:
        """DeleteSourceCredentials."""
        with self.store.lock:
            if params["arn"] not in self.store.credentials:
                raise not_found(f"Access token cannot be found: {params['arn']}")
            del self.store.credentials[params["arn"]], self.store.tokens[params["arn"]]
        return {"arn": params["arn"]}
