"""drift.py on captured traffic: what it reads, what it says, what it writes."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

import drift
from ml.config.use_case import parse_use_case
from ml.data.statistics import numbers_statistics
from ml.data.vocabulary import Vocabulary
from ml.errors import JobError
from ml.model.scoring import Predictions
from ml.monitoring.baseline import make_baseline
from tests.unit.workflow.ml.monitoring.traffic import as_json, record, write_capture

DOCUMENT = {
    "name": "visits",
    "description": "Minutes of a visit, with every kind of column.",
    "task": "regression",
    "target": "minutes",
    "columns": [
        {"name": "age", "type": "number", "minimum": 0, "maximum": 130},
        {"name": "plan", "type": "category", "values": ["basic", "pro"]},
        {"name": "note", "type": "text", "minimum_length": 1, "maximum_length": 500},
        {"name": "minutes", "type": "number"},
    ],
    "model": {"estimator": "LinearRegression"},
    "metric": {"name": "rmse", "threshold": 3.0, "direction": "minimize"},
}
WORDS = ["please", "call", "me", "about", "the", "invoice", "and", "contract", "again", "today"]


def rows_of(random, count, shift=0.0):
    """Features and the right answer."""
    rows = []
    for _ in range(count):
        age = round(float(random.normal(40 + shift, 10)), 2)
        plan = "pro" if random.uniform() < 0.3 else "basic"
        note = " ".join(random.choice(WORDS, size=int(random.integers(4, 9))))
        rows.append(([age, plan, note], age / 2 + float(random.normal(0, 1))))
    return rows


@pytest.fixture
def use_case():
    return parse_use_case(DOCUMENT)


@pytest.fixture
def folder(tmp_path, use_case):
    random = np.random.default_rng(1)
    rows = rows_of(random, 1_000)
    ages = np.array([features[0] for features, _ in rows])
    notes = [features[2] for features, _ in rows]
    minutes = np.array([answer for _, answer in rows])
    vocabulary = Vocabulary.of(notes[::2])

    def numbers(values):
        return numbers_statistics(lambda: iter([np.asarray(values, dtype=float)]))

    plans = [features[1] for features, _ in rows]
    profile = {
        "split": {"train": {"rows": len(rows)}},
        "columns": {
            "age": numbers(ages),
            "plan": {"counts": {n: plans.count(n) for n in ("basic", "pro")}, "missing": 0},
            "note": {
                "missing": 0,
                "characters": numbers([len(note) for note in notes]),
                "words": numbers([len(note.split()) for note in notes]),
                "vocabulary": {
                    "hashes": vocabulary.encode(),
                    "known_share": numbers(vocabulary.known_shares(notes[1::2])),
                },
            },
        },
    }
    predictions = Predictions(minutes, ages / 2)
    metrics = {"rmse": {"value": 1.0, "standard_deviation": 0.02}}
    baseline = make_baseline(profile, use_case, predictions, metrics, "0" * 64)
    for name, document in (("baseline", baseline), ("use_case", DOCUMENT)):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.json").write_text(json.dumps(document))
    return tmp_path


def captured(rows, requests=5):
    """CSV and JSON by turns, several rows in a request."""
    records = []
    for first in range(0, len(rows), requests):
        part = [features for features, _ in rows[first : first + requests]]
        answers = [features[0] / 2 for features in part]
        number = first // requests
        name = f"id-{number}"
        if number % 3 == 0:
            text = "\n".join(",".join(map(str, row)) for row in part)
            records.append(record(text, "\n".join(map(str, answers)), inference_id=name))
        else:
            body = part if number % 3 == 1 else [
                dict(zip(("age", "plan", "note"), row, strict=True)) for row in part
            ]  # fmt: skip
            answer = json.dumps({"predictions": answers})
            kinds = {"content_type": "application/json", "accept": "application/json"}
            records.append(record(as_json(body), answer, inference_id=name, **kinds))
    return records


def run(folder, *more):
    options = ["--capture", "capture", "--baseline", "baseline", "--config", "use_case"]
    options += ["--labels", "labels", "--output", "drift"]
    arguments = [option if option.startswith("--") else str(folder / option) for option in options]
    drift.main(drift.parse_arguments([*arguments, "--endpoint", "acme-dev-visits", *more]))
    return json.loads((folder / "drift/drift.json").read_text())


def metrics_of(found):
    return {metric["MetricName"]: metric["Value"] for metric in found["metrics"]}


def test_unchanged_traffic_is_no_drift(folder):
    write_capture(folder / "capture", captured(rows_of(np.random.default_rng(2), 600)))
    found = run(folder)
    assert found["summary"] == (
        "no drift: none of 5 columns differs from the training, on 600 rows"
    )
    assert metrics_of(found) == {
        "DriftRows": 600, "DriftedColumns": 0, "DriftedShare": 0.0, "DriftVerdict": 0.0,
        "DriftPsi": pytest.approx(0.0, abs=0.05),
    }  # fmt: skip
    assert found["metrics"][0]["Dimensions"] == [
        {"Name": "EndpointName", "Value": "acme-dev-visits"}
    ]
    assert [column["column"] for column in found["columns"] if column["psi"] is None] == []


def test_a_shifted_column_and_its_predictions_drift(folder):
    rows = rows_of(np.random.default_rng(3), 600, shift=8)
    write_capture(folder / "capture", captured(rows))
    found = run(folder)
    assert found["verdict"] == "drift"
    assert found["drifted_columns"] == ["age", "prediction"]
    assert found["summary"].startswith("drift: 1 of 5 columns on 600 rows: age (PSI ")
    assert metrics_of(found)["DriftVerdict"] == 1.0
    assert metrics_of(found)["DriftedColumns"] == 2
    report = (folder / "drift/report.html").read_text()
    assert "✗ drift: 1 of 5 columns" in report
    assert report.count("<svg") == 7
    short = json.loads((folder / "drift/verdict.json").read_text())
    assert short["metrics"] == found["metrics"]


def test_too_few_rows_are_a_verdict_of_their_own(folder):
    rows = rows_of(np.random.default_rng(4), 60, shift=30)
    write_capture(folder / "capture", captured(rows))
    found = run(folder)
    assert found["summary"] == "too few rows: 60, and a comparison needs 300"
    assert metrics_of(found) == {"DriftRows": 60}
    assert found["drifted_columns"] == []


def test_no_traffic_at_all(folder):
    (folder / "capture").mkdir()
    assert run(folder)["verdict"] == "too few rows"
    (folder / "capture").rmdir()
    with pytest.raises(JobError, match="does not exist"):
        run(folder)


def test_labels_measure_the_quality_and_become_training_data(folder):
    random = np.random.default_rng(5)
    rows = [(features, answer + 3) for features, answer in rows_of(random, 600)]
    write_capture(folder / "capture", captured(rows))
    labels = folder / "labels"
    labels.mkdir()
    with (labels / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("inference_id", "row", "label")]
            + [(f"id-{n // 5}", n % 5, answer) for n, (_, answer) in enumerate(rows[:300])]
        )
    (labels / "b.jsonl").write_text(
        json.dumps({"inference_id": "id-0", "label": rows[0][1]}) + "\n"
        + json.dumps({"inference_id": "never seen", "label": 1.0}) + "\n"
        + json.dumps({"inference_id": "id-1", "label": "no number"}) + "\n"
    )  # fmt: skip
    found = run(folder)
    quality = found["quality"]
    assert (quality["status"], quality["rows"]) == ("worse", 300)
    expected = np.sqrt(np.mean([(a - f[0] / 2) ** 2 for f, a in rows[:300]]))
    assert quality["value"] == pytest.approx(expected)
    assert quality["low"] < quality["value"] < quality["high"]
    assert found["verdict"] == "drift"
    assert "the quality has fallen" in found["summary"]
    with (folder / "drift/labelled.csv").open(newline="") as file:
        written = list(csv.reader(file))
    assert written[0] == ["age", "plan", "note", "minutes"]
    assert len(written) == 301 == found["labelled_rows"] + 1
    assert sorted(float(row[3]) for row in written[1:]) == sorted(a for _, a in rows[:300])


def test_few_labels_are_not_judged(folder):
    rows = rows_of(np.random.default_rng(6), 600)
    write_capture(folder / "capture", captured(rows))
    (folder / "labels").mkdir()
    (folder / "labels/a.jsonl").write_text(json.dumps({"inference_id": "id-0", "label": 99}))
    assert run(folder)["quality"]["status"] == "too few labels"
    (folder / "labels/a.jsonl").write_text(json.dumps({"id": "id-0", "label": 99}))
    with pytest.raises(
        JobError, match=r"a\.jsonl: found the columns id, label, expected inference_id"
    ):
        run(folder)


def test_unknown_cells_and_other_lines_are_counted(folder):
    rows = rows_of(np.random.default_rng(7), 600)
    for place in range(60):
        rows[place][0][1] = "free"
    records = captured(rows)
    records += ["not json", "{}", record("1,basic", "1"), record("1,basic,hi", "1\n2")]
    records += [record("1,basic,hi", "1", time="2026-04-30T23:59:59Z")]
    write_capture(folder / "capture", records)
    found = run(folder, "--since", "2026-05-01T00:00:00Z")
    seen = found["seen"]
    assert (seen["other_lines"], seen["malformed_rows"], seen["unreadable_requests"]) == (2, 1, 1)
    assert (seen["outside_window"], seen["rows"]) == (1, 600)
    assert "plan (10.0% unknown)" in found["summary"]


def test_texts_of_other_words_drift(folder):
    rows = rows_of(np.random.default_rng(8), 600)
    for features, _ in rows:
        features[2] = features[2].replace("invoice", "refund").replace("call", "sue")
    write_capture(folder / "capture", captured(rows))
    assert "note: known words" in run(folder)["drifted_columns"]


def test_the_same_traffic_gives_the_same_report(folder):
    write_capture(folder / "capture", captured(rows_of(np.random.default_rng(2), 400)))
    run(folder)
    first = (folder / "drift/report.html").read_bytes()
    run(folder)
    assert (folder / "drift/report.html").read_bytes() == first
