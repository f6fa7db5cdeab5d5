"""What the tests of the app call in place of AWS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from landing_zone.api.session import Response

URL = "https://abcdef1234.execute-api.eu-west-1.amazonaws.com/v1"
FACTS = {
    "use_case": "reviews",
    "model_version": "3",
    "features": [{"name": "text", "type": "text", "allowed": "a text of 3 to 5000 characters"}],
}
ANSWER = {
    "predictions": [{"label": "1", "probabilities": {"0": 0.1, "1": 0.9}}],
    "model_version": "3",
    "variant": "AllTraffic",
    "inference_id": "JKJaXmPLvHcESHA=",
}


class FakeSession:
    """The inference API: an answer for each path."""

    def __init__(self, **answers: Response) -> None:
        good = {"models": as_json(FACTS), "predict": as_json(ANSWER)}
        self.answers = {**good, **answers}
        self.requests: list[tuple[str, str, Any]] = []
        self.is_down = False

    def send(
        self, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Response:
        if self.is_down:
            raise EndpointConnectionError(endpoint_url=url)
        path = url.removeprefix(f"{URL}/")
        self.requests.append((method, path, json.loads(body) if body else None))
        return self.answers[path.partition("/")[0]]


class FakeS3:
    def __init__(self, error: str = "") -> None:
        self.error = error
        self.objects: dict[tuple[str, str], bytes] = {}

    def put_object(self, **request: Any) -> None:
        self._refuse("PutObject")
        self.objects[request["Bucket"], request["Key"]] = request["Body"]

    def download_file(self, bucket: str, key: str, path: str) -> None:
        self._refuse("GetObject")
        with open(path, "wb") as file:  # noqa: PTH123 - boto3 takes a text
            file.write(self.objects[bucket, key])

    def _refuse(self, operation: str) -> None:
        if self.error:
            raise aws_error(self.error, operation)


class FakeSsm:
    def __init__(self, parameters: Mapping[str, str]) -> None:
        self.parameters = parameters

    def get_parameter(self, **request: str) -> dict[str, Any]:
        if request["Name"] not in self.parameters:
            raise aws_error("ParameterNotFound", "GetParameter")
        return {"Parameter": {"Value": self.parameters[request["Name"]]}}


class FakeAws:
    credentials = object()

    def __init__(self, **parameters: str) -> None:
        names = {f"/ml-core/development/{name}": value for name, value in parameters.items()}
        self.clients = {"s3": FakeS3(), "ssm": FakeSsm(names)}

    def client(self, service_name: str) -> Any:
        return self.clients[service_name]


def aws_error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


def as_json(document: Any, status: int = 200, **headers: str) -> Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, given, json.dumps(document).encode())
