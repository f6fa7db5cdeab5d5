"""The jobs from end to end: what they write, that it repeats, and how they refuse."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

import train
from ml.code_version import code_version
from ml.errors import JobError
from ml.hashes import file_sha256
from ml.model.estimators import HyperparameterError
from tests.unit.workflow.conftest import ROOT, Run, sample_data, shipped_document

WORKFLOW = ROOT / "workflow"


@pytest.mark.parametrize(
    ("run", "group", "metric", "rows"),
    [
        ("housing_run", "regression_metrics", "r2", 1320),
        ("iris_run", "multiclass_classification_metrics", "accuracy", 48),
    ],
)
def test_a_sample_passes_its_gate(request, run, group, metric, rows):
    run = request.getfixturevalue(run)
    evaluation = run.json("evaluation/evaluation.json")
    assert list(evaluation) == [group, "gate", "champion", "slices", "serving", "model"]
    gate = evaluation["gate"]
    assert list(gate)[:5] == ["metric", "value", "threshold", "direction", "rows"]
    assert gate["champion_compared"] is False
    assert evaluation["champion"]["reason"] == "no champion was given"
    assert (gate["metric"], gate["direction"], gate["rows"]) == (metric, "maximize", rows)
    assert gate["threshold"] == run.use_case.metric.threshold
    assert gate["threshold"] + 0.02 < gate["value"] < 1
    assert evaluation[group][metric]["value"] == gate["value"]
    for name, entry in evaluation[group].items():
        if name != "confusion_matrix":
            assert list(entry) == ["value", "standard_deviation"]
            assert entry["standard_deviation"] > 0
    if group.startswith("multiclass"):
        matrix = evaluation[group]["confusion_matrix"]
        assert list(matrix) == ["setosa", "versicolor", "virginica"]
        assert sum(sum(row.values()) for row in matrix.values()) == rows


def test_the_lineage_is_complete(housing_run: Run):
    card = housing_run.json("model/model.json")
    lineage = card["lineage"]
    sample = ROOT / "sample-files" / "cal_housing.csv"
    assert lineage["dataset"]["sha256"] == file_sha256(sample)
    assert lineage["dataset"]["rows"] == 4000
    assert lineage["split"]["train"]["rows"] + lineage["split"]["test"]["rows"] == 4000
    assert lineage["split"]["train"]["sha256"] == file_sha256(housing_run.out / "train/train.csv")
    assert lineage["hyperparameters"]["max_iter"] == 400
    assert lineage["seed"] == lineage["hyperparameters"]["random_state"] == 42
    assert lineage["code_version"] == code_version(WORKFLOW)
    assert {"python", "numpy", "scikit-learn", "joblib"} <= set(lineage["libraries"])
    assert {lineage[key] for key in ("run", "git_commit", "image_tag", "image")} == {""}
    assert card["model_file"]["sha256"] == file_sha256(housing_run.model / "model.joblib")
    assert card["use_case"] == housing_run.use_case.document
    assert [feature["name"] for feature in card["features"]] == housing_run.use_case.feature_names


def test_of_many_training_rows_some_are_measured(
    iris_run: Run, tmp_path: Path, monkeypatch, capsys
):
    card = iris_run.json("model/model.json")
    assert card["metrics"]["train_rows"] == card["lineage"]["split"]["train"]["rows"]
    monkeypatch.setattr(train, "MEASURED_ROWS", 50)
    cards = []
    for name in ("first", "second"):
        iris_run.train(model=tmp_path / name)
        assert "measured on 50 of the training rows\n" in capsys.readouterr().out
        cards.append(json.loads((tmp_path / name / "model.json").read_text(encoding="utf-8")))
    assert cards[0]["metrics"] == cards[1]["metrics"] != card["metrics"]
    assert cards[0]["metrics"]["train_rows"] == 50
    assert cards[0]["model_file"] == card["model_file"]


def test_the_model_brings_its_serving_code(iris_run: Run, tmp_path: Path):
    code = iris_run.model / "code"
    assert (code / "inference.py").read_bytes() == (WORKFLOW / "inference.py").read_bytes()
    assert {path.relative_to(code) for path in (code / "ml").rglob("*.py")} == {
        path.relative_to(WORKFLOW) for path in (WORKFLOW / "ml").rglob("*.py")
    }
    rows = ROOT / "sample-files" / "iris_pred.csv"
    answer = subprocess.run(
        [sys.executable, code / "inference.py", "--model", iris_run.model, "--input", rows],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert len(answer.stdout.splitlines()) == len(rows.read_text().splitlines())


def test_the_profile_describes_the_training_part(iris_run: Run):
    profile = iris_run.json("out/model/profile.json")
    column = profile["columns"]["sepal_length"]
    assert column["rows"] == profile["split"]["train"]["rows"] == sum(column["histogram"]["counts"])
    assert column["minimum"] <= column["quantiles"]["0.5"] <= column["maximum"]
    assert sum(profile["columns"]["variety"]["counts"].values()) == column["rows"]


def test_train_and_test_have_every_row_once(iris_run: Run):
    sample = (ROOT / "sample-files" / "iris.csv").read_text().splitlines()
    parts = [
        (iris_run.out / part / f"{part}.csv").read_text().splitlines() for part in ("train", "test")
    ]
    assert parts[0][0] == parts[1][0] == sample[0]
    assert sorted(parts[0][1:] + parts[1][1:]) == sorted(sample[1:])
    assert not set(parts[0][1:]) & set(parts[1][1:])


@pytest.mark.parametrize("name", ["housing", "iris"])
def test_the_same_data_and_seed_give_the_same_digits(request, new_run, tmp_path, name):
    first: Run = request.getfixturevalue(f"{name}_run")
    again = new_run(shipped_document(name))
    again.preprocess(sample_data(tmp_path, name))
    again.train()
    again.evaluate()
    for path in (
        "out/train/train.csv",
        "out/test/test.csv",
        "out/model/profile.json",
        "model/model.joblib",
        "evaluation/evaluation.json",
        "evaluation/predictions.csv",
        "evaluation/report.html",
    ):
        assert (again.root / path).read_bytes() == (first.root / path).read_bytes(), path


def test_the_job_tells_train_where_it_comes_from(iris_copy: Run, monkeypatch):
    told = {
        "RUN_ID": "a-run",
        "GIT_COMMIT": "0a" * 20,
        "IMAGE_TAG": "3f2a1bc",
        "TRAINING_IMAGE": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own:3f2a1bc",
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    iris_copy.train()
    lineage = iris_copy.json("model/model.json")["lineage"]
    keys = ("run", "git_commit", "image_tag", "image")
    assert [lineage[key] for key in keys] == list(told.values())
    iris_copy.evaluate()
    report = (iris_copy.evaluation / "report.html").read_text()
    assert told["GIT_COMMIT"] in report
    assert told["TRAINING_IMAGE"] in report


@pytest.mark.parametrize(
    ("estimator", "hyperparameters"),
    [
        ("HistGradientBoostingRegressor", {"max_iter": 40, "early_stopping": False}),
        ("RandomForestRegressor", {"n_estimators": 10, "n_jobs": 2}),
    ],
)
def test_the_digits_depend_neither_on_threads_nor_on_the_process(
    new_run, tmp_path, estimator, hyperparameters
):
    document = shipped_document("housing")
    document["model"] = {"estimator": estimator, "hyperparameters": hyperparameters, "seed": 1}
    run = new_run(document)
    run.preprocess(sample_data(tmp_path, "housing"))
    found = []
    for process in ("1", "2"):
        environment = {**os.environ, "OMP_NUM_THREADS": process, "PYTHONHASHSEED": process}
        model, evaluation = run.root / f"model{process}", run.root / f"evaluation{process}"
        for flags in (
            ["train.py", "--train", run.out / "train", "--model-dir", model],
            ["evaluate.py", "--test", run.out / "test", "--model", model, "--output", evaluation],
        ):
            common = ["--profile", run.out / "model", "--config", run.config]
            subprocess.run(
                [sys.executable, WORKFLOW / flags[0], *flags[1:], *common],
                check=True,
                capture_output=True,
                env=environment,
            )
        names = (model / "model.json", evaluation / "evaluation.json", evaluation / "report.html")
        found.append([path.read_bytes() for path in names])
    assert found[0] == found[1]


@pytest.fixture
def iris_copy(iris_run: Run, tmp_path: Path) -> Run:
    shutil.copytree(iris_run.root, tmp_path / "copy")
    return Run(tmp_path / "copy", iris_run.use_case)


def trained_settings(run: Run) -> dict:
    return run.json("model/model.json")["hyperparameters"]


def test_a_changed_hyperparameter_changes_the_model(iris_copy: Run):
    before = iris_copy.json("model/model.json")
    iris_copy.train("-C", "0.01")
    after = iris_copy.json("model/model.json")
    assert (before["hyperparameters"]["C"], after["hyperparameters"]["C"]) == (1.0, 0.01)
    assert before["model_file"]["sha256"] != after["model_file"]["sha256"]
    assert before["metrics"] != after["metrics"]


def test_hyperparameters_of_the_training_job_win(iris_copy: Run, monkeypatch):
    (iris_copy.root / "hyperparameters.json").write_text(
        '{"max_iter": "50", "C": "3", "sagemaker_program": "train.py", "_tuning_objective_metric": "x"}'
    )
    iris_copy.train()
    assert (trained_settings(iris_copy)["max_iter"], trained_settings(iris_copy)["C"]) == (50, 3)
    iris_copy.train("--C", "4", "--fit_intercept", "False")
    settings = trained_settings(iris_copy)
    assert (settings["max_iter"], settings["C"], settings["fit_intercept"]) == (50, 4, False)
    # In script mode SM_HPS has them as JSON, and the command line repeats them in Python's spelling.
    monkeypatch.setenv("SM_HPS", '{"C": 5, "fit_intercept": true, "sagemaker_region": "eu-west-1"}')
    iris_copy.train("-C", "5", "--fit_intercept", "True")
    settings = trained_settings(iris_copy)
    assert (settings["max_iter"], settings["C"], settings["fit_intercept"]) == (200, 5, True)


def test_a_wrong_hyperparameter_stops_the_training(iris_copy: Run):
    with pytest.raises(HyperparameterError, match="max_leaf_nodes: LogisticRegression has no such"):
        iris_copy.train("--max_leaf_nodes", "5")
    with pytest.raises(
        JobError, match="LogisticRegression cannot be trained with these hyperparam"
    ):
        iris_copy.train("--solver", "newton-cg", "--dual", "true")


@pytest.mark.parametrize("flags", [["--max_iter"], ["max_iter", "5"], ["--max_iter", "5", "-C"]])
def test_half_a_hyperparameter_is_refused(iris_copy: Run, flags):
    with pytest.raises(JobError, match="expected a hyperparameter with its value: --name value"):
        iris_copy.train(*flags)


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", r"hyperparameters\.json is not JSON"), ("[1]", "holds '.1.', expected a JSON object")],
)
def test_hyperparameters_that_are_no_object_are_refused(iris_copy: Run, content, message):
    (iris_copy.root / "hyperparameters.json").write_text(content)
    with pytest.raises(JobError, match=message):
        iris_copy.train()


def test_files_that_are_not_read_are_named(iris_copy: Run, tmp_path: Path, capsys):
    data = sample_data(tmp_path, "iris")
    (data / "._iris.csv").write_bytes(b"\0\5\26\7")
    (data / "notes.txt").write_text("not data")
    iris_copy.preprocess(data)
    assert "ignored files (hidden, or not .csv): ._iris.csv, notes.txt" in capsys.readouterr().out


def test_the_readme_runs(tmp_path: Path):
    for name in ("workflow", "config", "sample-files"):
        (tmp_path / name).symlink_to(ROOT / name)
    commands = re.search(r"```sh\n(.*?)```", (WORKFLOW / "README.md").read_text(), re.DOTALL)[1]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path},
    )
    assert done.returncode == 0, done.stderr
    assert '"max_iter": "300"' in done.stdout
    assert all(0 < float(line) < 1.1 for line in done.stdout.splitlines()[-10:])
    assert (tmp_path / "build/housing/evaluation/report.html").is_file()


def test_changed_training_rows_are_refused(iris_copy: Run):
    with (iris_copy.out / "train/train.csv").open("a") as file:
        file.write("5.1,3.5,1.4,0.2,setosa\n")
    with pytest.raises(JobError, match=r"train\.csv is not what preprocess wrote: found sha256"):
        iris_copy.train()


def test_changed_test_rows_are_refused(iris_copy: Run):
    (iris_copy.out / "test/test.csv").unlink()
    with pytest.raises(
        JobError, match=r"test\.csv is not what preprocess wrote: found no such file"
    ):
        iris_copy.evaluate()


def test_a_model_of_other_data_is_refused(iris_copy: Run, iris_run: Run, tmp_path: Path):
    data = tmp_path / "other"
    data.mkdir()
    lines = (ROOT / "sample-files/iris.csv").read_text().splitlines()
    (data / "iris.csv").write_text("\n".join(lines[:-1]))
    iris_copy.preprocess(data)
    with pytest.raises(JobError, match=r"trained on another data set \(sha256\)"):
        iris_copy.evaluate()


def test_a_model_of_another_use_case_is_refused(iris_copy: Run, housing_run: Run):
    with pytest.raises(JobError, match="trained on another use case: found housing, expected iris"):
        iris_copy.evaluate(model=housing_run.model)


def test_a_profile_of_another_use_case_is_refused(iris_copy: Run, housing_run: Run):
    shutil.copy(housing_run.out / "model/profile.json", iris_copy.out / "model/profile.json")
    with pytest.raises(JobError, match="is the profile of the use case 'housing', expected 'iris'"):
        iris_copy.train()
    (iris_copy.out / "model/profile.json").unlink()
    with pytest.raises(JobError, match="which the preprocess job writes"):
        iris_copy.train()


def test_the_archive_of_a_training_job_is_evaluated(iris_copy: Run, tmp_path: Path):
    packed = tmp_path / "packed"
    packed.mkdir()
    with tarfile.open(packed / "model.tar.gz", "w:gz") as tar:
        tar.add(iris_copy.model, arcname=".")
    before = iris_copy.json("evaluation/evaluation.json")
    iris_copy.evaluate("--threshold", "0.95", model=packed)
    after = iris_copy.json("evaluation/evaluation.json")
    assert after["gate"].pop("threshold") == 0.95
    assert before["gate"].pop("threshold") == 0.9
    # Only of an archive there is something to record: a folder of files is by hand.
    assert before["model"].pop("archive_sha256") == ""
    assert after["model"].pop("archive_sha256") == file_sha256(packed / "model.tar.gz")
    assert after["model"]["card_sha256"] == file_sha256(iris_copy.model / "model.json")
    assert after["model"]["file_sha256"] == file_sha256(iris_copy.model / "model.joblib")
    assert after == before


def test_the_report_is_one_file_that_says_whether_the_gate_is_passed(
    iris_copy: Run, housing_run: Run
):
    report = (iris_copy.evaluation / "report.html").read_text()
    assert (
        "Passed: accuracy = 0.9792 on 48 held-out rows; the gate asks for at least 0.9<" in report
    )
    assert report.count("<svg") == 3
    housing = (housing_run.evaluation / "report.html").read_text()
    assert housing.count("<svg") == 5
    for text in (report, housing):
        outside = re.findall(r'(?:src|href)=|url\(|https?://[^"]*', text)
        assert set(outside) <= {"http://www.w3.org/2000/svg"}
    iris_copy.evaluate("--threshold", "0.999")
    report = (iris_copy.evaluation / "report.html").read_text()
    assert (
        "Not passed: accuracy = 0.9792 on 48 held-out rows; the gate asks for at least 0.999<"
        in report
    )


def test_names_in_the_report_are_escaped(new_run, write_data, small_document, small_rows):
    evil = "<script>alert(1)</script>"
    small_document["description"] = evil
    small_document["columns"][0]["name"] = small_rows[0][0] = evil
    small_document["columns"][3]["values"] = ["no", f"yes{evil}"]
    rows = [[cell if cell != "yes" else f"yes{evil}" for cell in row] for row in small_rows]
    run = new_run(small_document)
    run.preprocess(write_data("".join(",".join(row) + "\n" for row in rows)))
    run.train()
    run.evaluate()
    report = (run.evaluation / "report.html").read_text()
    assert "<script" not in report
    assert "&lt;script&gt;alert(1)" in report
    assert next(iter(run.json("evaluation/evaluation.json"))) == "binary_classification_metrics"


ESTIMATORS = [
    ("RandomForestClassifier", {"n_estimators": 5, "n_jobs": 2}),
    ("HistGradientBoostingClassifier", {"max_iter": 5}),
    ("SVC", {}),
    ("GaussianNB", {}),
    ("KNeighborsClassifier", {"n_neighbors": 3}),
]


@pytest.mark.parametrize(
    ("estimator", "hyperparameters"), ESTIMATORS, ids=lambda value: str(value)[:20]
)
def test_other_estimators_take_empty_cells_and_categories(
    new_run, write_data, small_document, small_rows, estimator, hyperparameters
):
    document = copy.deepcopy(small_document)
    document["model"] = {"estimator": estimator, "hyperparameters": hyperparameters}
    for position in (0, 2):
        document["columns"][position]["maximum_missing_share"] = 0.2
        small_rows[4][position] = small_rows[5][position] = ""
    run = new_run(document)
    run.preprocess(write_data("".join(",".join(row) + "\n" for row in small_rows)))
    run.train()
    run.evaluate()
    assert 0 <= run.json("evaluation/evaluation.json")["gate"]["value"] <= 1
    assert run.json("model/model.json")["hyperparameters"].get("n_jobs") in (None, 2)


def run_script(script: str, *flags: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, WORKFLOW / script, *map(str, flags)], capture_output=True, text=True
    )


def test_a_refused_file_is_told_in_the_message_file(iris_copy: Run, tmp_path: Path):
    data = sample_data(tmp_path, "iris")
    file = data / "iris.csv"
    file.write_text(
        file.read_text().replace("5.1,3.5,1.4,0.2,setosa", "5.1,wide,1.4,0.2,setosa", 1)
    )
    done = run_script(
        "preprocess.py", "--data", data, "--config", iris_copy.config, "--output", tmp_path / "out",
        "--message", tmp_path / "message",
    )  # fmt: skip
    assert done.returncode == 1
    message = (tmp_path / "message").read_text()
    assert message == (
        "Data refused: 1 violation in iris.csv (150 rows). 1) column sepal_width: 1 row (line 2): "
        "text in a number column, found 'wide', expected a number from 0.1 to 30. Write plain numbers "
        "with a decimal point; leave an unknown value empty."
    )
    assert message in done.stderr.replace("\n", " ")
    assert not (tmp_path / "out").exists()


def test_a_failed_training_exits_with_255(iris_copy: Run, tmp_path: Path):
    done = run_script(
        "train.py", "--train", iris_copy.out / "train", "--profile", iris_copy.out / "model",
        "--config", iris_copy.config, "--model-dir", tmp_path / "model",
        "--failure", tmp_path / "output/failure", "--max_iter", "many",
    )  # fmt: skip
    assert done.returncode == 255
    failure = (tmp_path / "output/failure").read_text()
    assert "max_iter: found 'many', expected an int in the range [0, inf)" in failure
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "model").exists()


def test_a_script_without_its_input_says_so(tmp_path: Path):
    done = run_script("evaluate.py", "--config", tmp_path, "--message", tmp_path / "message")
    assert done.returncode == 1
    assert "must hold one use case" in (tmp_path / "message").read_text()


def test_the_use_case_document_is_json_all_the_way(iris_run: Run):
    assert json.loads(json.dumps(iris_run.use_case.document)) == shipped_document("iris")


@pytest.fixture
def alike_run(new_run, write_data, small_document, small_rows) -> Callable[[float], Run]:
    """All rows of one label have the same features, so they are on the same side."""

    def run_of(test_share: float) -> Run:
        small_document["split"]["test_share"] = test_share
        rows = [row for row in small_rows if row[3] != "yes"] + [["9", "9", "red", "yes"]] * 6
        run = new_run(small_document)
        run.preprocess(write_data("".join(",".join(row) + "\n" for row in rows)))
        return run

    return run_of


def test_a_label_whose_rows_are_all_held_out_is_named(alike_run):
    with pytest.raises(JobError) as refused:
        alike_run(0.5)
    assert str(refused.value) == (
        "The split leaves no row of 'yes' to train on: rows with the same features stay together. "
        "Add rows of this label that differ."
    )


def test_a_label_without_held_out_rows_is_measured_as_far_as_it_goes(alike_run):
    run = alike_run(0.3)
    run.train()
    run.evaluate()
    entries = run.json("evaluation/evaluation.json")["binary_classification_metrics"]
    assert list(entries["confusion_matrix"]["yes"].values()) == [0, 0]
    assert "auc" not in entries
    report = (run.evaluation / "report.html").read_text()
    assert "<td>yes</td><td class=n>0</td><td class=n>none predicted</td>" in report
    assert "<td class=n>no rows</td>" in report


def one_number_run(new_run, write_data, small_document, targets, alike=0) -> Run:
    """A regression on one number; `alike` rows have the same one."""
    small_document["columns"] = [{"name": name, "type": "number"} for name in ("x", "y")]
    small_document |= {"task": "regression", "target": "y", "model": {"estimator": "Ridge"}}
    small_document["metric"] = {"name": "mae", "threshold": 1e300, "direction": "minimize"}
    run = new_run(small_document)
    rows = [f"{max(0, x - alike)},{y!r}" for x, y in enumerate(targets)]
    run.preprocess(write_data("\n".join(["x,y", *rows]) + "\n"))
    return run


def test_numbers_too_large_to_square_are_refused(new_run, write_data, small_document):
    run = one_number_run(new_run, write_data, small_document, [x * 1e200 for x in range(60)])
    run.train()
    with pytest.raises(JobError, match="the values of y are too large to be squared"):
        run.evaluate()


def test_a_metric_that_is_no_number_is_left_out(new_run, write_data, small_document):
    held_out = one_number_run(new_run, write_data, small_document, [-1.0 * x for x in range(60)])
    rows = (held_out.out / "test/test.csv").read_text().splitlines()[1:]
    chosen = {float(row.split(",")[0]) for row in rows}
    targets = [1.0 * x * (x in chosen) for x in range(60)]  # 0 in every training row
    run = one_number_run(new_run, write_data, small_document, targets)
    run.train()
    run.evaluate()
    assert list(run.json("model/model.json")["metrics"]["train"]) == ["mse", "rmse", "mae"]


def test_a_part_of_another_size_than_asked_for_is_told(new_run, write_data, small_document, capsys):
    one_number_run(new_run, write_data, small_document, [-1.0 * x for x in range(100)], alike=95)
    assert "rows with the same features stay together, so " in capsys.readouterr().out
