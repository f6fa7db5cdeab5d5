"""The SageMaker scikit-learn container's application: Flask with two routes around a user's functions.

Started as that container starts it (sagemaker-containers, _server.py), without its nginx in front, which
would only cost: gunicorn --timeout 60 -k gevent --worker-connections 1000*<cores> -w <cores> --log-level info
"""

import io
import json
import os

import flask
import joblib
import numpy as np

model = joblib.load(os.environ["MODEL"])


def input_fn(body: str, content_type: str) -> np.ndarray:
    if content_type == "text/csv":  # as that container decodes it by default (_encoders.py)
        return np.atleast_2d(np.genfromtxt(io.StringIO(body), dtype=np.float64, delimiter=","))
    return np.array(json.loads(body)["instances"], dtype=np.float64)


def output_fn(prediction: np.ndarray, accept: str) -> flask.Response:
    if accept == "text/csv":
        stream = io.StringIO()
        np.savetxt(stream, prediction, delimiter=",", fmt="%s")
        return flask.Response(stream.getvalue(), mimetype=accept)
    return flask.Response(
        json.dumps({"predictions": prediction.tolist()}), mimetype="application/json"
    )


def invocations() -> flask.Response:
    request = flask.request
    data = input_fn(request.get_data(as_text=True), request.headers.get("Content-Type"))
    return output_fn(model.predict(data), request.headers.get("Accept"))


app = flask.Flask(__name__)
app.add_url_rule("/invocations", "invocations", view_func=invocations, methods=["POST"])
app.add_url_rule("/ping", "ping", view_func=lambda: flask.Response(status=200))
