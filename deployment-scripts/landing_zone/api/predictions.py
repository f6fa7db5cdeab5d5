"""Predictions of the inference API of a deployment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from landing_zone.api.session import Response
from landing_zone.core.aws import Clients, error_code
from landing_zone.core.errors import OperatorError
from landing_zone.core.names import DEV, INFERENCE_API_PARAMETER, PROD
from landing_zone.core.settings import Settings

TARGETS = (PROD, DEV)
# The API takes 1,000 rows in one request.
ROWS_AT_ONCE = 500


class ApiRefusedError(OperatorError):
    """Raised for an answer without predictions."""

    def __init__(self, url: str, response: Response) -> None:
        super().__init__(f"{url} answers {response.status}: {_message(response.body)}")
        self.status = response.status


class Session(Protocol):
    """What is needed of ApiSession; the tests have their own."""

    def send(
        self, method: str, url: str, body: bytes = ..., headers: dict[str, str] | None = ...
    ) -> Response: ...


@dataclass(frozen=True)
class Prediction:
    """The answer to one row, and what has answered."""

    row: str
    value: str  # a number or a label
    version: str
    variant: str
    inference_id: str


def find_api(aws: Clients, settings: Settings) -> str | None:
    """The URL of the API; None where it is not enabled."""
    name = f"{settings.parameter_path}/{INFERENCE_API_PARAMETER}"
    try:
        return str(aws.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
    except ClientError as error:
        if error_code(error) != "ParameterNotFound":
            raise
        return None


def predict_url(aws: Clients, settings: Settings, use_case: str, target: str = "prod") -> str:
    """Where the API predicts; the error says how to enable it."""
    url = find_api(aws, settings)
    if url is None:
        raise OperatorError(
            f"{settings.prefix} has no inference API: SSM lacks {settings.parameter_path}/"
            f"{INFERENCE_API_PARAMETER}. Deploy it (quick-deploy.sh), with inference_api.enabled in "
            "config/environments"
        )
    return f"{url}/predict/{use_case}" + ("" if target == "prod" else f"/{target}")


def predict(session: Session, url: str, rows: Sequence[str]) -> Iterator[Prediction]:
    """Predict rows, each a line of CSV with the features in their order, in as few requests as possible."""
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[start : start + ROWS_AT_ONCE]
        answer = _answer(session, url, "".join(f"{row}\n" for row in some))
        values = answer["predictions"]
        if len(values) != len(some):
            raise OperatorError(f"{url} answered {len(values)} predictions to {len(some)} rows")
        for row, value in zip(some, values, strict=True):
            yield Prediction(
                row,
                _shown(value),
                answer["model_version"],
                answer["variant"],
                answer["inference_id"],
            )


def _answer(session: Session, url: str, body: str) -> Any:
    headers = {"Content-Type": "text/csv", "Accept": "application/json"}
    try:
        response = session.send("POST", url, body.encode(), headers)
    except BotoCoreError as error:
        raise OperatorError(f"{url} does not answer: {error}") from error
    if not response.is_answer:
        raise ApiRefusedError(url, response)
    return json.loads(response.body)


def _message(body: bytes) -> str:
    """The message of an answer of the API, or of API Gateway itself."""
    try:
        document = json.loads(body)
        message = document.get("message") or document.get("Message") or ""
        request = document.get("request_id")
    except (ValueError, AttributeError):
        return body.decode(errors="replace")[:300]
    return f"{message} (request {request})" if request else str(message)


def _shown(value: Any) -> str:
    """A label comes with its probabilities."""
    return str(value["label"]) if isinstance(value, dict) and "label" in value else str(value)
