"""GetBucketNotificationConfiguration with the bucket's EventBridge configuration.

moto stores that configuration and follows it, but leaves it out of the answer, so Terraform would turn it on
again in every plan.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree


def with_event_bridge(document: str | bytes) -> bytes:
    """Add the empty element that turns on EventBridge to an answer of moto."""
    root = ElementTree.fromstring(document)  # noqa: S314 - written by moto
    namespace = root.tag.rpartition("}")[0] + "}" if root.tag.startswith("{") else ""
    if namespace:
        ElementTree.register_namespace("", namespace.strip("{}"))
    ElementTree.SubElement(root, f"{namespace}EventBridgeConfiguration")
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def get_bucket_notification(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Replaces ``S3Response.get_bucket_notification`` of moto."""

    def answer(response: Any) -> Any:
        status, headers, document = original(response)
        configured = response.backend.get_bucket_notification_configuration(response.bucket_name)
        if configured is not None and configured.event_bridge is not None:
            document = with_event_bridge(document)
        return status, headers, document

    return answer
