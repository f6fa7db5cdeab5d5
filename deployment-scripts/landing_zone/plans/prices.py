"""Fetches the prices of a region from the AWS Price List API.

Each price must be found exactly once: none or several are an error that names the filters, never a guess.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from landing_zone.core.errors import OperatorError

# The Price List API answers in a few regions only, for all of them.
API_REGION = "us-east-1"
# The name of a price: AWS's service code, and what identifies the product besides its region.
PRODUCTS: dict[str, tuple[str, dict[str, str]]] = {
    "alarm_month": ("AmazonCloudWatch", {"productFamily": "Alarm", "alarmType": "Standard"}),
    "kms_key_month": ("awskms", {"productFamily": "Encryption Key"}),
    "nat_gateway_hour": (
        "AmazonEC2",
        {"productFamily": "NAT Gateway", "groupDescription": "Hourly charge for NAT Gateways"},
    ),
    "secret_month": ("AWSSecretsManager", {"productFamily": "Secret"}),
}
SAGEMAKER = "AmazonSageMaker"


def fetch_prices(
    pricing: Any, region: str, fetched: str, instances: Mapping[str, Iterable[str]]
) -> dict[str, Any]:
    """The content of config/prices/{region}.json; the error names every price that was not found once.

    `instances` has the components of SageMaker (Training, Hosting, ...) that each instance type is used for.
    """
    wrong: list[str] = []

    def fetch(name: str, service: str, fields: Mapping[str, str]) -> dict[str, str] | None:
        try:
            return fetch_price(pricing, name, region, service, fields)
        except OperatorError as error:
            wrong.append(str(error))
            return None

    prices = {name: fetch(name, service, fields) for name, (service, fields) in PRODUCTS.items()}
    types = {
        instance: {
            component: fetch(
                f"{instance} ({component})",
                SAGEMAKER,
                {"productFamily": "ML Instance", "instanceName": instance, "component": component},
            )
            for component in sorted(components)
        }
        for instance, components in sorted(instances.items())
    }
    if wrong:
        raise OperatorError("\n".join([*wrong, "nothing was written"]))
    return {
        "region": region,
        "currency": "USD",
        "fetched": fetched,
        "prices": prices,
        "instances": types,
    }


def fetch_price(
    pricing: Any, name: str, region: str, service: str, fields: Mapping[str, str]
) -> dict[str, str]:
    """One price with its unit and the product that it was taken from."""
    wanted = {"regionCode": region, **fields}
    filters = [{"Type": "TERM_MATCH", "Field": key, "Value": text} for key, text in wanted.items()]
    pages = pricing.get_paginator("get_products").paginate(ServiceCode=service, Filters=filters)
    products = [json.loads(item) for page in pages for item in page["PriceList"]]
    found = [one for product in products for one in _on_demand(product)]
    if len(found) != 1:
        listed = ", ".join(f"{one['usd']} for {one['description']}" for one in found) or "none"
        raise OperatorError(
            f"{name}: found {len(found)} prices of {service} with {wanted} ({listed}); expected: 1. Correct "
            "the instance type in config/, or the filters in "
            "deployment-scripts/landing_zone/plans/prices.py"
        )
    return found[0]


def _on_demand(product: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    sku = str(product.get("product", {}).get("sku", ""))
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term.get("priceDimensions", {}).values():
            usd = dimension.get("pricePerUnit", {}).get("USD")
            try:
                # 1.0000000000 is 1
                value = Decimal(usd).normalize()
            except (InvalidOperation, TypeError) as error:
                raise OperatorError(
                    f"product {sku} has the price {usd!r}; expected: USD"
                ) from error
            yield {
                "usd": f"{value:f}",
                "unit": str(dimension.get("unit", "")),
                "description": str(dimension.get("description", "")),
                "sku": sku,
            }
