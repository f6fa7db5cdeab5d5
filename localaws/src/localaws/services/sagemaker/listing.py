"""How SageMaker's List operations filter, sort and page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from localaws.core.errors import AwsError
from localaws.core.paging import Position, page
from localaws.services.sagemaker.errors import validation
from localaws.services.sagemaker.store import R

_DEFAULT_PAGE = 100
_PAGING = frozenset({"MaxResults", "NextToken"})


def list_page(
    operation: str,
    records: Iterable[R],
    params: dict[str, Any],
    *,
    status: Callable[[R], str] | None = None,
    descending: bool = False,
) -> tuple[list[R], str | None]:
    """One page of records, and the token of the next page.

    Args:
        operation: AWS's name of the operation.
        records: all of them.
        params: the request. NameContains, StatusEquals, the four time bounds, SortBy, SortOrder,
            MaxResults and NextToken are honoured.
        status: reads the status of a record, where the kind has one.
        descending: the order when the request names none.
    """
    positions: dict[str, Callable[[R], Position]] = {
        "Name": lambda r: r.name,
        "CreationTime": lambda r: (r.created.timestamp(), r.name),
        "Status": lambda r: (status(r) if status else "", r.name),
    }
    order = params.get("SortOrder")
    filters = {key: value for key, value in params.items() if key not in _PAGING}
    return page(
        [record for record in records if _matches(record, params, status)],
        positions[params.get("SortBy") or "CreationTime"],
        listing=[operation, filters],
        token=params.get("NextToken"),
        size=params.get("MaxResults") or _DEFAULT_PAGE,
        invalid_token=_invalid_token,
        descending=order == "Descending" if order else descending,
    )


def _matches(record: R, params: dict[str, Any], status: Callable[[R], str] | None) -> bool:
    wanted = params.get("StatusEquals")
    return (
        params.get("NameContains", "").lower() in record.name.lower()
        and (not wanted or status is None or status(record) == wanted)
        and _within(record.created, params, "CreationTime")
        and _within(record.modified, params, "LastModifiedTime")
    )


def _within(moment: datetime, params: dict[str, Any], name: str) -> bool:
    after, before = params.get(f"{name}After"), params.get(f"{name}Before")
    return not (after and moment <= after) and not (before and moment >= before)


def _invalid_token(token: str) -> AwsError:
    return validation(
        f"NextToken '{token}' is invalid. Use the NextToken of the previous response."
    )
