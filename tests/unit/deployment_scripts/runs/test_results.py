from __future__ import annotations

import io
import json
from typing import Any

import pytest

from landing_zone.api.session import Response
from landing_zone.core.errors import OperatorError
from landing_zone.runs.results import (
    api_predictions,
    batch_head,
    held_out_rows,
    show_results,
)
from tests.unit.deployment_scripts.fakes import MANIFEST, FakeAws, FakeS3

TEST = "run-1/preprocessing/test/test.csv"
FEATURES = ("sepal_length", "sepal_width", "petal_length", "petal_width")
HEADER = "sepal_length,sepal_width,petal_length,petal_width,variety\n"
ROWS = [
    "5.1,3.5,1.4,0.2,setosa\n",
    "6.0,2.2,4.0,1.0,versicolor\n",
    "7,3,6,2,virginica\n",
    "1,1,1,1,setosa\n",
]


class FakeRuntime:
    def __init__(self, answer: str = "setosa\nversicolor\nvirginica\n") -> None:
        self.answer = answer
        self.request: dict[str, Any] = {}

    def invoke_endpoint(self, **request: Any) -> dict[str, Any]:
        self.request = request
        return {"Body": io.BytesIO(self.answer.encode())}


@pytest.fixture
def s3() -> FakeS3:
    made = FakeS3("workflow-bucket")
    made.put_object(Bucket="workflow-bucket", Key=TEST, Body=(HEADER + "".join(ROWS)).encode())
    return made


def test_three_predictions_are_shown_beside_the_true_values(s3: FakeS3) -> None:
    runtime = FakeRuntime()
    manifest = {**MANIFEST, "EndpointType": "SageMakerEndpoint"}

    text = show_results(FakeAws(s3=s3, sagemaker_runtime=runtime), manifest, FEATURES, "variety")

    assert runtime.request["EndpointName"] == "ml-core-development-iris"
    assert runtime.request["ContentType"] == "text/csv"
    assert runtime.request["Body"] == "5.1,3.5,1.4,0.2\n6.0,2.2,4.0,1.0\n7,3,6,2\n"
    assert text.count("predicted") == 3
    assert "actual versicolor" in text


def test_the_rows_are_taken_from_the_whole_file(s3: FakeS3) -> None:
    text = HEADER + "".join(row * 20 for row in ROWS[:3])  # sorted, as samples often are
    s3.put_object(Bucket="workflow-bucket", Key=TEST, Body=text.encode())
    found = [row["variety"] for row in held_out_rows(s3, MANIFEST)]
    assert found == ["setosa", "versicolor", "virginica"]


def test_a_label_may_have_spaces_commas_and_quotes(s3: FakeS3) -> None:
    manifest = {**MANIFEST, "EndpointType": "SageMakerEndpoint"}
    runtime = FakeRuntime('iris setosa\n"a, ""b"""\nvirginica\n')
    text = show_results(FakeAws(s3=s3, sagemaker_runtime=runtime), manifest, FEATURES, "variety")
    assert "predicted iris setosa" in text
    assert 'predicted a, "b"' in text


def test_an_endpoint_that_answers_too_few_rows(s3: FakeS3) -> None:
    manifest = {**MANIFEST, "EndpointType": "SageMakerEndpoint"}

    with pytest.raises(OperatorError, match="answered 1 predictions to 3 rows"):
        show_results(
            FakeAws(s3=s3, sagemaker_runtime=FakeRuntime("setosa\n")), manifest, FEATURES, "variety"
        )


def test_the_head_of_each_batch_output(s3: FakeS3) -> None:
    s3.put_object(Bucket="workflow-bucket", Key="run-1/config/use_case.json", Body=b"{}")
    body = b"setosa\n" * 1_000_000
    for name in ("a.csv.out", "b.csv.out", "manifest.json"):
        s3.put_object(Bucket="workflow-bucket", Key=f"run-1/inference/output/{name}", Body=body)

    text = show_results(FakeAws(s3=s3), MANIFEST, FEATURES, "variety")

    assert text.count("batch output") == 2
    assert text.count("  setosa") == 6


def test_a_batch_that_may_skip_says_which_rows_it_skipped(s3: FakeS3) -> None:
    use_case = b'{"batch": {"bad_rows": "skip"}}'
    s3.put_object(Bucket="workflow-bucket", Key="run-1/config/use_case.json", Body=use_case)
    lines = [b"" if number % 100_000 == 2 else b"setosa" for number in range(1, 1_200_001)]
    outputs = {"a": b"\n".join(lines) + b"\n", "b": b"setosa\n\n", "c": b"setosa\nvirginica\n"}
    for name, body in outputs.items():
        key = f"run-1/inference/output/{name}.csv.out"
        s3.put_object(Bucket="workflow-bucket", Key=key, Body=body)

    shown = show_results(FakeAws(s3=s3), MANIFEST, FEATURES, "variety").splitlines()

    assert shown[1:5] == [
        "  setosa",
        "  (skipped)",
        "  setosa",
        "  12 of 1,200,000 rows skipped: lines 2, 100,002, 200,002, 300,002, 400,002, 500,002, 600,002, "
        "700,002, 800,002, 900,002 and 2 more",
    ]
    assert "  1 of 2 rows skipped: line 2" in shown
    assert "  no row of 2 was skipped" in shown


def test_a_batch_without_output() -> None:
    with pytest.raises(OperatorError, match=r"holds no \.out file"):
        batch_head(FakeS3("workflow-bucket"), MANIFEST)


def test_a_test_set_without_rows(s3: FakeS3) -> None:
    s3.put_object(Bucket="workflow-bucket", Key=TEST, Body=HEADER.encode())

    with pytest.raises(OperatorError, match="holds no row"):
        held_out_rows(s3, MANIFEST)


def test_a_large_test_set_has_a_sample_beside_it(s3: FakeS3) -> None:
    objects = s3.buckets["workflow-bucket"]
    objects[TEST.replace("test.csv", "sample.csv")] = objects.pop(TEST)

    assert held_out_rows(s3, MANIFEST, 1)[0]["variety"] == "setosa"


def test_no_test_set_at_all() -> None:
    with pytest.raises(OperatorError, match=r"holds neither test\.csv nor sample\.csv"):
        held_out_rows(FakeS3("workflow-bucket"), MANIFEST)


class FakeSession:
    """An inference API that answers every row with its number."""

    def send(
        self, method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Response:
        rows = body.decode().splitlines()
        document = {
            "predictions": list(range(len(rows))),
            "model_version": "7",
            "variant": "AllTraffic",
            "inference_id": "id",
        }
        return Response(200, {}, json.dumps(document).encode())


def test_the_same_rows_are_predicted_through_the_api(s3: FakeS3) -> None:
    text = api_predictions(s3, FakeSession(), "https://x/predict/iris", MANIFEST, FEATURES)

    assert text.splitlines()[0] == "inference API, POST https://x/predict/iris:"
    assert text.count("by model version 7, variant AllTraffic") == 3
