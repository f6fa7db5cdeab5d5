"""AddTags, ListTags and DeleteTags of every resource of this service."""

from __future__ import annotations

from typing import Any

from localaws.core.provider import operation
from localaws.services.sagemaker.errors import validation
from localaws.services.sagemaker.listing import list_page
from localaws.services.sagemaker.store import Record, Store, tag_list, tag_map

_MAX_TAGS = 50


class Tags:
    """Tags by ARN."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @operation
    def add_tags(self, params: dict[str, Any]) -> dict[str, Any]:
        """Add or change tags."""
        with self._store.lock:
            record = self._tagged(params["ResourceArn"])
            merged = record.tags | tag_map(params["Tags"])
            if len(merged) > _MAX_TAGS:
                raise validation(
                    f"{record.arn} would have {len(merged)} tags, but at most {_MAX_TAGS} are allowed."
                )
            record.tags = merged
            return {"Tags": tag_list(merged)}

    @operation
    def list_tags(self, params: dict[str, Any]) -> dict[str, Any]:
        """The tags of one resource."""
        record = self._tagged(params["ResourceArn"])
        rows = [
            Record(tag["Key"], "", tag, record.created, record.modified)
            for tag in tag_list(record.tags)
        ]
        page, token = list_page("ListTags", rows, params)
        return {"Tags": [row.request for row in page], "NextToken": token}

    @operation
    def delete_tags(self, params: dict[str, Any]) -> dict[str, Any]:
        """Remove tags by key. A key that does not exist is not an error."""
        with self._store.lock:
            record = self._tagged(params["ResourceArn"])
            record.tags = {k: v for k, v in record.tags.items() if k not in params["TagKeys"]}
        return {}

    def _tagged(self, arn: str) -> Record:
        record = self._store.by_arn(arn)
        if record is None:
            raise validation(f'Could not find resource "{arn}".')
        return record
