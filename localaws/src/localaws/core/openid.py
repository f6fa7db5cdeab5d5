"""OpenID Connect Discovery: the keys with which an issuer signs its tokens."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from typing import Any


def key_set(issuer: str, timeout_seconds: float) -> Mapping[str, Any]:
    """The JSON Web Key Set of an issuer.

    Raises:
        OSError: a server did not answer.
        ValueError: an answer is no JSON object.
        KeyError: the configuration of the issuer does not name its keys.
    """
    url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    return _get_json(str(_get_json(url, timeout_seconds)["jwks_uri"]), timeout_seconds)


def _get_json(url: str, timeout_seconds: float) -> Mapping[str, Any]:
    # localaws itself ignores proxies.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=timeout_seconds) as answer:
        found = json.load(answer)
    if not isinstance(found, dict):
        raise ValueError(f"{url} did not answer with a JSON object")
    return found
