"""Search and cross-validation: fair folds, repeatable trials, the best one saved, refusals by name."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import PredefinedSplit, RandomizedSearchCV

from ml.config.use_case import UseCaseError, parse_use_case
from ml.data.frames import read_frame
from ml.errors import JobError
from ml.model.cross_validation import assign_folds
from ml.model.estimators import HyperparameterError
from ml.model.features import make_pipeline, target_values
from ml.model.search import draw_trials, run_search, search_record
from tests.unit.workflow.conftest import Run, sample_data, shipped_document

C = {"type": "number", "minimum": 0.001, "maximum": 100, "log": True}


@pytest.fixture
def iris_frame(iris_run: Run):
    return read_frame(iris_run.out / "train/train.csv", iris_run.use_case)


def iris_with(**more):
    document = shipped_document("iris")
    document["model"]["hyperparameters"] = {"max_iter": 1000}
    return parse_use_case({**document, **more})


def searching(space, **more):
    return iris_with(search={"space": space, "folds": 3, **more})


# Folds


def test_folds_have_the_same_size_and_shares_of_labels(iris_frame, iris_run):
    folds = assign_folds(iris_frame, iris_run.use_case, 5)
    for label in iris_run.use_case.target_column.values:
        counts = np.bincount(folds[(iris_frame["variety"] == label).to_numpy()], minlength=5)
        assert counts.max() - counts.min() <= 2  # 1, and rows that share their features


def test_rows_with_equal_features_share_a_fold_whatever_their_order(iris_frame, iris_run):
    double = iris_frame.iloc[np.r_[0 : len(iris_frame), 0:20]].reset_index(drop=True)
    folds = assign_folds(double, iris_run.use_case, 5)
    assert (folds[-20:] == folds[:20]).all()
    order = np.random.default_rng(3).permutation(len(double))
    shuffled = assign_folds(double.iloc[order].reset_index(drop=True), iris_run.use_case, 5)
    assert (shuffled == folds[order]).all()


def test_too_few_rows_for_the_folds_are_refused(iris_frame, iris_run):
    few = iris_frame.groupby("variety").head(4).reset_index(drop=True)
    with pytest.raises(JobError, match="found 5, but only 4 different rows of setosa to train on"):
        assign_folds(few, iris_run.use_case, 5)


# Trials


def test_the_same_seed_draws_the_same_trials_in_any_order_of_the_space():
    space = {"C": C, "solver": {"type": "category", "values": ["lbfgs", "newton-cg"]}}
    first = draw_trials(searching(space).search, seed=4)
    again = draw_trials(searching(dict(reversed(space.items()))).search, seed=4)
    assert first == again
    assert len(first) == 20
    assert first != draw_trials(searching(space).search, seed=5)


def test_no_combination_is_tried_twice():
    space = {"solver": {"type": "category", "values": ["lbfgs", "newton-cg", "saga"]}}
    assert len(draw_trials(searching(space).search, seed=1)) == 3
    space["max_iter"] = {"type": "integer", "minimum": 100, "maximum": 101}
    search = searching({"C": {"type": "integer", "minimum": 1, "maximum": 3}}).search
    assert sorted(trial["C"] for trial in draw_trials(search, seed=1)) == [1, 2, 3]


def test_a_grid_tries_every_combination():
    space = {"C": {**C, "points": 3}, "tol": {"type": "category", "values": [0.1, 0.01]}}
    trials = draw_trials(searching(space, strategy="grid").search, seed=1)
    assert len(trials) == 6
    assert {trial["tol"] for trial in trials} == {0.1, 0.01}


# Search


@pytest.fixture(scope="module")
def searched(iris_run: Run):
    frame = read_frame(iris_run.out / "train/train.csv", iris_run.use_case)
    use_case = searching({"C": C}, trials=6)
    return use_case, frame, run_search(use_case, use_case.model.hyperparameters, frame)


def test_it_is_what_scikit_learns_own_search_finds(searched):
    use_case, frame, result = searched
    own = RandomizedSearchCV(
        make_pipeline(use_case, use_case.model.hyperparameters),
        {"estimator__C": use_case.search.space["C"]},
        n_iter=6,
        cv=PredefinedSplit(assign_folds(frame, use_case, 3)),
        scoring="accuracy",
        random_state=use_case.model.seed,
    ).fit(frame[use_case.feature_names], target_values(frame, use_case))
    ours = sorted(result.ranked, key=lambda trial: trial.number)
    assert [trial.hyperparameters["C"] for trial in ours] == list(
        own.cv_results_["param_estimator__C"]
    )
    assert [trial.scores.mean for trial in ours] == pytest.approx(
        own.cv_results_["mean_test_score"]
    )
    assert [trial.scores.standard_deviation for trial in ours] == pytest.approx(
        own.cv_results_["std_test_score"]
    )
    assert result.best.hyperparameters["C"] == own.best_params_["estimator__C"]


def test_the_record_holds_every_trial(searched):
    use_case, _, result = searched
    record = search_record(result, use_case)
    assert (record["metric"], record["direction"]) == ("accuracy", "maximize")
    assert (record["strategy"], record["folds"], record["seed"]) == ("random", 3, 42)
    assert [trial["number"] for trial in record["trials"]] == [1, 2, 3, 4, 5, 6]
    assert sorted(trial["rank"] for trial in record["trials"]) == [1, 2, 3, 4, 5, 6]
    best = record["trials"][record["best"] - 1]
    assert best["rank"] == 1
    assert best["value"] == max(trial["value"] for trial in record["trials"])
    for trial in record["trials"]:
        assert len(trial["scores"]) == 3
        assert trial["value"] == pytest.approx(np.mean(trial["scores"]))
        assert trial["fit_seconds"] >= 0
    # A penalty a hundred thousand times too strong is a worse model: the search tells them apart.
    assert best["value"] > min(trial["value"] for trial in record["trials"]) + 0.02


def test_a_metric_to_minimize_ranks_the_other_way(housing_run: Run):
    frame = read_frame(housing_run.out / "train/train.csv", housing_run.use_case).head(400)
    document = shipped_document("housing")
    document["model"] = {"estimator": "Ridge"}
    document["metric"] = {"name": "rmse", "threshold": 1, "direction": "minimize"}
    values = {"type": "category", "values": [0.1, 1e6]}
    document["search"] = {"strategy": "grid", "folds": 3, "space": {"alpha": values}}
    result = run_search(parse_use_case(document), {}, frame)
    assert result.best.hyperparameters == {"alpha": 0.1}
    assert result.best.scores.mean < result.ranked[1].scores.mean


def test_a_trial_that_cannot_be_trained_is_last_with_its_reason(iris_frame):
    space = {
        "solver": {"type": "category", "values": ["lbfgs", "newton-cg"]},
        "dual": {"type": "category", "values": [False, True]},  # liblinear's only
    }
    use_case = searching(space, strategy="grid")
    result = run_search(use_case, {"max_iter": 1000}, iris_frame)
    assert [trial.scores is None for trial in result.ranked] == [False, False, True, True]
    assert "dual" in result.ranked[-1].refused
    refused = [trial for trial in search_record(result, use_case)["trials"] if trial["refused"]]
    assert [trial["value"] for trial in refused] == [None, None]
    assert [trial["rank"] for trial in refused] == [None, None]
    only = searching({"dual": {"type": "category", "values": [True, "true"]}})
    with pytest.raises(JobError, match="cannot be trained with any of the 2 trials"):
        run_search(only, {"max_iter": 1000}, iris_frame)


BAD_SPACES = [
    ({"c": C}, "search.space.c: LogisticRegression has no such hyperparameter (did you mean C?)"),
    ({"C": {**C, "minimum": -1, "log": False}}, "search.space.C: found -1.0, expected a float"),
    (
        {"verbose": {"type": "number", "minimum": 10, "maximum": 20}},
        "search.space.verbose: found 10.0, expected an int in the range [0, inf)",
    ),
    (
        {"solver": {"type": "category", "values": ["lbfgs", "adam", "sgd"]}},
        "search.space.solver: found 'adam', expected a str among",
    ),
    (
        {"text__min_df": {"type": "integer", "minimum": 1, "maximum": 3}},
        "search.space.text__min_df: the use case iris has no column of type text",
    ),
]


@pytest.mark.parametrize(("space", "message"), BAD_SPACES)
def test_what_the_estimator_would_not_take_is_refused_before_any_trial(iris_frame, space, message):
    with pytest.raises(HyperparameterError, match=r"correct search\.space") as refusal:
        run_search(searching(space), {}, iris_frame)
    assert message in str(refusal.value)


def test_all_problems_of_a_space_are_listed_at_once(iris_frame):
    space = {"c": C, "solver": {"type": "category", "values": ["adam", "sgd"]}}
    with pytest.raises(HyperparameterError, match=r"3 problem\(s\) in the search") as refusal:
        run_search(searching(space), {}, iris_frame)
    assert "'sgd'" in str(refusal.value)


def test_a_value_for_a_searched_hyperparameter_is_refused(iris_frame):
    with pytest.raises(HyperparameterError, match=r"search\.space\.C: has a value of its own too"):
        run_search(searching({"C": C}), {"C": "3"}, iris_frame)


class SlowClock:
    """Every look at it is twenty seconds later."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 20
        return self.now


def test_a_search_that_takes_too_long_fails_with_what_to_change(iris_frame):
    use_case = searching({"C": C}, maximum_minutes=2)
    with pytest.raises(JobError) as refusal:
        run_search(use_case, {"max_iter": 1000}, iris_frame, clock=SlowClock())
    assert "not done after search.maximum_minutes (2): 1 of 20 trials are." in str(refusal.value)
    assert "Lower search.trials or search.folds" in str(refusal.value)


# The training job


def test_train_saves_the_best_trial(new_run, tmp_path: Path, capsys):
    document = shipped_document("iris")
    document["model"]["hyperparameters"] = {"max_iter": 1000}
    document["search"] = {"trials": 4, "folds": 3, "space": {"C": C}}
    run = new_run(document)
    run.preprocess(sample_data(tmp_path, "iris"))
    run.train()
    card = run.json("model/model.json")
    best = card["search"]["trials"][card["search"]["best"] - 1]
    assert card["hyperparameters"]["C"] == best["hyperparameters"]["C"]
    assert card["lineage"]["hyperparameters"]["C"] == best["hyperparameters"]["C"]
    assert card["hyperparameters"]["max_iter"] == 1000
    out = capsys.readouterr().out
    assert "search: 4 trials (random), 3 folds each" in out
    assert out.count("trial 1 of 4: C=") == 1
    assert f"   1  trial {best['number']}: C={best['hyperparameters']['C']}: accuracy" in out
    # The saved model is the one that these hyperparameters make without a search.
    plain = copy.deepcopy(document)
    del plain["search"]
    plain["model"]["hyperparameters"]["C"] = best["hyperparameters"]["C"]
    other = new_run(plain)
    other.preprocess(run.root.parent / "data")
    other.train()
    assert other.json("model/model.json")["model_file"] == card["model_file"]
    run.train()
    again = run.json("model/model.json")["search"]
    for trial in (*again["trials"], *card["search"]["trials"]):
        trial.pop("fit_seconds")
    assert again["trials"] == card["search"]["trials"]
    with pytest.raises(HyperparameterError, match=r"search\.space\.C: has a value of its own too"):
        run.train("-C", "3")


def test_train_reports_the_folds_of_a_cross_validation(new_run, tmp_path: Path, capsys):
    plain = new_run(shipped_document("iris"))
    plain.preprocess(sample_data(tmp_path, "iris"))
    plain.train()
    run = new_run({**shipped_document("iris"), "cross_validation": {"folds": 4}})
    run.preprocess(tmp_path / "data")
    run.train()
    card = run.json("model/model.json")
    found = card["cross_validation"]
    assert (found["metric"], found["folds"], len(found["scores"])) == ("accuracy", 4, 4)
    assert found["value"] == pytest.approx(np.mean(found["scores"]))
    assert 0.85 < found["value"] < 1
    out = capsys.readouterr().out
    assert f"fold 4 of 4: accuracy {found['scores'][3]:.6f}" in out
    assert f"cross-validation: accuracy {found['value']:.6f}" in out
    # Looking does not change the model.
    assert card["model_file"] == plain.json("model/model.json")["model_file"]
    assert "cross_validation" not in plain.json("model/model.json")
    with pytest.raises(JobError, match="LogisticRegression cannot be trained on the folds: "):
        run.train("--solver", "newton-cg", "--dual", "true")


def test_a_search_cannot_be_written_beside_a_cross_validation():
    with pytest.raises(UseCaseError, match="remove cross_validation"):
        iris_with(search={"space": {"C": C}}, cross_validation={})
