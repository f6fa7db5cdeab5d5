"""Compare the variants of an endpoint, shadows included, by what CloudWatch knows of them.

    USE_CASE=iris python deployment-scripts/compare_variants.py
    USE_CASE=iris python deployment-scripts/compare_variants.py --minutes 1440 --output build/week

For each variant: requests, errors, error rate and percentiles of the latency. Writes comparison.json and
report.html with the course over time. Without --minutes it is the last hour.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

from landing_zone.core.aws import Aws
from landing_zone.core.errors import OperatorError
from landing_zone.core.names import PROD, TARGETS, endpoint_name
from landing_zone.core.settings import ROOT, Settings
from landing_zone.models.comparison import compare
from landing_zone.models.comparison_page import as_text, page
from landing_zone.models.traffic import Traffic, variants_of
from landing_zone.sources.checkout import use_case_to_run

# CloudWatch keeps data points of a minute for 15 days.
MOST_MINUTES = 15 * 24 * 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--endpoint", default="", help="its name; default: the use case's")
    parser.add_argument("--target", choices=TARGETS, default=PROD, help="default: prod")
    parser.add_argument("--minutes", type=int, default=60, help="how far back; default: 60")
    parser.add_argument(
        "--output",
        type=Path,
        default=ROOT / "build/compare-variants",
        help="folder of the report; default: build/compare-variants",
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    if not 1 <= args.minutes <= MOST_MINUTES:
        raise OperatorError(f"--minutes is {args.minutes}; allowed: 1 to {MOST_MINUTES}")
    aws = Aws(settings)
    endpoint = args.endpoint or endpoint_name(
        settings.prefix, use_case_to_run(settings), args.target
    )
    variants = variants_of(Traffic(aws, endpoint).describe())
    now = datetime.now(UTC)
    found = compare(aws, endpoint, variants, now, args.minutes)
    title = f"Variants of {endpoint}"
    period = f"The {args.minutes} minutes until {now:%Y-%m-%d %H:%M} UTC"
    content = {
        "endpoint": endpoint,
        "minutes": args.minutes,
        "until": now.isoformat(timespec="seconds"),
        "variants": [item.as_json() for item in found],
    }
    args.output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=2) + "\n"
    (args.output / "comparison.json").write_text(text, encoding="utf-8")
    (args.output / "report.html").write_text(page(title, period, found), encoding="utf-8")
    print(as_text(f"{title}. {period}", found))
    print(f"wrote {args.output}/report.html, comparison.json")
    return 0
