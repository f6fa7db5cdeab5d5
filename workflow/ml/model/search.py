"""Search hyperparameters: draw trials from the space, cross-validate each, and name the best.

ParameterSampler, ParameterGrid and cross_validate are what RandomizedSearchCV and GridSearchCV are made of.
Used one by one they let a trial change any part of the pipeline, be printed when it is done, and be refused
without ending the search. The same use case and rows give the same trials and scores.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sklearn.model_selection import ParameterGrid, ParameterSampler

from ml.config.search_space import Search, double_values
from ml.config.use_case import UseCase
from ml.errors import JobError
from ml.model.cross_validation import Scores, assign_folds, cross_validated
from ml.model.features import make_pipeline
from ml.model.hyperparameters import HyperparameterError


@dataclass(frozen=True)
class Trial:
    number: int
    hyperparameters: dict[str, Any]
    scores: Scores | None  # None: could not be trained
    refused: str = ""


@dataclass(frozen=True)
class SearchResult:
    """All trials, the best first; the refused ones last."""

    ranked: tuple[Trial, ...]
    seconds: float

    @property
    def best(self) -> Trial:
        return self.ranked[0]


def check_space(use_case: UseCase, search: Search, fixed: Mapping[str, Any]) -> None:
    """Would the estimator take every value of the space? Raise HyperparameterError with all it would not."""
    problems = double_values(search.space, fixed)
    for name, values in search.space.items():
        for value in values.limits():
            try:
                make_pipeline(use_case, {name: value})
            except HyperparameterError as error:
                # The part that names the hyperparameter and what is wrong with it.
                found = str(error).partition(f"{name}: ")
                problems.append(f"search.space.{name}: {found[2] or found[0]}")
    if problems:
        problems = list(
            dict.fromkeys(problems)
        )  # an unknown name is the same problem at every value
        raise HyperparameterError(
            f"{len(problems)} problem(s) in the search of the use case; correct search.space. "
            + ". ".join(problems)
        )


def draw_trials(search: Search, seed: int) -> list[dict[str, Any]]:
    """The combinations to try, each once, in a fixed order."""
    drawn: Iterable[Mapping[str, Any]]
    if search.strategy == "grid":
        drawn = ParameterGrid({name: values.grid() for name, values in search.space.items()})
    else:
        space = {
            name: list(values.values) if values.type == "category" else values
            for name, values in search.space.items()
        }
        listed = all(isinstance(values, list) for values in space.values())
        # From lists alone scikit-learn draws without putting back, and there may be fewer than asked for.
        most = len(ParameterGrid(space)) if listed else search.trials
        drawn = ParameterSampler(space, min(search.trials, most), random_state=seed)
    different = {json.dumps(trial, sort_keys=True): dict(sorted(trial.items())) for trial in drawn}
    return list(different.values())


def run_search(
    use_case: UseCase,
    fixed: Mapping[str, Any],
    frame: pd.DataFrame,
    clock: Callable[[], float] = time.monotonic,
) -> SearchResult:
    search = use_case.search
    assert search is not None
    check_space(use_case, search, fixed)
    trials = draw_trials(search, use_case.model.seed)
    print(f"search: {len(trials)} trials ({search.strategy}), {search.folds} folds each")
    fold_of_row = assign_folds(frame, use_case, search.folds)
    started = clock()
    done: list[Trial] = []

    def in_time() -> None:
        if clock() - started > search.maximum_minutes * 60:
            raise JobError(
                f"The search is not done after search.maximum_minutes ({search.maximum_minutes:g}): "
                f"{len(done)} of {len(trials)} trials are. Lower search.trials or search.folds, narrow "
                "search.space, or raise search.maximum_minutes (and the training job's own limit)."
            )

    for number, hyperparameters in enumerate(trials, start=1):
        in_time()
        scores, refused = None, ""
        try:
            pipeline = make_pipeline(use_case, {**fixed, **hyperparameters})
            scores = cross_validated(pipeline, frame, use_case, fold_of_row, in_time)
        except ValueError as error:
            # Two values that are right by themselves may not go together: the estimator judges that.
            refused = str(error)
        done.append(Trial(number, hyperparameters, scores, refused))
        print(f"trial {number} of {len(trials)}: {_line(done[-1], use_case)}")
    if not any(trial.scores for trial in done):
        raise JobError(
            f"{use_case.model.estimator} cannot be trained with any of the {len(done)} trials of the "
            f"search; the first says: {done[0].refused}"
        )
    ranked = sorted(done, key=lambda trial: _order(trial, use_case))
    return SearchResult(tuple(ranked), clock() - started)


def _order(trial: Trial, use_case: UseCase) -> tuple[float, int]:
    """The best first; of equal ones the first that was tried."""
    if trial.scores is None:
        return float("inf"), trial.number
    sign = -1 if use_case.metric.direction == "maximize" else 1
    return sign * trial.scores.mean, trial.number


def _line(trial: Trial, use_case: UseCase) -> str:
    chosen = ", ".join(f"{name}={json.dumps(v)}" for name, v in trial.hyperparameters.items())
    if trial.scores is None:
        return f"{chosen}: refused, {trial.refused}"
    scores = trial.scores
    return (
        f"{chosen}: {use_case.metric.name} {scores.mean:.6f} "
        f"(standard deviation {scores.standard_deviation:.6f}), {scores.fit_seconds:.2f} s a training"
    )


def print_result(result: SearchResult, use_case: UseCase) -> None:
    print(f"search done in {result.seconds:.1f} s; the trials by rank:")
    for rank, trial in enumerate(result.ranked, start=1):
        print(f"{rank if trial.scores else '-':>4}  trial {trial.number}: {_line(trial, use_case)}")


def search_record(result: SearchResult, use_case: UseCase) -> dict[str, Any]:
    """What model.json keeps: every trial, in the order they were tried."""
    search = use_case.search
    assert search is not None
    rank = {trial.number: rank for rank, trial in enumerate(result.ranked, start=1)}
    nothing: dict[str, Any] = {
        "value": None,
        "standard_deviation": None,
        "scores": [],
        "fit_seconds": None,
    }
    return {
        "strategy": search.strategy,
        "metric": use_case.metric.name,
        "direction": use_case.metric.direction,
        "folds": search.folds,
        "seed": use_case.model.seed,
        "seconds": round(result.seconds, 3),
        "best": result.best.number,
        "trials": [
            {
                "number": trial.number,
                "rank": rank[trial.number] if trial.scores else None,
                "hyperparameters": trial.hyperparameters,
                **(trial.scores.as_json() if trial.scores else nothing),
                "refused": trial.refused,
            }
            for trial in sorted(result.ranked, key=lambda trial: trial.number)
        ],
    }
