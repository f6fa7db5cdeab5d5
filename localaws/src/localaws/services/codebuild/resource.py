"""What the resources of the service have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, TypeVar

from localaws.core.context import Context
from localaws.core.paging import Position, page
from localaws.services.codebuild.errors import invalid_input, not_found
from localaws.services.codebuild.models import Document, Project, ReportGroup, Store

T = TypeVar("T")
Documented = TypeVar("Documented", Project, ReportGroup)
Params: TypeAlias = dict[str, Any]
PAGE_SIZE = 100


class Resource:
    """Operations on one kind of resource."""

    def __init__(self, context: Context, store: Store) -> None:
        self.context = context
        self.store = store

    def project(self, name: str) -> Project:
        """A project by its name or ARN."""
        short = name.removeprefix(self.context.arn("codebuild", "project/"))
        if short not in self.store.projects:
            raise not_found(
                f"Project cannot be found: {self.context.arn('codebuild', f'project/{short}')}"
            )
        return self.store.projects[short]

    def page(
        self,
        items: Iterable[T],
        position: Callable[[T], Position],
        params: Params,
        listing: object,
        *,
        descending: bool = False,
    ) -> tuple[list[T], str | None]:
        """One page of a listing, and the token of the next one."""
        order = params.get("sortOrder")
        return page(
            items,
            position,
            listing=[listing, order, params.get("sortBy")],
            token=params.get("nextToken"),
            size=params.get("maxResults", PAGE_SIZE),
            invalid_token=lambda token: invalid_input(f"Invalid nextToken: {token}"),
            descending=descending if order is None else order == "DESCENDING",
        )

    def page_of_documents(
        self, items: Iterable[Documented], params: Params, listing: object
    ) -> tuple[list[Documented], str | None]:
        """As :meth:`page`, ordered by ``sortBy``: NAME, CREATED_TIME or LAST_MODIFIED_TIME."""
        member = {"CREATED_TIME": "created", "LAST_MODIFIED_TIME": "lastModified"}.get(
            params.get("sortBy", "NAME")
        )

        def position(item: Documented) -> Position:
            document = item.document
            return (document[member].timestamp() if member else 0, document["name"])

        return self.page(items, position, params, listing)


def checked_tags(document: Document) -> list[Document]:
    """The tags of a request; AWS refuses a key that is there twice."""
    tags: list[Document] = document.get("tags", [])
    keys = [tag.get("key") for tag in tags]
    if len(set(keys)) != len(keys):
        raise invalid_input("Invalid tags: Duplicate tag keys are not allowed")
    return tags
