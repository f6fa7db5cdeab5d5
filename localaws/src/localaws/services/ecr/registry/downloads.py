"""The URLs of GetDownloadUrlForLayer, which need no password."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from localaws.core.context import Context
from localaws.services.ecr import tokens

PARAMETER: Final = "token"
_LIFETIME: Final = timedelta(hours=1)


def download_url(context: Context, repository: str, digest: str) -> str:
    """A URL that gives a layer to whoever has it, for an hour of emulated time."""
    key = context.shared_objects.get(tokens.TokenKey, context.account_id, tokens.EVERY_REGION)
    token = tokens.Token(
        context.account_id, context.region, context.clock.now() + _LIFETIME, digest
    )
    query = urlencode({PARAMETER: token.password(key)})
    return f"{context.endpoint_url}/v2/{repository}/blobs/{digest}?{query}"
