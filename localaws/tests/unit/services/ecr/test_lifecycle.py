"""Which images a lifecycle policy expires."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from localaws.services.ecr.image_store import StoredImage
from localaws.services.ecr.lifecycle import expired_images
from localaws.services.ecr.manifests import OCI_INDEX, parse_manifest

NOW = datetime(2026, 1, 31, tzinfo=UTC)
# Tags by age in days.
IMAGES = {1: ["prod-3"], 2: [], 10: ["prod-2", "keep"], 20: ["prod-1"], 30: []}


def images():
    for age, tags in IMAGES.items():
        content = json.dumps({"manifests": [], "age": age}).encode()
        yield StoredImage(parse_manifest(content, OCI_INDEX), NOW - timedelta(days=age), [*tags])


def ages(*rules):
    document = {
        "rules": [
            {"rulePriority": number, "selection": selection, "action": {"type": "expire"}}
            for number, selection in enumerate(rules, start=1)
        ]
    }
    found = expired_images(json.dumps(document), images(), NOW)
    return sorted((NOW - expiry.image.pushed).days for expiry in found)


OLD = {"countType": "sinceImagePushed", "countUnit": "days", "countNumber": 5}
MANY = {"countType": "imageCountMoreThan", "countNumber": 1}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([{"tagStatus": "untagged", **OLD}], [30]),
        ([{"tagStatus": "any", **MANY}], [2, 10, 20, 30]),
        ([{"tagStatus": "tagged", "tagPrefixList": ["prod-"], **MANY}], [10, 20]),
        ([{"tagStatus": "tagged", "tagPatternList": ["prod*", "k*p"], **OLD}], [10]),
        ([{"tagStatus": "tagged", "tagPatternList": ["*-1"], **OLD}, {"tagStatus": "any", **OLD}],
         [10, 20, 30]),
        ([{"tagStatus": "tagged", "tagPrefixList": ["prod-"], "countType": "imageCountMoreThan",
           "countNumber": 9}, {"tagStatus": "any", **MANY}], [2, 30]),
    ],
)  # fmt: skip
def test_what_expires(rules, expected):
    assert ages(*rules) == expected
