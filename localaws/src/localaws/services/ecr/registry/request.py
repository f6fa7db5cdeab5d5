"""A request to the registry, and what its path addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from localaws.core.call import Call
from localaws.services.ecr.image_store import ImageStore
from localaws.services.ecr.registry.answers import Answer, RegistryError, json_answer


@dataclass(frozen=True)
class RegistryRequest:
    """A request of a client that may use the registry."""

    call: Call
    store: ImageStore
    name: str
    """The repository."""
    reference: str
    """The last part of the path: a digest, a tag or the id of an upload."""

    def wrong_method(self, *allowed: str) -> RegistryError:
        """The refusal of a method."""
        return RegistryError(
            405,
            "UNSUPPORTED",
            f"{self.call.method} is not possible here; allowed: {', '.join(allowed)}",
            {"Allow": ", ".join(allowed)},
        )

    def list(self, key: str, values: list[str], more: dict[str, Any]) -> Answer:
        """A page of a listing, with the address of the next one in the header Link."""
        query = self.call.query
        text = query.get("n", "")
        if text and not (text.isascii() and text.isdigit()):
            raise RegistryError(400, "PAGINATION_NUMBER_INVALID", f"n is {text!r}, not a number")
        after = [value for value in values if value > query.get("last", "")]
        page = after[: int(text)] if text else after
        headers = {}
        if page and len(page) < len(after):
            following = urlencode({"n": text, "last": page[-1]})
            headers["Link"] = f'<{self.call.path}?{following}>; rel="next"'
        return json_answer(200, {**more, key: page}, headers)
