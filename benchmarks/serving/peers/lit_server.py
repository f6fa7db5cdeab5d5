"""LitServe: an API with one worker per core."""

import os

import joblib
import litserve
import numpy as np


class Predictor(litserve.LitAPI):
    def setup(self, device: str) -> None:
        self.model = joblib.load(os.environ["MODEL"])

    def decode_request(self, request: dict) -> np.ndarray:
        return np.array(request["instances"])

    def predict(self, rows: np.ndarray) -> np.ndarray:
        return self.model.predict(rows)

    def encode_response(self, output: np.ndarray) -> dict:
        return {"predictions": output.tolist()}


if __name__ == "__main__":
    server = litserve.LitServer(
        Predictor(), accelerator="cpu", workers_per_device=int(os.environ["WORKERS"])
    )
    server.run(host="127.0.0.1", port=int(os.environ["PORT"]), generate_client_file=False)
