"""The servers that are compared: how each is installed, started and asked, with its recommended settings."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SERVE = HERE.parents[1] / "workflow" / "container" / "serve"
PEERS = HERE / "peers"
WORKERS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

Rows = list[list[float]]


@dataclass(frozen=True)
class Files:
    """One model, in the forms that the servers want."""

    name: str
    folder: Path  # as train.py leaves it
    joblib: Path  # the same Pipeline for numpy arrays, which spares the peers pandas
    work: Path


@dataclass(frozen=True)
class Start:
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    directory: Path | None = None


@dataclass(frozen=True)
class Stack:
    name: str
    packages: tuple[str, ...]
    start: Callable[[Path, Files, int], Start]  # interpreter, model, port
    settings: str
    environment: Mapping[str, str] = field(default_factory=dict)
    path: str = "/invocations"
    ready: str = "/ping"
    body: Callable[[Rows], Any] = lambda rows: {"instances": rows}
    answer: Callable[[Any], list[float]] = lambda document: document["predictions"]
    ours: bool = False
    csv: bool = False  # takes text/csv too
    slow: bool = (
        False  # measured once: with one thread per core in every worker, trees wait whole seconds
    )

    def request(self, rows: Rows) -> bytes:
        return json.dumps(self.body(rows)).encode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _serve(_python: Path, model: Files, port: int) -> Start:
    variables = {"SM_MODEL_DIR": str(model.folder), "SAGEMAKER_BIND_TO_PORT": str(port)}
    return Start([sys.executable, str(SERVE)], variables)


def _sagemaker(python: Path, model: Files, port: int) -> Start:
    script, folder = str(PEERS / "sagemaker_serve.py"), model.work / "sagemaker"
    command = [str(python), script, str(port), str(WORKERS), str(folder.resolve())]
    return Start(command, {"MODEL": str(model.joblib)}, PEERS)


def _gunicorn(python: Path, model: Files, port: int) -> Start:
    command = [
        str(python), "-m", "gunicorn", "--timeout", "60", "-k", "gevent", "-b", f"127.0.0.1:{port}",
        "--worker-connections", str(1000 * WORKERS), "-w", str(WORKERS), "--log-level", "info",
        "sagemaker_app:app",
    ]  # fmt: skip
    return Start(command, {"MODEL": str(model.joblib)}, PEERS)


def _fastapi(python: Path, model: Files, port: int) -> Start:
    command = [
        str(python), "-m", "uvicorn", "--host", "127.0.0.1", "--port", str(port), "--workers", str(WORKERS),
        "--no-access-log", "fastapi_app:app",
    ]  # fmt: skip
    return Start(command, {"MODEL": str(model.joblib)}, PEERS)


def _mlserver(python: Path, model: Files, port: int) -> Start:
    folder = model.work / "mlserver"
    folder.mkdir(exist_ok=True)
    settings = {
        "host": "127.0.0.1",
        "http_port": port,
        "grpc_port": free_port(),
        "metrics_port": free_port(),
        "parallel_workers": WORKERS,
    }
    parameters = {
        "name": "model",
        "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": str(model.joblib)},
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "model-settings.json").write_text(json.dumps(parameters))
    return Start([str(python.parent / "mlserver"), "start", str(folder)])


def _bentoml(python: Path, model: Files, port: int) -> Start:
    command = [
        str(python.parent / "bentoml"), "serve", "bento_service:Predictor",
        "--host", "127.0.0.1", "--port", str(port),
    ]  # fmt: skip
    home = {"BENTOML_HOME": str(model.work / "bentoml"), "BENTOML_DO_NOT_TRACK": "True"}
    return Start(command, {**home, "MODEL": str(model.joblib), "WORKERS": str(WORKERS)}, PEERS)


def _litserve(python: Path, model: Files, port: int) -> Start:
    variables = {"MODEL": str(model.joblib), "WORKERS": str(WORKERS), "PORT": str(port)}
    return Start([str(python), str(PEERS / "lit_server.py")], variables)


def _mlflow(python: Path, model: Files, port: int) -> Start:
    folder = model.work / "mlflow"
    if not folder.exists():
        save = [str(python), str(PEERS / "mlflow_save.py"), str(model.joblib), str(folder)]
        subprocess.run(save, check=True, capture_output=True, text=True)
    command = [
        str(python.parent / "mlflow"), "models", "serve", "-m", str(folder),
        "-h", "127.0.0.1", "-p", str(port), "--workers", str(WORKERS), "--env-manager", "local",
    ]  # fmt: skip
    return Start(command, {"PATH": f"{python.parent}:{os.environ['PATH']}"})


def _tensor(rows: Rows) -> dict[str, Any]:
    shape = [len(rows), len(rows[0])]
    return {"inputs": [{"name": "rows", "shape": shape, "datatype": "FP64", "data": rows}]}


_GUNICORN = ("gunicorn", "flask", "gevent", "packaging")  # its gevent worker imports the last one

STACKS = (
    Stack(
        "serve (this project)",
        ("httptools", "uvloop", "orjson", "onnxruntime"),
        _serve,
        f"{WORKERS} workers",
        ours=True,
        csv=True,
    ),
    Stack(
        "SageMaker scikit-learn stack, OMP_NUM_THREADS=1",
        _GUNICORN,
        _sagemaker,
        f"nginx, gunicorn -k gevent, {WORKERS} workers",
        ONE_THREAD,
        csv=True,
    ),
    Stack(
        "the same without nginx",
        _GUNICORN,
        _gunicorn,
        f"gunicorn -k gevent, {WORKERS} workers",
        ONE_THREAD,
        csv=True,
    ),
    Stack(
        "SageMaker scikit-learn stack",
        _GUNICORN,
        _sagemaker,
        f"nginx, gunicorn -k gevent, {WORKERS} workers",
        slow=True,
    ),
    Stack(
        "FastAPI",
        ("fastapi", "uvicorn[standard]"),
        _fastapi,
        f"uvicorn, uvloop, httptools, {WORKERS} workers",
        ONE_THREAD,
    ),
    Stack(
        "MLServer",
        (
            "mlserver",
            "mlserver-sklearn",
            "uvloop==0.21.0",
        ),  # its workers do not start with a newer one
        _mlserver,
        f"parallel_workers {WORKERS}",
        ONE_THREAD,
        "/v2/models/model/infer",
        "/v2/models/model/ready",
        _tensor,
        lambda document: document["outputs"][0]["data"],
    ),
    Stack(
        "BentoML",
        ("bentoml",),
        _bentoml,
        f"{WORKERS} workers",
        ONE_THREAD,
        "/predict",
        "/readyz",
        answer=lambda document: document,
    ),
    Stack(
        "LitServe",
        ("litserve",),
        _litserve,
        f"{WORKERS} workers a device",
        ONE_THREAD,
        "/predict",
        "/health",
    ),
    Stack("MLflow", ("mlflow",), _mlflow, f"{WORKERS} workers", ONE_THREAD),
)
