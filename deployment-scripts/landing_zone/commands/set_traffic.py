"""Change how the traffic of an endpoint is divided between its variants.

    USE_CASE=iris python deployment-scripts/set_traffic.py                              show it
    USE_CASE=iris python deployment-scripts/set_traffic.py --variant A=0.9 --variant B=0.1
    USE_CASE=iris python deployment-scripts/set_traffic.py --promote B                  all traffic to B

Shows the shares before, changes the weights, follows the endpoint until they are in force, and shows the
shares after. The instances stay. The next deployment sets the weights of the configuration again: what makes
a promotion permanent is printed.
"""

from __future__ import annotations

import argparse
import time

from landing_zone.core.aws import Aws
from landing_zone.core.names import PROD, TARGETS, endpoint_name
from landing_zone.core.settings import Settings
from landing_zone.models.registry import APPROVED, Registry
from landing_zone.models.targets import Endpoints
from landing_zone.models.traffic import Traffic, bars, parse_weight, promotion, variants_of
from landing_zone.runs.follow import interval
from landing_zone.sources.checkout import use_case_to_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--endpoint", default="", help="its name; default: the use case's")
    parser.add_argument("--target", choices=TARGETS, default=PROD, help="default: prod")
    changed = parser.add_mutually_exclusive_group()
    changed.add_argument(
        "--variant", type=_weight, action="append", metavar="NAME=WEIGHT", help="can be repeated"
    )
    changed.add_argument("--promote", default="", metavar="NAME", help="gets all traffic")


def run(args: argparse.Namespace, settings: Settings) -> int:
    aws = Aws(settings)
    use_case = use_case_to_run(settings)
    endpoint = args.endpoint or endpoint_name(settings.prefix, use_case, args.target)
    traffic = Traffic(aws, endpoint)
    before = variants_of(traffic.describe())
    print(f"endpoint {endpoint}\n{bars(before)}")
    weights = dict(args.variant or ())
    if args.promote:
        weights = promotion(args.promote, before, endpoint)
    if not weights:
        return 0
    started = time.monotonic()
    after = traffic.set(weights, interval(settings.is_local))
    print(f"{bars(after)}\nafter {time.monotonic() - started:.1f} s")
    if args.promote:
        print(permanently(aws, Registry(aws, settings.prefix), endpoint, use_case, args.promote))
    return 0


def permanently(aws: Aws, registry: Registry, endpoint: str, use_case: str, variant: str) -> str:
    """How the promotion of a variant outlives the next deployment."""
    package = Endpoints(aws).package_of_variant(endpoint, variant)
    version = registry.describe(package) if package else None
    number = str(version.number) if version else "N"
    approve = "python deployment-scripts/approve_model.py"
    steps = [f"  USE_CASE={use_case} {approve} --version {number} --reason ..."]
    if version and version.status == APPROVED:
        steps = []
    return "\n".join(
        [
            f"{variant} serves {f'version {number}' if version else 'a model of no version'}. The next "
            "deployment sets the configured weights again. To keep it:",
            *steps,
            f"  remove endpoint.prod.challenger from config/use_cases/{use_case}.yaml, upload and run: the "
            "version of that run then gets all traffic",
        ]
    )


def _weight(text: str) -> tuple[str, float]:
    try:
        return parse_weight(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
