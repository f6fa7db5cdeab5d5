"""What the pages read and decide, with AWS in memory."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from console.gate import Verdict, refusal
from landing_zone.core.errors import OperatorError
from landing_zone.models.registry import APPROVED, PENDING
from tests.unit.console.fakes import ANN, RUN, Console
from tests.unit.deployment_scripts.models.fakes import arn

OTHER = RUN.replace("1", "9")
CSV = b"sepal_length,variety\n5.1,setosa\n"


def wait_for(console: Console, task: dict[str, Any]) -> dict[str, Any]:
    """The task when it has ended."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and thread.name.startswith("Thread-"):
            thread.join(10)
    return dict(console.get(f"/api/tasks/{task['id']}"))


def test_the_list_of_runs(console: Console) -> None:
    console.pipeline.add_run("old", "Failed")
    console.add_run()

    found = console.get("/api/runs")

    assert [(run["id"], run["status"]) for run in found["runs"]] == [
        (RUN, "InProgress"),
        ("old", "Failed"),
    ]
    assert found["next"] == ""
    facts = console.get("/api/facts", ids=f"{RUN},old")["facts"]
    assert facts[RUN] == {"use_case": "iris", "waiting": "", "failed": ""}
    assert console.get("/api/facts", ids=",".join("x" * 21))["status"] == 400


def test_a_run_with_the_answer_to_an_approval(console: Console) -> None:
    console.add_run()
    summary = {"executionResult": {"externalExecutionSummary": "looks right"}}
    console.pipeline.add_action(
        RUN, "MachineLearningStage", "UploadSourceData", "Succeeded", **summary
    )
    console.pipeline.details[-1]["updatedBy"] = ANN

    found = console.get(f"/api/runs/{RUN}")

    actions = {action["name"]: action for stage in found["stages"] for action in stage["actions"]}
    assert actions["UploadSourceData"]["summary"] == "looks right"
    assert actions["UploadSourceData"]["answered_by"] == ANN
    assert actions["ApproveModel"]["status"] == "NotStarted"
    assert found["manifest"]["UseCase"] == "iris"
    assert console.get("/api/runs/unknown")["status"] == 409


def test_an_approval_shows_its_evidence(console: Console) -> None:
    console.add_run()
    console.pipeline.wait_for(RUN, "ApproveModelStage", "ApproveModel", "token-1")

    found = console.get(f"/api/runs/{RUN}/approval")

    assert found["waiting"] == "ApproveModel"
    assert found["evidence"]["passed"] is True
    assert found["evidence"]["verdict"] == "r2 0.8500 >= 0.8 on 100 held-out rows"
    assert found["text"].startswith("use case  iris")
    assert console.get(f"/api/runs/{RUN}")["waiting"] == "ApproveModel"


def test_an_answer_needs_a_reason_a_decision_and_the_approval_that_was_shown(
    console: Console,
) -> None:
    console.add_run()
    console.pipeline.wait_for(RUN, "ApproveModelStage", "ApproveModel", "token-1")
    path, right = f"/api/runs/{RUN}/approval", {"approval": "ApproveModel", "decision": "approve"}

    for wrong, said in (
        (right, "reason"),
        ({**right, "reason": "  "}, "reason"),
        ({**right, "reason": "good", "decision": "maybe"}, "allowed: approve, reject"),
        ({**right, "reason": "good", "approval": ""}, "does not name"),
        ({**right, "reason": "good", "approval": "UploadSourceData"}, "waits for ApproveModel"),
    ):
        assert said in console.post(path, wrong)["error"]
    assert console.pipeline.answers == []

    assert console.post(path, {**right, "reason": "good"})["decision"] == "approve"
    (answer,) = console.pipeline.answers
    assert answer["token"] == "token-1"
    assert answer["result"] == {"status": "Approved", "summary": "good"}


def test_somebody_else_was_faster(console: Console) -> None:
    console.add_run()
    console.pipeline.wait_for(RUN, "ApproveModelStage", "ApproveModel", "token-1")
    console.pipeline.answer_error = "ApprovalAlreadyCompletedException"

    answer = console.post(
        f"/api/runs/{RUN}/approval",
        {"approval": "ApproveModel", "decision": "reject", "reason": "late"},
    )

    assert (answer["status"], "somebody else" in answer["error"]) == (409, True)


def test_two_runs_are_compared(console: Console) -> None:
    console.add_run(TrainingHyperParameters=json.dumps({"C": "1.0"}))
    console.add_run(OTHER, TrainingHyperParameters=json.dumps({"C": "2.0", "max_iter": "5"}))

    found = console.get(f"/api/compare/{RUN}/{OTHER}")

    parameters = {row["name"]: row["values"] for row in found["parameters"]}
    assert parameters["C"] == ["1.0", "2.0"]
    assert parameters["max_iter"] == ["", "5"]
    assert {row["name"]: row["values"] for row in found["metrics"]}["r2"] == [0.85, 0.85]


def test_a_stop_needs_a_reason(console: Console) -> None:
    console.add_run()

    assert console.post(f"/api/runs/{RUN}/stop")["status"] == 400
    assert console.post(f"/api/runs/{RUN}/stop", {"reason": "wrong data"}) == {}
    (call,) = console.pipeline.calls
    assert call[1]["reason"] == "wrong data"


@pytest.mark.parametrize("name", ["../x.csv", "x.sh", "", ".csv", "a/b.csv", "x" * 200 + ".csv"])
def test_names_of_files_that_are_refused(console: Console, name: str) -> None:
    assert console.post("/api/check", body=CSV, name=name, use_case="iris")["status"] == 400


def test_a_file_is_checked_before_its_run_starts(console: Console) -> None:
    console.verdict = Verdict(False, "Data refused: 1 violation", ("1) column x: row 3",))

    found = console.post("/api/check", body=CSV, name="flowers.csv", use_case="iris")

    assert (found["accepted"], found["lines"]) == (False, ["1) column x: row 3"])
    assert console.files.find(found["file"]).read_bytes() == CSV
    unknown = console.post("/api/check", body=CSV, name="flowers.csv", use_case="no")
    assert "use case 'no' does not exist" in unknown["error"]


def test_the_words_of_a_refusal() -> None:
    found = refusal(
        "Data refused: 2 violations in a.csv.\n1) column x: 1 row (line 7): y.\n2) z.\n(line 1 is",
        "",
    )

    assert found.summary == "Data refused: 2 violations in a.csv."
    assert found.lines == ("1) column x: 1 row (line 7): y.", "2) z.")
    with pytest.raises(OperatorError, match="no target"):
        refusal("Traceback", "use_case.json: no target")


def test_a_run_gets_its_file_and_is_approved(console: Console) -> None:
    file = console.post("/api/check", body=CSV, name="flowers.csv", use_case="iris")["file"]
    console.add_run("started")
    console.pipeline.wait_for("started", "MachineLearningStage", "UploadSourceData", "token-1")

    started = console.post(
        "/api/runs",
        {"use_case": "iris", "endpoint_type": "Batch", "file": file, "reason": "measured"},
    )

    assert started["command"] == (
        "USE_CASE=iris ENDPOINT_TYPE=Batch python deployment-scripts/start_run.py"
    )
    ended = wait_for(console, started["task"])
    assert ended["status"] == "done", ended["lines"]
    (call,) = console.pipeline.calls
    assert {item["name"]: item["value"] for item in call[1]["variables"]} == {
        "UseCase": "iris",
        "EndpointType": "Batch",
    }
    assert console.s3.text("workflow-bucket", "run-1/source/flowers.csv") == CSV.decode()
    assert console.pipeline.answers[0]["result"]["summary"] == "measured"


def test_without_a_reason_the_data_waits_for_a_person(console: Console) -> None:
    console.add_run("started")
    console.pipeline.wait_for("started", "MachineLearningStage", "UploadSourceData", "token-1")

    started = console.post("/api/runs", {"use_case": "iris", "file": "sample"})

    assert wait_for(console, started["task"])["status"] == "done"
    assert "run-1/source/iris.csv" in console.s3.puts
    assert console.pipeline.answers == []


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "needs a use case"),
        ({"use_case": "../x"}, "USE_CASE is '../x'"),
        ({"use_case": "iris", "endpoint_type": "Cloud"}, "allowed: empty, SageMakerEndpoint"),
        ({"use_case": "iris", "file": "0" * 32}, "upload it again"),
        ({"use_case": "iris", "file": "../../etc/passwd"}, "upload it again"),
    ],
)
def test_starts_that_are_refused(console: Console, document: dict[str, str], said: str) -> None:
    assert said in console.post("/api/runs", document)["error"]
    assert console.pipeline.calls == []


def test_versions_and_what_a_decision_leads_to(console: Console) -> None:
    console.sagemaker.add(1, APPROVED)
    console.sagemaker.add(2, PENDING)
    console.sagemaker.serve("zone-development-iris", "config-1", 1, 1)

    assert console.get("/api/models")["use_cases"] == [{"name": "iris", "live": {"prod": arn(1)}}]
    versions = console.get("/api/models/iris")["versions"]
    assert [(one["version"], one["live"]) for one in versions] == [(2, []), (1, ["prod"])]
    second = console.get("/api/models/iris/versions/2")
    assert second["consequences"]["approve"] == "after this production serves version 2"
    assert second["lineage"]["code version"] == "code-2"
    assert console.get("/api/models/iris/versions/3")["status"] == 404


def test_a_decision_is_stored_with_its_author(console: Console) -> None:
    console.sagemaker.add(1, PENDING)
    path = "/api/models/iris/versions/1"

    assert console.post(path, {"decision": "approve"})["status"] == 400
    ended = wait_for(console, console.post(path, {"decision": "approve", "reason": "better"}))

    assert ended["status"] == "done"
    assert console.sagemaker.packages[arn(1)]["ApprovalDescription"] == f"Approved by {ANN}: better"
    assert console.post(path, {"decision": "approve", "reason": "again"})["status"] == 409


def test_a_rollback_does_what_the_page_has_shown(console: Console) -> None:
    console.sagemaker.add(1, APPROVED)
    console.sagemaker.add(2, APPROVED)
    console.sagemaker.serve("zone-development-iris", "config-2", 2, 1)
    console.ssm.values["/zone/development/deploy_step_function_arn"] = "arn:machine:zone-deploy"

    plan = console.get("/api/models/iris/rollback")
    assert (plan["from"], plan["to"]) == (2, 1)
    late = console.post("/api/models/iris/rollback", {"reason": "wrong", "from": 3, "to": 2})
    assert (late["status"], "look again" in late["error"]) == (409, True)
    assert console.sagemaker.packages[arn(2)]["ModelApprovalStatus"] == APPROVED


def test_the_traffic_of_an_endpoint(console: Console) -> None:
    console.sagemaker.add(1, APPROVED)
    console.sagemaker.serve("zone-development-iris", "config-1", 1, 1)
    path = "/api/endpoints/iris/prod"

    assert console.get(path)["variants"][0]["share"] == 1.0
    assert [one["version"] for one in console.get("/api/endpoints")["endpoints"]] == ["1"]
    for weights, said in (
        ({}, "weights is missing"),
        ({"A": "1"}, "the weight of A is '1'"),
        ({"A": -1}, "-1"),
        ({"B": 1}, "no variant B"),
        ({"A": 0}, "weight 0"),
    ):
        assert said in console.post(f"{path}/traffic", {"weights": weights})["error"]
    ended = wait_for(console, console.post(f"{path}/traffic", {"weights": {"A": 2}}))
    assert ended["lines"][-1] == "A has 100.0% of the traffic"
    assert console.get("/api/endpoints/iris/dev")["status"] == 404
    assert "no rollout is in progress" in _abort(console, path)["error"]


def _abort(console: Console, path: str) -> dict[str, Any]:
    console.context.aws.clients["cloudwatch"] = None  # type: ignore[attr-defined]
    return dict(console.post(f"{path}/abort", {"reason": "stop"}))


def test_the_form_has_the_columns_of_the_use_case(console: Console) -> None:
    form = console.get("/api/predict/iris")

    assert [column["name"] for column in form["columns"]][:2] == ["sepal_length", "sepal_width"]
    assert form["example"] == ["5.1", "3.5", "1.4", "0.2"]
    assert form["not_deployed"] == "zone-development has no inference API"
    answer = console.post("/api/predict/iris", {"rows": [["1", "2", "3", "4"]]})
    assert (answer["status"], "no inference API" in answer["error"]) == (409, True)
    assert "0 rows" in console.post("/api/predict/iris", {"rows": []})["error"]
    assert "a row is a str" in console.post("/api/predict/iris", {"rows": ["1,2"]})["error"]


def test_the_verdicts_of_drift(console: Console) -> None:
    document = {"verdict": "no drift", "summary": "all columns are as in the training"}
    key = "monitoring/zone-development-iris/2026-05-03-12-00-00-abc/drift.json"
    console.s3.put_object(Bucket="workflow-bucket", Key=key, Body=json.dumps(document).encode())

    found = console.get("/api/drift/iris/prod")

    assert found["latest"] == document
    assert found["history"][0]["moment"] == "2026-05-03-12-00-00"
    assert console.get("/api/drift/iris/dev")["latest"] is None
    assert console.get("/api/drift/iris/moon")["status"] == 404


def test_the_cost_of_the_latest_runs(console: Console) -> None:
    console.add_run()
    cost = {
        "usd": "0.42", "limit": None, "endpoints": [], "unknown": [], "region": "eu-west-1",
        "fetched": "2026-05-01", "jobs": [],
    }  # fmt: skip
    console.s3.put_object(
        Bucket="workflow-bucket", Key=f"{RUN}/config/cost.json", Body=json.dumps(cost).encode()
    )

    (run,) = console.get("/api/cost")["runs"]

    assert run["worst_case"][0] == "cost      the jobs cost at most 0.42 USD"
