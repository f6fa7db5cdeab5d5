"""BentoML: a service with one worker per core."""

import os

import bentoml
import joblib
import numpy as np


@bentoml.service(workers=int(os.environ["WORKERS"]))
class Predictor:
    def __init__(self) -> None:
        self.model = joblib.load(os.environ["MODEL"])

    @bentoml.api
    def predict(self, instances: list[list[float]]) -> list[float]:
        return self.model.predict(np.array(instances)).tolist()
