"""Prices from a fake of the Price List API, and the file that they are kept in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.plans.costs import PRICE_NAMES, read_prices
from landing_zone.plans.prices import PRODUCTS, fetch_price, fetch_prices

REGION = "eu-west-1"


def product(usd: Any, sku: str = "S") -> str:
    dimension = {"pricePerUnit": {"USD": usd}, "unit": "Keys", "description": f"{usd} a key"}
    return json.dumps(
        {
            "product": {"sku": sku},
            "terms": {"OnDemand": {"t": {"priceDimensions": {"d": dimension}}}},
        }
    )


class Pricing:
    """Answers every service code with its products, in pages of one."""

    def __init__(self, **products: list[str]) -> None:
        self.products = products
        self.asked: list[dict[str, Any]] = []

    def get_paginator(self, operation: str) -> Pricing:
        assert operation == "get_products"
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, list[str]]]:
        self.asked.append(request)
        for one in self.products.get(request["ServiceCode"], []):
            yield {"PriceList": [one]}


def test_each_price_is_asked_for_in_its_region_and_written(tmp_path: Path) -> None:
    services = {
        service: [product(f"{n}.5000000000")] for n, (service, _) in enumerate(PRODUCTS.values())
    }
    pricing = Pricing(**services)

    pricing.products["AmazonSageMaker"] = [product("0.1150000000")]
    types = {"ml.m5.large": {"Hosting"}, "ml.m5.xlarge": {"Training"}}
    content = fetch_prices(pricing, REGION, "2026-01-02", types)

    assert set(content["prices"]) == set(PRICE_NAMES)
    for request in pricing.asked:
        assert {"Type": "TERM_MATCH", "Field": "regionCode", "Value": REGION} in request["Filters"]
    (tmp_path / "config/prices").mkdir(parents=True)
    (tmp_path / f"config/prices/{REGION}.json").write_text(json.dumps(content))
    prices = read_prices(REGION, tmp_path)
    assert prices
    assert prices.usd["kms_key_month"] == Decimal("1.5")
    assert prices.instances == {
        ("ml.m5.large", "Hosting"): Decimal("0.115"),
        ("ml.m5.xlarge", "Training"): Decimal("0.115"),
    }
    assert prices.fetched == "2026-01-02"
    asked = {item["Field"]: item["Value"] for item in pricing.asked[-1]["Filters"]}
    assert (asked["instanceName"], asked["component"]) == ("ml.m5.xlarge", "Training")


@pytest.mark.parametrize(("products", "message"), [
    ([], r"found 0 prices of awskms with .*'regionCode': 'eu-west-1'.* \(none\); expected: 1"),
    ([product("1"), product("2", "T")], r"found 2 prices .*\(1 for 1 a key, 2 for 2 a key\)"),
    ([product("free")], "has the price 'free'"),
    ([product(None)], "has the price None"),
])  # fmt: skip
def test_anything_but_one_price_is_an_error(products: list[str], message: str) -> None:
    with pytest.raises(OperatorError, match=message):
        fetch_price(Pricing(awskms=products), "kms_key_month", REGION, *PRODUCTS["kms_key_month"])


def test_the_error_names_every_price_that_is_missing() -> None:
    with pytest.raises(OperatorError) as raised:
        fetch_prices(
            Pricing(awskms=[product("1")]), REGION, "2026-01-02", {"ml.m5.large": {"Hosting"}}
        )

    lines = str(raised.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "alarm_month", "nat_gateway_hour", "secret_month", "ml.m5.large (Hosting)", "nothing was written",
    ]  # fmt: skip


def test_every_standing_price_can_be_fetched() -> None:
    assert set(PRODUCTS) == set(PRICE_NAMES)


@pytest.mark.parametrize("content", [
    "[]", "{}", "no json", '{"prices": {"kms_key_month": {}}}', '{"prices": {"kms_key_month": {"usd": "x"}}}',
    '{"prices": {"kms_key_month": {"usd": "-1"}}}', '{"prices": {"kms_key_month": {"usd": "NaN"}}}',
    '{"prices": {"lunch": {"usd": "1"}}}', '{"prices": {}, "instances": {"ml.m5.large": {"Hosting": {}}}}',
    '{"prices": {}, "instances": {"ml.m5.large": {"Hosting": {"usd": "-1"}}}}',
])  # fmt: skip
def test_a_file_that_holds_no_prices_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "config/prices").mkdir(parents=True)
    (tmp_path / f"config/prices/{REGION}.json").write_text(content)

    with pytest.raises(OperatorError, match=r"config/prices/eu-west-1\.json"):
        read_prices(REGION, tmp_path)


def test_a_region_without_a_file_has_no_prices(tmp_path: Path) -> None:
    assert read_prices(REGION, tmp_path) is None
