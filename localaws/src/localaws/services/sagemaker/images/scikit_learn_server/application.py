"""The web application of script-mode serving: GET /ping and POST /invocations around four functions.

``model_fn(model_dir)``, ``input_fn(body, content_type)``, ``predict_fn(data, model)`` and
``output_fn(prediction, accept)`` come from the user's program. The last three have defaults for CSV, JSON
and NPY, and ``transform_fn(model, body, content_type, accept)`` can replace them.
Runs inside the container, under gunicorn: it imports nothing of localaws.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

sys.path.insert(0, os.environ["LOCALAWS_CODE_DIRECTORY"])
sys.path.insert(1, str(Path(__file__).parent))

import codecs_default  # type: ignore[import-not-found]

_user = importlib.import_module(Path(os.environ["SAGEMAKER_PROGRAM"]).stem)
if not hasattr(_user, "model_fn"):
    raise SystemExit(f"{os.environ['SAGEMAKER_PROGRAM']} has no model_fn(model_dir)")
_model = _user.model_fn("/opt/ml/model")
_input_fn = getattr(_user, "input_fn", codecs_default.input_fn)
_predict_fn = getattr(_user, "predict_fn", codecs_default.predict_fn)
_output_fn = getattr(_user, "output_fn", codecs_default.output_fn)
_transform_fn = getattr(_user, "transform_fn", None)
_default_accept = os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "application/json")

app = Flask(__name__)


@app.get("/ping")
def ping() -> Response:
    """The model is loaded before the worker takes requests, so an answer means healthy."""
    return Response(status=200)


@app.post("/invocations")
def invocations() -> Response:
    """One request: decode, predict, encode."""
    content_type = (request.content_type or "application/json").partition(";")[0].strip()
    accept = request.headers.get("Accept") or _default_accept
    if accept == "*/*":
        accept = _default_accept
    body: Any = request.get_data()
    if content_type.startswith("text/") or content_type == "application/json":
        try:
            body = body.decode("utf-8")
        except UnicodeDecodeError as error:
            return _error(400, f"the {content_type} body is not UTF-8: {error}")
    try:
        if _transform_fn is not None:
            result = _transform_fn(_model, body, content_type, accept)
        else:
            result = _output_fn(_predict_fn(_input_fn(body, content_type), _model), accept)
    except codecs_default.UnsupportedFormatError as error:
        return _error(error.status, str(error))
    except Exception as error:
        # The user's code may raise anything, and one bad request must not end the worker.
        traceback.print_exc()
        # A program can choose the status, for example 400 for a row that it cannot read.
        return _error(int(getattr(error, "status_code", 500)), f"{type(error).__name__}: {error}")
    return _answer(result, accept)


def _answer(result: Any, accept: str) -> Response:
    """A Response, a (body, content type) pair, or a body."""
    if isinstance(result, Response):
        return result
    if isinstance(result, tuple):
        result, accept = result
    return Response(result, status=200, content_type=accept)


def _error(status: int, message: str) -> Response:
    return Response(message, status=status, content_type="text/plain; charset=utf-8")
