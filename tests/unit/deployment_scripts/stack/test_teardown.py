"""What is removed beside the stack itself."""

from __future__ import annotations

from typing import Any

from landing_zone.core.names import Names
from landing_zone.core.settings import load_settings
from landing_zone.stack.teardown import remove_scaling

ACCOUNT = "123456789012"


class FakeScaling:
    def __init__(self, *endpoints: str) -> None:
        self.targets = [f"endpoint/{name}/variant/AllTraffic" for name in endpoints]

    def client(self, service: str) -> FakeScaling:
        assert service == "application-autoscaling"
        return self

    def get_paginator(self, operation: str) -> FakeScaling:
        assert operation == "describe_scalable_targets"
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        dimension = "sagemaker:variant:DesiredInstanceCount"
        return [
            {"ScalableTargets": [{"ResourceId": target, "ScalableDimension": dimension}]}
            for target in self.targets
        ]

    def deregister_scalable_target(self, **request: str) -> None:
        self.targets.remove(request["ResourceId"])


def test_only_the_scaling_of_our_endpoints_is_removed() -> None:
    fake = FakeScaling("ml-core-development-iris", "ml-core-staging-iris")

    remove_scaling(fake, Names(load_settings({}), ACCOUNT))

    assert fake.targets == ["endpoint/ml-core-staging-iris/variant/AllTraffic"]
