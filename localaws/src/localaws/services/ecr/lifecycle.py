"""Which images a lifecycle policy expires.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from localaws.services.ecr.image_store import StoredImage


@dataclass(frozen=True)
class Expiry:
    """An image that a rule of a policy expires."""

    image: StoredImage
    priority: int


def expired_images(policy: str, images: Iterable[StoredImage], now: datetime) -> list[Expiry]:
    """What a policy would remove, in the order of its rules.

    An image whose tags match a rule is never expired by a rule after it.
    """
    ordered = sorted(images, key=lambda image: image.pushed, reverse=True)
    decided: set[str] = set()
    expired = []
    for rule in sorted(json.loads(policy)["rules"], key=lambda rule: rule["rulePriority"]):
        matching = [i for i in ordered if _is_selected(rule["selection"], i)]
        for image in _too_many_or_old(rule["selection"], matching, now):
            if image.digest not in decided:
                expired.append(Expiry(image, rule["rulePriority"]))
        decided |= {image.digest for image in matching}
    return expired


def _is_selected(selection: Mapping[str, Any], image: StoredImage) -> bool:
    status = selection["tagStatus"]
    if status == "any":
        return True
    if status == "untagged":
        return not image.tags
    prefixes = [f"{re.escape(prefix)}.*" for prefix in selection.get("tagPrefixList", [])]
    wildcards = [
        ".*".join(map(re.escape, text.split("*"))) for text in selection.get("tagPatternList", [])
    ]
    # An image has to match all of them, each with one of its tags.
    return bool(image.tags) and all(
        any(re.fullmatch(pattern, tag) for tag in image.tags) for pattern in prefixes + wildcards
    )


def _too_many_or_old(
    selection: Mapping[str, Any], newest_first: list[StoredImage], now: datetime
) -> list[StoredImage]:
    count = int(selection["countNumber"])
    if selection["countType"] == "imageCountMoreThan":
        return newest_first[count:]
    limit = now - timedelta(days=count)
    return [image for image in newest_first if image.pushed < limit]
