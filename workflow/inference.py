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
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

# Read when scikit-learn is imported: a server answers many requests at once, one thread each.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from ml.errors import InvalidRequestError, JobError
from ml.inference.answers import respond
from ml.inference.bad_rows import BadRows, Respond, in_transform_job
from ml.model.artifact import LoadedModel, load_model
from ml.model.model_files import Recorded

if TYPE_CHECKING:
    from flask import Response


# The container turns every exception of these functions into status 500, which counts as the endpoint's own
# fault: in Invocation5XXErrors, and with the alarm that rolls a deployment back. So a request that cannot be
# answered becomes a response of its own.


def model_fn(model_dir: str) -> LoadedModel:
    """Load the model; its files must be those that were evaluated and registered."""
    recorded = Recorded(card=os.environ.get("MODEL_CARD_SHA256", ""))  # set by the state machine
    return load_model(Path(model_dir), recorded)


def input_fn(body: str | bytes, content_type: str) -> Request:
    """The request as it is: the rows are checked with the model, which knows its features."""
    return Request(body, content_type)


def predict_fn(request: Request, model: LoadedModel) -> Request:
    """The request with its model.

    How a bad row of a transform job is marked depends on the content type of the answer. The container gives
    that to output_fn only, so the work is done there.
    """
    return replace(request, model=model)


def output_fn(request: Request, accept: str) -> tuple[str, str] | Response:
    """The body and its content type, of which the container makes a response; or a response that refuses."""
    try:
        kind, body = request.answer(accept)
    except InvalidRequestError as error:
        return refusal(error)
    return body.decode(), kind


@dataclass(frozen=True)
class Request:
    """A body, its content type, and the model that answers it."""

    body: str | bytes
    content_type: str
    model: LoadedModel | None = None

    def answer(self, accept: str) -> tuple[str, bytes]:
        """The content type and the body of the answer; raise InvalidRequestError to refuse."""
        assert self.model is not None, "predict_fn comes before output_fn"
        answered: Respond = partial(respond, self.model)
        if in_transform_job():
            answered = BadRows(self.model.use_case, answered).respond
        body = self.body.encode("utf-8", "replace") if isinstance(self.body, str) else self.body
        return answered(body, self.content_type, accept)


def refusal(error: InvalidRequestError) -> Response:
    from flask import Response  # the container's web framework; not needed to answer by hand

    body = json.dumps({"error": str(error)})
    return Response(body, status=error.status_code, mimetype="application/json")


def main(args: argparse.Namespace) -> None:
    model = model_fn(str(args.model))
    _, body = respond(model, args.input.read_bytes(), args.content_type, args.accept)
    print(body.decode(), end="")


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
