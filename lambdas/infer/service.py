"""What each route of the inference API does."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from infer.invocation import Predicted, invoke
from infer.models import LiveModel, Models
from infer.requests import JSON, Answer, ApiRequest, Refusal
from ml.config.columns import Column
from ml.errors import InvalidRequestError
from ml.inference.requests import (
    CSV,
    Problem,
    Rows,
    accepted,
    check,
    content_type_of,
    decode,
    listed,
)

# The event of a Lambda function has at most 6 MB, in which a quotation mark needs two bytes.
MAX_BODY_BYTES = 2_500_000
MAX_ROWS = 1_000
MAX_PROBLEMS = 20
_BATCH = "For many rows, run a batch transform (EndpointType Batch)."

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Service:
    models: Models
    runtime: Any  # sagemaker-runtime

    def answer(self, request: ApiRequest) -> Answer:
        """The answer to a request; raise Refusal. API Gateway passes on no other routes."""
        routes: dict[str, Callable[[ApiRequest], Answer]] = {
            "GET /health": _health,
            "GET /models/{use_case}": self._describe,
        }
        # /predict/... and, for the probe of an API with JWT, /probe/{use_case}
        return routes.get(request.route, self._predict)(request)

    def _live(self, request: ApiRequest) -> LiveModel:
        parameters = request.parameters
        return self.models.live(parameters["use_case"], parameters.get("target", "prod"))

    def _describe(self, request: ApiRequest) -> Answer:
        model = self._live(request)
        return Answer.of(
            {
                "use_case": model.use_case,
                "description": model.description,
                "endpoint": model.endpoint,
                "model_version": model.version,
                "predicts": model.label,
                "features": [_described(column) for column in model.features],
            }
        )

    def _predict(self, request: ApiRequest) -> Answer:
        content_type = request.headers.get("content-type", JSON)
        if len(request.body) > MAX_BODY_BYTES:
            raise _too_large(f"body: found {len(request.body)} bytes; allowed: {MAX_BODY_BYTES}")
        model = self._live(request)
        try:
            accept = accepted(request.headers.get("accept"))
            rows = decode(request.body, content_type)
        except InvalidRequestError as error:
            problem = {"field": "body", "message": str(error)}
            raise Refusal(error.status_code, str(error), [problem]) from error
        _check(rows, model)
        kind, body = content_type_of(content_type), request.body
        if kind == JSON and rows.as_text:  # {"context": "..."}: any container takes its text as CSV
            kind, body = CSV, json.loads(body)["context"].encode()
        predicted = invoke(self.runtime, model.endpoint, body, kind, accept, request.id)
        logger.info(
            "predicted",
            extra={
                "request_id": request.id,
                "use_case": model.use_case,
                "endpoint": model.endpoint,
                "model_version": model.version_of(predicted.variant),
                "variant": predicted.variant,
                "rows": len(rows.rows),
            },
        )
        return _answer(request, model, predicted)


def _health(_: ApiRequest) -> Answer:
    return Answer.of({"status": "ok"})


def _check(rows: Rows, model: LiveModel) -> None:
    if len(rows.rows) > MAX_ROWS:
        raise _too_large(f"body: found {len(rows.rows)} rows; allowed: {MAX_ROWS}")
    problems = check(rows, model.features, range(1, len(rows.rows) + 1))[1]
    if problems:
        message = f"{listed([problem.text for problem in problems])}."
        shown = [_shown(problem) for problem in problems[:MAX_PROBLEMS]]
        raise Refusal(HTTPStatus.BAD_REQUEST, message, shown)


def _too_large(message: str) -> Refusal:
    return Refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"{message}. {_BATCH}",
        [{"field": "body", "message": message}],
    )


def _shown(problem: Problem) -> dict[str, Any]:
    if not problem.column:
        return {"row": problem.row, "message": problem.text}
    return {
        "row": problem.row,
        "field": problem.column,
        "found": problem.found,
        "allowed": problem.expected,
    }


def _described(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": column.type,
        "allowed": column.expected,
        "may_be_empty": column.maximum_missing_share > 0,
        "description": column.description,
    }


def _answer(request: ApiRequest, model: LiveModel, predicted: Predicted) -> Answer:
    version = model.version_of(predicted.variant)
    headers = {
        "x-inference-id": request.id,
        "x-model-variant": predicted.variant,
        "x-model-version": version,
    }
    text = predicted.body.decode()
    if content_type_of(predicted.content_type) != JSON:
        return Answer(HTTPStatus.OK, text, predicted.content_type, headers)
    try:
        predictions = json.loads(text)["predictions"]
    except (ValueError, KeyError, TypeError) as error:
        message = "The model gave an answer that cannot be read."
        raise Refusal(HTTPStatus.BAD_GATEWAY, message, cause=error) from error
    return Answer.of(
        {
            "predictions": predictions,
            "model_version": version,
            "variant": predicted.variant,
            "endpoint": model.endpoint,
            "inference_id": request.id,
        },
        headers,
    )
