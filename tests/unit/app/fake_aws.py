"""A server on 127.0.0.1 in place of the inference API and of S3, for apps in a process of their own."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = {
    "use_case": "reviews",
    "model_version": "7",
    "features": [{"name": "text", "type": "text", "allowed": "a text of 3 to 5000 characters"}],
}


class Aws:
    """The API and the bucket. `refusal` is the next answer to a prediction."""

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}
        self.refusal: tuple[int, Any] | None = None
        aws = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(200, MODEL)

            def do_POST(self) -> None:
                assert self.headers["Authorization"].startswith("AWS4-HMAC-SHA256")
                text = json.loads(self.body())["instances"][0][0]
                self.answer(*(aws.refusal or (200, aws.prediction(text))))

            def do_PUT(self) -> None:
                aws.stored[self.path] = self.body()
                self.answer(200, "")

            def body(self) -> bytes:
                return self.rfile.read(int(self.headers["Content-Length"]))

            def answer(self, status: int, document: Any) -> None:
                content = json.dumps(document).encode() if document else b""
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def environment(self) -> dict[str, str]:
        """The settings of an app that uses it."""
        return {
            "APP_API_URL": f"{self.url}/v1",
            "APP_LABEL_BUCKET": "workflow",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    @staticmethod
    def prediction(text: str) -> dict[str, Any]:
        sure = 0.9 if "great" in text else 0.2
        label = "1" if sure > 0.5 else "0"
        return {
            "predictions": [{"label": label, "probabilities": {"0": 1 - sure, "1": sure}}],
            "model_version": "7",
            "variant": "challenger",
            "inference_id": "JKJa=",
        }
