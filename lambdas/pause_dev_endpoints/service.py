"""Pausing deletes an endpoint and marks its configuration, from which resuming creates it again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from common.aws import tags_of
from common.names import DEV, ENDPOINT_TAGS, endpoint_name

PAUSED = "PausedAt"
_log = logging.getLogger(__name__)


def pause(sagemaker: Any, prefix: str, now: datetime) -> dict[str, str]:
    """Delete the dev endpoints in service; return what became of each."""
    found = {}
    for name in _dev_endpoints(sagemaker, prefix):
        endpoint = sagemaker.describe_endpoint(EndpointName=name)
        config = sagemaker.describe_endpoint_config(
            EndpointConfigName=endpoint["EndpointConfigName"]
        )
        arn = config["EndpointConfigArn"]
        if _dev_endpoint_of(tags_of(sagemaker, arn), prefix) != name:
            found[name] = "kept: its configuration is not tagged as one of a dev endpoint"
        elif endpoint["EndpointStatus"] != "InService":
            found[name] = f"kept: it is {endpoint['EndpointStatus']}"
        elif any("ServerlessConfig" in one for one in config["ProductionVariants"]):
            found[name] = "kept: a serverless endpoint costs nothing while nobody calls it"
        else:
            # The mark comes first: an endpoint without one would not come back.
            sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": PAUSED, "Value": now.isoformat()}])
            sagemaker.delete_endpoint(EndpointName=name)
            found[name] = "paused"
        _log.info("endpoint %s: %s", name, found[name])
    return found


def resume(sagemaker: Any, prefix: str, is_enabled: Callable[[str], bool]) -> dict[str, str]:
    """Create the endpoints again that were paused; return what became of each.

    Args:
        sagemaker: the client.
        prefix: the first part of every name.
        is_enabled: whether a use case still has a dev endpoint.
    """
    found: dict[str, str] = {}
    for config, arn, tags in _configurations(sagemaker):
        name = _dev_endpoint_of(tags, prefix)
        if name is None or PAUSED not in tags:
            continue
        # The newest configuration comes first.
        if name not in found:
            found[name] = (
                _create(sagemaker, name, config, tags)
                if is_enabled(tags["UseCase"])
                else "not resumed: its use case has endpoint.dev.enabled: false now"
            )
            _log.info("endpoint %s: %s", name, found[name])
        # Last: a call that was interrupted before is repeated.
        sagemaker.delete_tags(ResourceArn=arn, TagKeys=[PAUSED])
    return found


def _create(sagemaker: Any, name: str, config: str, tags: Mapping[str, str]) -> str:
    kept = [{"Key": key, "Value": tags[key]} for key in ENDPOINT_TAGS]
    try:
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config, Tags=kept)
    except ClientError as error:
        # A deployment has created it meanwhile, or an earlier call was interrupted.
        if "already exist" not in error.response["Error"].get("Message", ""):
            raise
        return "kept: it exists"
    return "resumed"


def _dev_endpoints(sagemaker: Any, prefix: str) -> list[str]:
    pages = sagemaker.get_paginator("list_endpoints").paginate(NameContains=prefix)
    names = [summary["EndpointName"] for page in pages for summary in page["Endpoints"]]
    return [name for name in names if name.startswith(f"{prefix}-") and name.endswith("-dev")]


def _dev_endpoint_of(tags: Mapping[str, str], prefix: str) -> str | None:
    """The dev endpoint that a configuration with these tags is for; None: it is for another kind."""
    if tags.get("Target") != DEV or tags.get("Environment") != prefix or "UseCase" not in tags:
        return None
    return endpoint_name(prefix, tags["UseCase"], DEV)


def _configurations(sagemaker: Any) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Name, ARN and tags of every endpoint configuration, the newest first."""
    pages = sagemaker.get_paginator("list_endpoint_configs").paginate(
        SortBy="CreationTime", SortOrder="Descending"
    )
    for item in [item for page in pages for item in page["EndpointConfigs"]]:
        arn = item["EndpointConfigArn"]
        yield item["EndpointConfigName"], arn, tags_of(sagemaker, arn)
