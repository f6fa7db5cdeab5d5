"""How the traffic of an endpoint is divided between its variants, and how that is changed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from landing_zone.core.aws import Clients, describe_endpoint
from landing_zone.core.errors import OperatorError

_BAR = 30


@dataclass(frozen=True)
class Variant:
    """A production variant, or a shadow of one."""

    name: str
    weight: float
    share: float
    instances: int
    shadow: bool = False


def parse_weight(text: str) -> tuple[str, float]:
    """A=0.9 as a name and a weight."""
    found = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9-]{0,62})=([0-9]+(?:\.[0-9]+)?)", text)
    if not found:
        raise ValueError(
            f"{text!r} is no variant with a weight; allowed: NAME=NUMBER such as A=0.9"
        )
    return found[1], float(found[2])


class Traffic:
    """The variants of one endpoint.

    Args:
        aws: makes the clients.
        endpoint: name of the endpoint.
        say: prints a line.
        sleep: waits some seconds.
    """

    def __init__(
        self,
        aws: Clients,
        endpoint: str,
        *,
        say: Callable[[str], None] = print,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api = aws.client("sagemaker")
        self._endpoint = endpoint
        self._say = say
        self._sleep = sleep

    def describe(self) -> dict[str, Any]:
        """DescribeEndpoint; an error that names what to do where there is no endpoint."""
        return describe_endpoint(self._api, self._endpoint)

    def set(self, weights: Mapping[str, float], pause: float) -> list[Variant]:
        """Change the weights, wait until they are in force, and return the variants.

        Raises:
            OperatorError: the endpoint cannot be changed now, or has other variants.
        """
        found = self.describe()
        if found["EndpointStatus"] != "InService":
            raise OperatorError(
                f"endpoint {self._endpoint} is {found['EndpointStatus']}; its weights can be changed while "
                "it is InService. Wait for the end of the deployment, or abort it with abort_rollout.py"
            )
        before = variants_of(found)
        check(weights, before, self._endpoint)
        self._api.update_endpoint_weights_and_capacities(
            EndpointName=self._endpoint,
            DesiredWeightsAndCapacities=[
                {"VariantName": name, "DesiredWeight": weight} for name, weight in weights.items()
            ],
        )
        return self._follow(pause)

    def _follow(self, pause: float) -> list[Variant]:
        last = ""
        while True:
            found = self.describe()
            if found["EndpointStatus"] != last:
                last = found["EndpointStatus"]
                self._say(f"endpoint {self._endpoint} is {last}")
            if last == "InService":
                return variants_of(found)
            if last not in {"Updating", "SystemUpdating", "RollingBack"}:
                raise OperatorError(
                    f"endpoint {self._endpoint} is {last}: {found.get('FailureReason', 'no reason is given')}"
                )
            self._sleep(pause)


def variants_of(found: Mapping[str, Any]) -> list[Variant]:
    """The variants in an answer of DescribeEndpoint, shadows last."""
    listed = found.get("ProductionVariants", [])
    total = sum(item.get("CurrentWeight", 0.0) for item in listed) or 1.0
    shadows = found.get("ShadowProductionVariants", [])
    return [
        Variant(
            item["VariantName"],
            item.get("CurrentWeight", 0.0),
            item.get("CurrentWeight", 0.0) / total,
            item.get("CurrentInstanceCount", 0),
            is_shadow,
        )
        for items, is_shadow in ((listed, False), (shadows, True))
        for item in items
    ]


def check(weights: Mapping[str, float], variants: Sequence[Variant], endpoint: str) -> None:
    """Refuse what SageMaker would refuse, and what would leave no variant with traffic."""
    known = [variant.name for variant in variants if not variant.shadow]
    unknown = [name for name in weights if name not in known]
    if unknown:
        raise OperatorError(
            f"endpoint {endpoint} has no variant {', '.join(unknown)}; its variants: {', '.join(known)}"
        )
    after = {variant.name: variant.weight for variant in variants if not variant.shadow} | {
        **weights
    }
    if not any(after.values()):
        raise OperatorError("every variant would have the weight 0; at least one needs traffic")


def promotion(name: str, variants: Sequence[Variant], endpoint: str) -> dict[str, float]:
    """The weights that give one variant all traffic."""
    check({name: 1.0}, variants, endpoint)
    return {variant.name: float(variant.name == name) for variant in variants if not variant.shadow}


def bars(variants: Sequence[Variant]) -> str:
    """A line for each variant: its weight, its share as a bar, its instances."""
    width = max((len(variant.name) for variant in variants), default=0)
    return "\n".join(
        f"  {variant.name:<{width}}  {bar(variant.share)} {variant.share:6.1%}  weight {variant.weight:g}, "
        f"{variant.instances} instance(s){', shadow' if variant.shadow else ''}"
        for variant in variants
    )


def bar(share: float, width: int = _BAR) -> str:
    """A share from 0 to 1 as text of a fixed width."""
    filled = round(min(max(share, 0.0), 1.0) * width)
    return "█" * filled + "·" * (width - filled)
