"""The peer of benchmarks/train_evaluate.py: read, split, fit and score in one straightforward script.

python benchmarks/pandas_train_evaluate.py housing.csv use_case.json result.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split


def main(data: Path, config: Path, result: Path) -> None:
    use_case = json.loads(config.read_text(encoding="utf-8"))
    frame = pd.read_csv(data)
    split, model = use_case["split"], use_case["model"]
    train, test = train_test_split(frame, test_size=split["test_share"], random_state=split["seed"])
    features = [column for column in frame.columns if column != use_case["target"]]
    estimator = HistGradientBoostingRegressor(
        **model["hyperparameters"], random_state=model["seed"]
    )
    estimator.fit(train[features], train[use_case["target"]])
    r2 = r2_score(test[use_case["target"]], estimator.predict(test[features]))
    result.write_text(json.dumps({"r2": r2}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
