"""GetBucketNotificationConfiguration, complete.

moto keeps a bucket's EventBridge switch and obeys it, but leaves it out of its answer: Terraform would
want to turn it on again in every plan.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree


def with_event_bridge(document: str | bytes) -> bytes:
    """moto's answer, plus the empty element that says: events go to EventBridge."""
    root = ElementTree.fromstring(document)  # noqa: S314 - moto has just written it
    namespace = root.tag.rpartition("}")[0] + "}" if root.tag.startswith("{") else ""
    if namespace:
        ElementTree.register_namespace("", namespace.strip("{}"))
    ElementTree.SubElement(root, f"{namespace}EventBridgeConfiguration")
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def install(_context_factory: object) -> None:
    """Wrap moto's operation, which the S3 response class dispatches to by name."""
    from moto.s3.responses import S3Response

    answer = S3Response.get_bucket_notification

    def get_bucket_notification(response: Any) -> Any:
        status, headers, document = answer(response)
        configured = response.backend.get_bucket_notification_configuration(response.bucket_name)
        if configured is not None and configured.event_bridge is not None:
            document = with_event_bridge(document)
        return status, headers, document

    S3Response.get_bucket_notification = get_bucket_notification
