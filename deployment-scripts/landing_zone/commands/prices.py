"""Show the prices of AWS_REGION, by which plans and runs say what they cost.

    python deployment-scripts/prices.py
    python deployment-scripts/prices.py --refresh      fetches them from AWS's Price List API

They are in config/prices/{region}.json. --refresh fetches those of resources that are charged while nobody
uses them, and of the instance types that the manifest and the use cases name. It needs the permission
pricing:GetProducts, and writes nothing unless every price is found exactly once.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from landing_zone.core.aws import Aws
from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import ROOT, Settings
from landing_zone.plans.costs import PRICE_NAMES, read_prices
from landing_zone.plans.endpoints import instance_types
from landing_zone.plans.prices import API_REGION, fetch_prices
from landing_zone.sources.checkout import read_manifest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--refresh", action="store_true", help="fetch the prices and write the file"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    types = instance_types(read_manifest())
    path = ROOT / f"config/prices/{settings.region}.json"
    if args.refresh:
        if settings.is_local:
            raise OperatorError(
                f"AWS_ENDPOINT_URL is {settings.endpoint_url}; allowed: empty, since only AWS knows its "
                "prices. Unset it for this command"
            )
        pricing = Aws(replace(settings, region=API_REGION)).client("pricing")
        today = datetime.now(UTC).date().isoformat()
        content = fetch_prices(pricing, settings.region, today, types)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")
    prices = read_prices(settings.region)
    if prices:
        print(f"{settings.region}, fetched {prices.fetched or 'on an unknown day'}")
    for name in PRICE_NAMES:
        _show(name, prices.usd.get(name) if prices else None, "")
    for instance, components in sorted(types.items()):
        for component in sorted(components):
            usd = prices.instances.get((instance, component)) if prices else None
            _show(f"{instance} ({component})", usd, " an hour")
    return 0


def _show(name: str, usd: Decimal | None, unit: str) -> None:
    print(f"{name}: {'unknown' if usd is None else f'{usd} USD{unit}'}")
