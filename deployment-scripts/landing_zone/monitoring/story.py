"""The story of `make local SCENARIO=drift`: traffic drifts, and the alarm starts a retraining."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from landing_zone.core.aws import Clients
from landing_zone.core.errors import OperatorError
from landing_zone.core.names import APPROVE_MODEL, PROD, UPLOAD_DATA
from landing_zone.monitoring import view
from landing_zone.monitoring.labels import upload_labels
from landing_zone.monitoring.machine import compare_and_show
from landing_zone.monitoring.reports import Reports
from landing_zone.monitoring.traffic import SHIFTS, Caller, Sent, write_labels
from landing_zone.runs.evidence import read_evidence
from landing_zone.runs.follow import follow, require_success
from landing_zone.runs.pipeline import Pipeline
from landing_zone.runs.progress import make_progress
from landing_zone.runs.run import Action, Run

# Captured requests are stored after a minute, and the alarm is evaluated at the end of a minute: ten seconds
# each. Not faster, because the timeouts of functions follow the same clock.
TIME_SCALE = 6
# One comparison decides, and the alarm starts a retraining. The nightly schedule stays as it is.
MONITORING = {
    "alarm": {"periods": 1, "drifted": 1, "period_hours": 1},
    "retrain": {"enabled": True},
}
ROWS = 600
# They never get a label, so the retraining does not get them. They show how good the new model is.
UNLABELLED = 150
# Real seconds that are enough for anything the story waits for, also on a busy machine.
_LONGEST = 240.0
_PAUSE = 0.4


def settings_of(use_case: str) -> dict[str, str]:
    """The environment of the deployment that the story needs.

    Raises:
        OperatorError: there is no story for this use case.
    """
    if use_case not in SHIFTS:
        raise OperatorError(
            f"SCENARIO=drift with the use case {use_case!r}; allowed: {', '.join(SHIFTS)}. Leave out USE_CASE"
        )
    return {
        "LOCALAWS_TIME_SCALE": str(TIME_SCALE),
        "TF_VAR_monitoring": json.dumps({"use_cases": [use_case], **MONITORING}),
    }


class Story:
    """Drift of the production endpoint of a use case.

    Args:
        aws: makes the clients.
        pipeline: the ML pipeline.
        machine: ARN of the state machine `drift`.
        endpoint: name of the endpoint.
        use_case: its use case.
        sample: the file with which the first model was trained.
        target: the column that is predicted.
        say: prints a line.
        sleep: waits some seconds.
    """

    def __init__(
        self,
        aws: Clients,
        pipeline: Pipeline,
        machine: str,
        endpoint: str,
        use_case: str,
        sample: Path,
        target: str,
        *,
        say: Callable[[str], None] = print,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._aws = aws
        self._s3 = aws.client("s3")
        self._pipeline = pipeline
        self._machine = machine
        self._use_case = use_case
        self._endpoint = endpoint
        self._say = say
        self._sleep = sleep
        self._now = now
        self._bucket = pipeline.deployment.workflow_bucket
        self._reports = Reports(self._s3, self._bucket, endpoint)
        self._caller = Caller(aws, endpoint, self._bucket, sample, target)

    def tell(self) -> None:
        """Unchanged traffic, then a shifted column: drift, alarm, retraining, a better model."""
        self._check()
        source = random.Random(1)  # noqa: S311 - a sample
        self._say(f"\n1. Unchanged traffic: {ROWS} rows of the training, drawn at random")
        self._captured(self._caller.send(self._caller.draw(source, ROWS)))
        self._compare("no drift")

        shift = SHIFTS[self._use_case]
        self._say(
            f"\n2. {shift.meaning}: {shift.column} is {shift.factor:g} times what it was, in {ROWS} rows"
        )
        rows = [shift.applied(row) for row in self._caller.draw(source, ROWS)]
        sent = self._caller.send(rows)
        fresh = rows[-UNLABELLED:]
        self._captured(sent)
        self._say(f"what really happened is learned of {ROWS - UNLABELLED} of these rows")
        self._label(sent)
        self._compare("drift")

        self._say("\n3. The alarm asks for a retraining")
        record = self._asked()
        before = self._caller.right(fresh)

        self._say(
            "\n4. The ML pipeline trains on the data of the live model and on the labelled rows"
        )
        run = self._retrain(record)
        evidence = read_evidence(self._s3, self._pipeline.manifest(run))
        self._say(f"\nthe new model, compared with the one before it: {evidence.against_champion}")
        if not evidence.against_champion.endswith(": better"):
            raise OperatorError(f"the new model is not better: {evidence.location}report.html")
        after = self._caller.right(fresh)
        self._say(
            f"{UNLABELLED} shifted rows without a label: {before:.0%} right before the retraining, "
            f"{after:.0%} right after it"
        )

    def _check(self) -> None:
        """Whether the deployment is one that the story can use, before anything is sent."""
        found = self._aws.client("cloudwatch").describe_alarms(AlarmNames=[self._alarm])
        if not found["MetricAlarms"]:
            raise OperatorError(
                f"there is no alarm {self._alarm}, so {self._endpoint} is not watched. Name {self._use_case} "
                "in monitoring.use_cases (make local SCENARIO=drift does so, unless config/environments has "
                "the variable monitoring)"
            )
        if any(record["Started"] for record in self._reports.retrainings(100)):
            raise OperatorError(
                f"drift has started a retraining of {self._endpoint} before, and starts the next after the "
                "cooldown. Run make local-down first: the story needs a new deployment"
            )

    @property
    def _alarm(self) -> str:
        return f"{self._endpoint}-drift"

    def _captured(self, sent: Sent) -> None:
        """Wait until the capture of these requests is stored."""
        self._say(
            f"sent {len(sent.requests)} requests; SageMaker stores them within about a minute ..."
        )
        seen: set[str] = set()
        self._wait("the capture", lambda: self._caller.stored(sent, seen))
        self._say(f"captured in s3://{self._bucket}/{self._caller.folder}")

    def _compare(self, expected: str) -> None:
        self._say("$ python deployment-scripts/drift.py --now")
        request = {"UseCase": self._use_case, "Target": PROD}
        states = self._aws.client("stepfunctions")
        output = compare_and_show(
            states, self._machine, request, self._reports, seconds=_PAUSE, say=self._say
        )
        if output["Verdict"] != expected:
            raise OperatorError(
                f"the verdict is {output['Verdict']!r}, but must be {expected!r}: see {output['Report']}"
            )

    def _label(self, sent: Sent) -> None:
        """The labels of all rows but the last, as drift.py --labels uploads them."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "labels.csv"
            write_labels(path, sent, ROWS - UNLABELLED)
            place, count = upload_labels(self._s3, self._bucket, self._use_case, path)
        self._say(
            f"$ python deployment-scripts/drift.py --labels labels.csv\nuploaded {count} labels to {place}"
        )

    def _asked(self) -> Mapping[str, Any]:
        """Wait for the alarm, and for what start_retraining records because of it."""
        cloudwatch = self._aws.client("cloudwatch")

        def raised() -> Mapping[str, Any] | None:
            (alarm,) = cloudwatch.describe_alarms(AlarmNames=[self._alarm])["MetricAlarms"]
            return alarm if alarm["StateValue"] == "ALARM" else None

        alarm = self._wait("the alarm", raised)
        self._say(f"alarm {self._alarm} is {alarm['StateValue']}: {alarm['StateReason']}")

        def answered() -> Mapping[str, Any] | None:
            records = self._reports.retrainings(100)
            if not any(record["Trigger"] == "alarm" for record in records):
                return None
            # The record of a start is written once more when the data has been copied.
            return next(
                (record for record in records if record["Started"] and record["Data"]), None
            )

        record = self._wait("the retraining", answered)
        for told in reversed(self._reports.retrainings(100)):
            self._say(f"asked by the {view.ASKED[told['Trigger']]}: {view.retraining(told)}")
        for uri in record["Data"]:
            self._say(f"  data  {uri}")
        return record

    def _retrain(self, record: Mapping[str, Any]) -> Run:
        """Follow the run that the alarm has started, and approve as a person who has looked at it."""
        with make_progress() as progress:

            def approve(run: Run, action: Action) -> str | None:
                if action.name == UPLOAD_DATA:
                    return f"the {len(record['Data'])} files of the retraining: {record['Reason']}"
                if action.name == APPROVE_MODEL:
                    evidence = read_evidence(self._s3, self._pipeline.manifest(run))
                    progress.say(f"metrics  {evidence.verdict}; {evidence.against_champion}")
                    return evidence.against_champion
                return "an endpoint needs no inference data"

            run = follow(
                self._pipeline,
                record["RunId"],
                progress,
                seconds=_PAUSE,
                approver=approve,
                sleep=self._sleep,
            )
        require_success(run)
        return run

    def _wait(self, what: str, condition: Callable[[], Any]) -> Any:
        deadline = self._now() + _LONGEST
        while not (found := condition()):
            if self._now() > deadline:
                raise OperatorError(
                    f"{what} did not come within {_LONGEST:.0f} s: see the records in "
                    f"s3://{self._bucket}/retraining/{self._endpoint}/ and the log of localaws"
                )
            self._sleep(_PAUSE)
        return found
