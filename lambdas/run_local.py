"""Run a function on this machine with a saved event; CodePipeline's answer is printed, not sent.

    python lambdas/run_local.py create_schema tests/events/create_schema.json
    python lambdas/run_local.py infer tests/events/infer.json

S3, SageMaker and the buckets named in the event are those of AWS_ENDPOINT_URL, or of AWS. The settings
(SERVICE, STAGE, SOURCE_BUCKET ...) are those Terraform gives the function: lambdas/README.md lists them.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

# Actions of the pipeline.
ACTIONS = ("create_schema", "update_schema")


class PrintedAnswers:
    """Stands in for CodePipeline, which does not know the job of a saved event."""

    failed = False

    def put_job_success_result(self, **answer: Any) -> None:
        self._print("success", answer)

    def put_job_failure_result(self, **answer: Any) -> None:
        self.failed = True
        self._print("failure", answer)

    @staticmethod
    def _print(kind: str, answer: dict[str, Any]) -> None:
        sys.stdout.write(f"{kind}: {json.dumps(answer, indent=2)}\n")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "function", choices=[*ACTIONS, "infer", "plan_deployment", "probe", "test_endpoint"]
    )
    parser.add_argument("event", type=Path, help="JSON file, for example of tests/events/")
    args = parser.parse_args(arguments)
    event = json.loads(args.event.read_text(encoding="utf-8"))
    handler = importlib.import_module(f"{args.function}.handler")
    if args.function not in ACTIONS:
        sys.stdout.write(f"{json.dumps(handler.handler(event, None), indent=2)}\n")
        return 0
    answers = PrintedAnswers()
    handler.run(event, answers, "run-local")
    return int(answers.failed)


if __name__ == "__main__":
    sys.exit(main())
