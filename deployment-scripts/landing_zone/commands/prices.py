"""Show the prices of AWS_REGION, by which the summary of a plan says what it costs.

    python deployment-scripts/prices.py
    python deployment-scripts/prices.py --refresh      fetches them from AWS's Price List API

They are in config/prices/{region}.json. --refresh needs the permission pricing:GetProducts. It writes nothing
unless every price is found exactly once.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from datetime import UTC, datetime

from landing_zone.core.aws import Aws
from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import ROOT, Settings
from landing_zone.plans.costs import PRICE_NAMES, read_prices
from landing_zone.plans.prices import API_REGION, fetch_prices


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--refresh", action="store_true", help="fetch the prices and write the file"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    path = ROOT / f"config/prices/{settings.region}.json"
    if args.refresh:
        if settings.is_local:
            raise OperatorError(
                f"AWS_ENDPOINT_URL is {settings.endpoint_url}; allowed: empty, since only AWS knows its "
                "prices. Unset it for this command"
            )
        pricing = Aws(replace(settings, region=API_REGION)).client("pricing")
        today = datetime.now(UTC).date().isoformat()
        content = fetch_prices(pricing, settings.region, today)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")
    prices = read_prices(settings.region)
    for name in PRICE_NAMES:
        usd = prices.usd.get(name) if prices else None
        print(f"{name}: {'unknown' if usd is None else f'{usd} USD'}")
    return 0
