"""A plain FastAPI application, as its tutorial writes one; uvicorn with uvloop and httptools."""

import os

import joblib
import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel

model = joblib.load(os.environ["MODEL"])
app = FastAPI()


class Rows(BaseModel):
    instances: list[list[float]]


@app.get("/ping")
async def ping() -> None:
    return None


@app.post("/invocations")
async def invocations(rows: Rows) -> dict[str, list[float]]:
    return {"predictions": model.predict(np.array(rows.instances)).tolist()}
