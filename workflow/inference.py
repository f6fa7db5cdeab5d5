"""Answer requests for predictions: the four functions SageMaker's scikit-learn container calls.

    python workflow/inference.py --model model/ --input sample-files/cal_pred.csv

A row holds the features in the order of the use case, without the target. Accepted are

    text/csv               rows without a header line
    application/json       {"instances": [[...], {"feature": value, ...}]} or {"context": "5.1,3.5,1.4,0.2"}
    application/jsonlines  a list or an object a line

The answer is text/csv (a prediction a line), application/json {"predictions": [...]} or
application/jsonlines.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

# Read when scikit-learn is imported: a server answers many requests at once, one thread each.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from ml.answers import Answer, answer, encode
from ml.artifact import LoadedModel, Recorded, load_model
from ml.errors import InvalidRequestError, JobError
from ml.requests import Rows, decode

if TYPE_CHECKING:
    from flask import Response


# The container turns every exception of these functions into status 500, which counts as the endpoint's own
# fault: in Invocation5XXErrors, and with the alarm that rolls a deployment back. So a request that cannot be
# answered is handed from function to function, and becomes a response of its own at the end.


def model_fn(model_dir: str) -> LoadedModel:
    """Load the model; its files must be those that were evaluated and registered."""
    recorded = Recorded(card=os.environ.get("MODEL_CARD_SHA256", ""))  # set by the state machine
    return load_model(Path(model_dir), recorded)


def input_fn(body: str | bytes, content_type: str) -> Rows | InvalidRequestError:
    """Take the request apart. The rows are checked in predict_fn, which knows the model's features."""
    try:
        return decode(body, content_type)
    except InvalidRequestError as error:
        return error


def predict_fn(
    rows: Rows | InvalidRequestError, model: LoadedModel
) -> Answer | InvalidRequestError:
    if isinstance(rows, InvalidRequestError):
        return rows
    try:
        return answer(rows, model)
    except InvalidRequestError as error:
        return error


def output_fn(prediction: Answer | InvalidRequestError, accept: str) -> tuple[str, str] | Response:
    """The body and its content type, of which the container makes a response; or a response that refuses."""
    if isinstance(prediction, InvalidRequestError):
        return refusal(prediction)
    try:
        return encode(prediction, accept)
    except InvalidRequestError as error:
        return refusal(error)


def refusal(error: InvalidRequestError) -> Response:
    from flask import Response  # the container's web framework; not needed to answer by hand

    body = json.dumps({"error": str(error)})
    return Response(body, status=error.status_code, mimetype="application/json")


def main(args: argparse.Namespace) -> None:
    model = model_fn(str(args.model))
    rows = decode(args.input.read_bytes(), args.content_type)
    body, _ = encode(answer(rows, model), args.accept)
    print(body, end="")


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument(
        "--model", type=Path, default=Path("/opt/ml/model"), help="folder of the model"
    )
    parser.add_argument("--input", type=Path, required=True, help="file with the request's body")
    parser.add_argument("--content-type", default="text/csv", help="of the input file")
    parser.add_argument("--accept", default="text/csv", help="content type of the answer")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    try:
        main(parse_arguments())
    except (OSError, JobError) as error:
        sys.exit(f"inference: {error}")
