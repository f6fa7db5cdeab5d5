"""Send requests to an endpoint at a rate that does not depend on its answers, and measure it.

    python deployment-scripts/stress_test.py --rate 100 --seconds 60
    python deployment-scripts/stress_test.py --ramp 10:200 --seconds 120
    python deployment-scripts/stress_test.py --steps 50,100,200 --seconds 90
    python deployment-scripts/stress_test.py --preset light --max-p99-ms 200 --max-error-rate 0.001
    python deployment-scripts/stress_test.py --api --rate 20
    python deployment-scripts/stress_test.py --url https://api.example.com/infer --rate 20

stress_test.py calls the endpoint of the use case; with --api the inference API of the environment; with --url
any API (POST of text/csv). Requests to an API are signed for execute-api, or carry the token in --token-file;
an API answers 429 above the rate of its throttling. Each request carries one row of the data. A latency is
measured from the time at which the request was due: waiting for a free connection counts. Failed requests are
not repeated. AWS charges the requests as usual.

The results are written as results.json, report.html and summary.txt. The exit code is 0 when every threshold
is met, 1 when one is not or when the target does not answer, and 2 when the options are wrong. Ctrl-C ends
the test early: what was measured until then is written, and the exit code is 130.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from landing_zone.api.predictions import TARGETS, predict_url
from landing_zone.api.session import ApiSession, UrlError, read_token
from landing_zone.core.aws import Aws
from landing_zone.core.names import PROD, endpoint_name
from landing_zone.core.settings import ROOT, Settings
from landing_zone.load.loads import (
    DEFAULT_CONNECTIONS,
    DEFAULT_RATE,
    DEFAULT_SECONDS,
    DEFAULT_TIMEOUT,
    PRESETS,
    LoadOptions,
    UsageError,
    make_load,
    positive,
    ramp,
    share,
    steps,
    whole,
)
from landing_zone.load.page import page
from landing_zone.load.progress import Progress
from landing_zone.load.results import Results, evaluate
from landing_zone.load.rows import read_rows
from landing_zone.load.schedule import Load
from landing_zone.load.sender import Sender, SystemClock, Target
from landing_zone.load.summary import as_text
from landing_zone.load.targets import EndpointTarget, UrlTarget, require_answer
from landing_zone.load.thresholds import Limits, Verdict, judge
from landing_zone.sources.checkout import read_use_case, use_case_to_run

INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    known = "; ".join(
        f"{name}: {preset.requests:,} requests, {preset.connections} connections, {preset.rate:g}/s"
        for name, preset in PRESETS.items()
    )
    target = parser.add_mutually_exclusive_group()
    target.add_argument("--endpoint", default="", help="its name; default: the use case's")
    target.add_argument(
        "--api", nargs="?", const="prod", choices=TARGETS, help="the inference API; default: prod"
    )
    target.add_argument("--url", default="", help="URL of an API")
    parser.add_argument("--token-file", type=Path, help="token for an API; default: sign requests")
    parser.add_argument(
        "--data", type=Path, help="CSV file without a header; default: the use case's sample"
    )
    parser.add_argument("--preset", choices=PRESETS, help=f"{known}; other options override it")
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument(
        "--rate", type=positive, help=f"requests a second; default: {DEFAULT_RATE:g}"
    )
    shape.add_argument(
        "--ramp", type=ramp, metavar="FROM:TO", help="a rate that changes evenly, such as 10:200"
    )
    shape.add_argument(
        "--steps", type=steps, metavar="RATES", help="rates such as 50,100,200, for equal times"
    )
    parser.add_argument(
        "--seconds",
        type=positive,
        help=f"duration; default: what --requests needs, else {DEFAULT_SECONDS:g}",
    )
    parser.add_argument("--requests", type=whole, help="end after so many requests at the latest")
    parser.add_argument(
        "--connections", type=whole, help=f"at most so many; default: {DEFAULT_CONNECTIONS}"
    )
    parser.add_argument(
        "--timeout-seconds",
        type=positive,
        help="for an answer; also how long requests that were held up are sent after the load's end; "
        f"default: {DEFAULT_TIMEOUT:g}",
    )
    parser.add_argument("--max-p99-ms", type=positive, help="threshold of the 99th percentile")
    parser.add_argument(
        "--max-error-rate", type=share, help="threshold of failed and unsent requests, 0 to 1"
    )
    parser.add_argument(
        "--min-rate", type=positive, help="threshold of successful requests a second"
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=ROOT / "build/stress-test",
        help="folder of the results; default: build/stress-test",
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    try:
        load = make_load(
            LoadOptions(**{name: getattr(args, name) for name in LoadOptions.__dataclass_fields__})
        )
        use_case = use_case_to_run(settings)
        rows = read_rows(args.data or read_use_case(use_case).inference_sample)
        target = _target(args, settings, load, use_case)
        _create(args.output)
    except (UsageError, UrlError) as error:
        print(f"stress_test.py: {error}", file=sys.stderr)
        return 2
    require_answer(target, rows[0])
    print(f"{target}: {load}", flush=True)
    started = datetime.now(UTC)
    progress = Progress(load, sys.stderr)
    record = Sender(load, target, rows, SystemClock()).run(progress)
    progress.end()
    results = evaluate(load, record)
    verdicts = judge(results, Limits(args.max_p99_ms, args.max_error_rate, args.min_rate))
    text = as_text(str(target), str(load), results, verdicts)
    write(args.output, str(target), load, started, results, verdicts, text)
    print(text)
    print(f"wrote {args.output}/report.html, results.json, summary.txt")
    if results.interrupted:
        return INTERRUPTED
    return 0 if all(found.met for found in verdicts) else 1


def write(
    folder: Path,
    title: str,
    load: Load,
    started: datetime,
    results: Results,
    verdicts: Sequence[Verdict],
    text: str,
) -> None:
    """The three files of the results."""
    content = {
        "target": title,
        "load": str(load),
        "started": started.isoformat(timespec="seconds"),
        "met": all(found.met for found in verdicts),
        "thresholds": [vars(found) for found in verdicts],
        **results.as_json(),
    }
    files = {
        "results.json": json.dumps(content, indent=2) + "\n",
        "report.html": page(title, str(load), content["started"], results, verdicts),
        "summary.txt": text + "\n",
    }
    for name, file_text in files.items():
        (folder / name).write_text(file_text, encoding="utf-8")


def _create(folder: Path) -> None:
    """Before the load: results that cannot be written would be lost."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--output {folder} cannot be created: {error}") from error


def _target(args: argparse.Namespace, settings: Settings, load: Load, use_case: str) -> Target:
    aws = Aws(settings)
    if not args.url and not args.api:
        runtime = aws.invoker(load.connections, load.timeout_seconds)
        return EndpointTarget(
            runtime, args.endpoint or endpoint_name(settings.prefix, use_case, PROD)
        )
    session = ApiSession(
        aws.credentials,
        settings.region,
        token=read_token(args.token_file) if args.token_file else "",
        connections=load.connections,
        timeout_seconds=load.timeout_seconds,
    )
    return UrlTarget(args.url or predict_url(aws, settings, use_case, args.api), session)
