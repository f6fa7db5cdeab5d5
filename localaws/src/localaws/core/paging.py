"""Pages of a listing, for every operation that returns a token of the next page."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, TypeVar

from localaws.core.errors import AwsError

T = TypeVar("T")
Position: TypeAlias = str | int | float | tuple[str | int | float, ...]
"""Where an item stands in its listing. It is unique in the listing and never changes."""


def page(
    items: Iterable[T],
    position: Callable[[T], Position],
    *,
    listing: object,
    token: str | None,
    size: int,
    invalid_token: Callable[[str], AwsError],
    descending: bool = False,
) -> tuple[list[T], str | None]:
    """One page of ``items`` in the order of their positions, and the token of the next page.

    A token holds the position of the last item of its page. The next page therefore neither repeats nor
    omits an item when others have been added or removed in the meantime.

    Args:
        items: all items of the listing, already filtered, in any order.
        position: what the items are sorted by. Add the name or id to a value that can occur twice.
        listing: the kind of listing, and what else must be the same on each page, for example the
            resource, the filters and the order. Values that JSON lacks count as their text.
        token: the request's token; None or an empty string asks for the first page.
        size: the largest number of items on the page.
        invalid_token: makes the service's error for a token that is not from this listing.
        descending: whether the items are sorted from the highest position to the lowest.

    Raises:
        AwsError: the result of ``invalid_token``.
    """
    ordered = sorted(items, key=position, reverse=descending)
    start = 0
    if token:
        last = _read_token(token, listing)
        if last is None:
            raise invalid_token(token)
        try:
            start = sum(not _follows(position(item), last, descending) for item in ordered)
        except TypeError:
            raise invalid_token(token) from None
    chosen = ordered[start : start + size]
    if not chosen or start + size >= len(ordered):
        return chosen, None
    return chosen, _make_token(position(chosen[-1]), listing)


def _follows(position: Any, last: Any, descending: bool) -> bool:
    return position < last if descending else position > last


def _make_token(position: Position, listing: object) -> str:
    return base64.urlsafe_b64encode(json.dumps([_digest(listing), position]).encode()).decode()


def _read_token(token: str, listing: object) -> Position | None:
    """The position in a token, or None when the token was not made for this listing."""
    try:
        digest, position = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError):
        return None
    if digest != _digest(listing):
        return None
    return tuple(position) if isinstance(position, list) else position


def _digest(listing: object) -> str:
    text = json.dumps(listing, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
