"""/evaluate and /deploy-candidate with the shipped scripts: a pull request becomes the live model.

Then, on the same deployment, `make local SCENARIO=drift`: drift of its traffic, the alarm, the retraining.

The tests build on each other, in this order.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from landing_zone.commands.local import LocalAws, local_environment
from landing_zone.core.settings import ROOT
from landing_zone.monitoring import story
from landing_zone.runs.deployment_lock import LOCK_KEY
from tests.local.landing import Landing, denied, left_over, wait_until

COMMIT, NUMBER = "c" * 40, "7"
WORKFLOW_BUCKET = "ml-core-development-123456789012-workflow-bucket"
ENDPOINT = "ml-core-development-iris"
pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("candidates")]


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Landing]:
    """`make local` of iris, whose model is the live one."""
    state_dir = tmp_path_factory.mktemp("candidates") / "localaws"
    settings = {"LOCALAWS_PORT": "0", "LOCALAWS_STATE_DIR": str(state_dir), "IMAGE_TAG": "prebuilt"}
    ignored = ("SERVICE", "BUILD_STAGE", "AWS_REGION", "STATE_BUCKET", "DATA", "APPROVE")
    kept = {key: value for key, value in os.environ.items() if key not in ignored}
    made = Landing({**local_environment({**kept, **settings}), "LOCALAWS_PORT": "0"}, state_dir)
    made.environment |= {"USE_CASE": "iris", **story.settings_of("iris")}
    try:
        made.succeed("local.py", "up", ENDPOINT_TYPE="SageMakerEndpoint")
        localaws = LocalAws(made.environment)
        localaws.become_deployer()
        made.environment |= localaws.environment()
        yield made
    finally:
        made.script("local.py", "down")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a pull request that changes the job code."""
    folder = tmp_path_factory.mktemp("candidate")
    for part in ("workflow", "config"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / part, folder / part, ignore=ignore)
    manifest = folder / "config/manifest.json"
    content = {**json.loads(manifest.read_text()), "UseCase": "iris", "ImageTag": "local"}
    manifest.write_text(json.dumps(content))
    with (folder / "workflow/train.py").open("a") as file:
        file.write("# a change of the pull request\n")
    return folder


def live_package(landing: Landing) -> str:
    sagemaker = landing.client("sagemaker")
    config = sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointConfigName"]
    return str(config)


def options(commit: str = COMMIT) -> list[str]:
    return ["--pull-request", NUMBER, "--commit", commit]


def test_the_candidate_is_compared_with_the_live_model(landing: Landing, checkout: Path) -> None:
    before, live = len(landing.executions()), live_package(landing)

    output = landing.succeed(
        "evaluate_candidate.py", "--candidate", str(checkout), *options(), IMAGE_TAG=""
    )

    assert "### Evaluation of `cccccccccccc`: passed" in output
    assert f"`{COMMIT}`" in output
    rows = [line.split(" | ") for line in output.splitlines() if line.startswith("| accuracy")]
    assert rows, output
    # The same data and the same seed: the models differ in nothing.
    assert rows[0][1] == rows[0][2]
    assert len(landing.executions()) == before + 1
    assert live_package(landing) == live


def test_only_the_evaluated_commit_is_deployed(landing: Landing) -> None:
    done = landing.script("deploy_candidate.py", *options("d" * 40))

    assert done.returncode == 1
    assert f"/evaluate {'d' * 40} first" in done.stderr


def test_a_deployment_at_the_same_time_is_refused(landing: Landing) -> None:
    s3 = landing.client("s3")
    s3.put_object(Bucket=WORKFLOW_BUCKET, Key=LOCK_KEY, Body=json.dumps({"holder": "another"}))
    done = landing.script("deploy_candidate.py", *options())
    s3.delete_object(Bucket=WORKFLOW_BUCKET, Key=LOCK_KEY)

    assert done.returncode == 1
    assert "is held by another" in done.stderr


def test_the_candidate_becomes_the_live_model_once(landing: Landing) -> None:
    live = live_package(landing)

    output = landing.succeed("deploy_candidate.py", *options())

    assert f"endpoint {ENDPOINT} serves arn:" in output
    assert live_package(landing) != live
    again = landing.script("deploy_candidate.py", *options())
    assert again.returncode == 1
    assert "is Approved, but must be PendingManualApproval" in again.stderr
    assert denied(landing) == []


def test_drift_raises_the_alarm_and_ends_in_a_better_model(landing: Landing) -> None:
    live = live_package(landing)

    output = landing.succeed("local.py", "story", "--scenario", "drift")

    assert "✓ no drift: none of 4 columns differs from the training" in output
    assert re.search(r"^  petal_length .*✗ drifted$", output, re.MULTILINE), output
    assert re.search(rf"^alarm {ENDPOINT}-drift is ALARM: Threshold Crossed", output, re.MULTILINE)
    assert re.search(r"^asked by the alarm: ", output, re.MULTILINE)
    # Mostly the alarm. The comparison asks a moment after it has published the metric, and may be first.
    assert re.search(
        r"^asked by the \w+: .* retraining [0-9a-f-]{36} started", output, re.MULTILINE
    )
    assert re.search(
        r"compared with the one before it: accuracy \+.*: better$", output, re.MULTILINE
    )
    before, after = map(int, re.findall(r"(\d+)% right", output))
    assert after > before + 10
    assert live_package(landing) != live
    shown = landing.succeed("drift.py")
    assert re.search(r"^20\S+  ✓ no drift", shown, re.MULTILINE)
    assert "started: drift has lasted, and 450 captured rows have a label" in shown


def test_the_deployed_schedule_starts_a_comparison(landing: Landing) -> None:
    """It is made to fire each minute, and is left as it is otherwise."""
    scheduler, states = landing.client("scheduler"), landing.client("stepfunctions")
    name = f"{ENDPOINT}-drift"
    made = scheduler.get_schedule(Name=name)
    assert made["ScheduleExpression"] == "cron(0 3 * * ? *)"
    kept = {key: made[key] for key in ("Name", "FlexibleTimeWindow", "Target")}
    machine = made["Target"]["Arn"]

    def executions() -> list[str]:
        found = states.list_executions(stateMachineArn=machine)["executions"]
        return [item["executionArn"] for item in found]

    known = executions()
    scheduler.update_schedule(**kept, ScheduleExpression="rate(1 minute)")
    new = wait_until("the schedule", lambda: [arn for arn in executions() if arn not in known])
    scheduler.update_schedule(**kept, ScheduleExpression="rate(1 minute)", State="DISABLED")
    ended = wait_until(
        "the comparison",
        lambda: (
            (found := states.describe_execution(executionArn=new[-1]))["status"] != "RUNNING"
            and found
        ),
    )

    assert json.loads(ended["input"]) == {"UseCase": "iris", "Target": "prod"}
    assert ended["status"] == "SUCCEEDED", ended
    # After the retraining there are no more rows than those that have shown how good it is.
    assert json.loads(ended["output"])["Verdict"] == "too few rows"


def test_destroy_leaves_no_capture(landing: Landing) -> None:
    captured = landing.client("s3").list_objects_v2(Bucket=WORKFLOW_BUCKET, Prefix="capture/")
    assert captured["KeyCount"] > 0

    landing.succeed("quick-destroy.sh", "--yes", "--quiet")

    assert left_over(landing) == {}
    assert denied(landing) == []
