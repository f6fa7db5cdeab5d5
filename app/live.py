"""The model of a deployment, through the inference API (docs/api.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError

from app.answers import AppError, ModelFacts, Sentiment
from landing_zone.api.predictions import Session
from landing_zone.api.session import Response

_JSON = {"Content-Type": "application/json", "Accept": "application/json"}


@dataclass(frozen=True)
class LiveModel:
    session: Session
    url: str
    use_case: str

    def describe(self) -> ModelFacts:
        document = self._send("GET", f"models/{self.use_case}")
        return ModelFacts(str(document["model_version"]), str(_feature(document)["allowed"]))

    def predict(self, text: str) -> Sentiment:
        """Send the text as the only feature of a row. JSON quotes it, whatever it contains."""
        body = json.dumps({"instances": [[text]]}).encode()
        answer = self._send("POST", f"predict/{self.use_case}", body, text)
        return Sentiment.read(
            answer["predictions"][0],
            str(answer["model_version"]),
            str(answer["variant"]),
            str(answer["inference_id"]),
        )

    def _send(self, method: str, path: str, body: bytes = b"", text: str = "") -> dict[str, Any]:
        try:
            response = self.session.send(method, f"{self.url}/{path}", body, _JSON)
        except BotoCoreError as error:
            raise AppError(
                f"{self.url} does not answer. On this machine: `make local USE_CASE={self.use_case}` "
                "starts it. Otherwise try again in a minute."
            ) from error
        if not response.is_answer:
            raise AppError(explain(response, text, self.use_case))
        document: dict[str, Any] = json.loads(response.body)
        return document


def _feature(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The text column, which has to be the only feature."""
    features: list[Mapping[str, Any]] = document["features"]
    if [feature["type"] for feature in features] != ["text"]:
        found = ", ".join(f"{feature['name']} ({feature['type']})" for feature in features)
        raise AppError(
            f"The use case {document['use_case']} has the features {found}. The app needs one with a "
            "single feature of type text: set USE_CASE."
        )
    return features[0]


def explain(response: Response, text: str, use_case: str) -> str:
    """An answer without a prediction, in words for the person who asked."""
    document = _document(response.body)
    match response.status:
        case 400:
            return _refused(document, text)
        case 401 | 403:
            return (
                f"The app may not ask the model. Its credentials need execute-api:Invoke on "
                f"POST/predict/{use_case} and GET/models/{use_case}; docs/api.md says more."
            )
        case 404:
            return (
                f"There is no model of the use case {use_case}. Deploy one first: "
                f"`make local USE_CASE={use_case}` on this machine, a run of the ML pipeline on AWS."
            )
        case 413:
            return f"The text is too long: it has {len(text):,} characters. Shorten it."
        case 429:
            seconds = _header(response.headers, "retry-after")
            when = f"in {seconds} seconds" if seconds else "in a moment"
            return f"Too many people are asking the model at the moment. Try again {when}."
        case 502:
            return (
                "The model failed to answer this text. Try another one, and tell the model's team."
            )
        case 504:
            return (
                f"The model of {use_case} is not in service at the moment. Try again in a minute."
            )
        case _:
            request = document.get("request_id", "")
            note = f" Tell the team of the API the request {request}." if request else ""
            return f"The API failed (status {response.status}). Try again later.{note}"


def _refused(document: Mapping[str, Any], text: str) -> str:
    problems = document.get("problems") or []
    allowed = problems[0].get("allowed") if problems and isinstance(problems[0], dict) else None
    if allowed:
        found = len(text.strip())
        return f"The model cannot read this text. It has {found:,} characters; allowed: {allowed}."
    return f"The model cannot read this text: {document.get('message', 'it says no more')}"


def _document(body: bytes) -> Mapping[str, Any]:
    """The error of the API or of API Gateway; empty for anything else."""
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")
