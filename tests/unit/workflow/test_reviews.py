"""The use case of texts from end to end: sample, awkward texts, requests, and other classifiers."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from inference import input_fn, model_fn, output_fn, predict_fn
from ml.data.frames import read_frame
from ml.data.violations import DataRefusedError
from ml.errors import JobError
from ml.hashes import file_sha256
from tests.unit.workflow.conftest import ROOT, Run, sample_data, shipped_document

SAMPLE = ROOT / "sample-files/reviews.csv"

AWKWARD = [
    'He said "go", and went.',
    '"Quoted" from the first letter, and to the "last"',
    "Two lines:\nthe second, with a comma.",
    "Lines as on Windows\r\nend like this, and a lone \r is kept.",
    "naïve café, 日本語の映画, 👩‍🚀 and an é of two characters",
    "=SUM(A1) looks like a formula; 'NA' and null are words.",
    "semicolons; tabs\tand | bars",
    "a backslash \\ and \\n, which is no line end",
]


def as_csv(rows: list[list[str]], **options) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, **options).writerows(rows)
    return text.getvalue()


def sample_rows() -> list[list[str]]:
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_the_sample_is_balanced_and_varied():
    header, *rows = sample_rows()
    assert header == ["text", "sentiment"]
    counts = Counter(label for _, label in rows)
    assert counts["0"] == counts["1"] >= 150
    texts = [text for text, _ in rows]
    assert len(set(texts)) == len(texts)
    openings = Counter(" ".join(text.split()[:4]) for text in texts)
    assert openings.most_common(1)[0][1] <= 4
    assert any("\n" in text for text in texts)
    assert any('"' in text for text in texts)
    assert any(not text.isascii() for text in texts)


def test_the_sample_passes_its_gate_with_a_margin(reviews_run: Run):
    evaluation = reviews_run.json("evaluation/evaluation.json")
    gate = evaluation["gate"]
    assert (gate["metric"], gate["threshold"], gate["rows"]) == ("accuracy", 0.78, 90)
    assert 0.83 < gate["value"] < 1
    assert "binary_classification_metrics" in evaluation


def test_the_model_is_the_best_trial_of_its_search(reviews_run: Run):
    card = reviews_run.json("model/model.json")
    trials = card["search"]["trials"]
    assert len(trials) == 12
    best = trials[card["search"]["best"] - 1]
    for name, value in best["hyperparameters"].items():
        assert card["hyperparameters"][name] == value
    assert card["hyperparameters"]["text__sublinear_tf"] is True


def test_the_same_data_and_seed_give_the_same_digits(reviews_run: Run, new_run, tmp_path: Path):
    again = new_run(shipped_document("reviews"))
    again.preprocess(sample_data(tmp_path, "reviews"))
    # Another process: sets of words are in another order in each.
    subprocess.run(
        [sys.executable, ROOT / "workflow/train.py", "--train", again.out / "train", "--profile",
         again.out / "model", "--config", again.config, "--model-dir", again.model],
        check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": "7"},
    )  # fmt: skip
    again.evaluate()
    for path in ("out/train/train.csv", "out/test/test.csv", "model/model.joblib"):
        assert (again.root / path).read_bytes() == (reviews_run.root / path).read_bytes(), path
    for path in ("evaluation/evaluation.json", "evaluation/report.html"):
        assert without_card(again, path) == without_card(reviews_run, path)


def without_card(run: Run, path: str) -> str:
    """model.json tells how long each trial took, so its own sha256 is another one each time."""
    card = file_sha256(run.model / "model.json")
    return (run.root / path).read_text(encoding="utf-8").replace(card, "")


def answers(run: Run, body: str, content_type: str) -> list[str]:
    model = model_fn(str(run.model))
    found = output_fn(predict_fn(input_fn(body, content_type), model), "application/json")
    assert isinstance(found, tuple), found.get_data()
    return [prediction["label"] for prediction in json.loads(found[0])["predictions"]]


def test_the_same_texts_get_the_same_answers_in_every_form(reviews_run: Run):
    texts = ["I loved it, a wonderful film!", 'Terrible. "Acting"?\nWhat a boring, awful waste.']
    rows = as_csv([[text] for text in texts])
    objects = json.dumps({"instances": [{"text": text} for text in texts]})
    lists = json.dumps({"instances": [[text] for text in texts]})
    lines = "\n".join(json.dumps([text]) for text in texts)
    expected = ["1", "0"]
    assert answers(reviews_run, rows, "text/csv") == expected
    assert answers(reviews_run, objects, "application/json") == expected
    assert answers(reviews_run, lists, "application/json") == expected
    assert answers(reviews_run, lines, "application/jsonlines") == expected


def test_the_sample_to_predict_is_predicted(reviews_run: Run):
    body = (ROOT / "sample-files/reviews_pred.csv").read_text(encoding="utf-8")
    assert len(body.splitlines()) == 10  # Batch transform splits at line ends
    found = answers(reviews_run, body, "text/csv")
    assert sum(a == b for a, b in zip(found, "1010101010", strict=True)) >= 9


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_awkward_texts_survive(new_run, write_data, delimiter, quoting):
    rows = [*sample_rows(), *([text, str(number % 2)] for number, text in enumerate(AWKWARD))]
    run = new_run(shipped_document("reviews"))
    run.preprocess(write_data(as_csv(rows, delimiter=delimiter, quoting=quoting)))
    found = [
        text
        for part in ("train", "test")
        for text in read_frame(run.out / part / f"{part}.csv", run.use_case)["text"]
    ]
    assert sorted(found) == sorted(text for text, _ in rows[1:])


REFUSED = {
    "too short": ("ok", "found 2 characters, expected a text of 3 to 5000 characters"),
    "too long": ("long " * 1001, "expected a text of 3 to 5000 characters"),
    "empty": ("  ", "column text: 1 row"),
    "a control character": ("escape \x1b here", "column text: 1 row"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_a_row_without_a_usable_text_is_refused(new_run, write_data, text, message):
    run = new_run(shipped_document("reviews"))
    with pytest.raises(DataRefusedError) as refusal:
        run.preprocess(write_data(as_csv([*sample_rows(), [text, "1"]])))
    assert message in refusal.value.details()


def test_a_file_that_is_not_utf_8_is_refused(new_run, write_data):
    run = new_run(shipped_document("reviews"))
    content = as_csv([*sample_rows(), ["Un café très agréable", "1"]]).encode("utf-8")
    with pytest.raises(JobError, match=r"(?i)utf-8"):
        run.preprocess(write_data(content.replace("très".encode(), b"tr\xe8s")))


def test_a_text_is_judged_with_xgboost_too(new_run, tmp_path: Path):
    pytest.importorskip("xgboost")
    document = shipped_document("reviews")
    del document["search"]
    document["model"] = {"estimator": "XGBClassifier", "hyperparameters": {"n_estimators": 60}}
    run = new_run(document)
    run.preprocess(sample_data(tmp_path, "reviews"))
    run.train()
    run.evaluate()
    assert run.json("evaluation/evaluation.json")["gate"]["value"] > 0.6
