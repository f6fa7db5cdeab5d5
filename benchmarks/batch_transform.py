"""Batch transform of many rows: a transform job on localaws beside the SageMaker stack, asked 100 at a time.

    python -m benchmarks.batch_transform --rows 10000000 --output benchmarks/results/batch_transform.json

The job is a real CreateTransformJob with the container of this project: localaws reads the CSV from S3, cuts
it at line ends into 6 MB, sends the chunks and writes the answers in order. The peer is fed by wrk with rows
from memory, which costs it less than a transform job would.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import joblib
import numpy as np
import psutil
from botocore.config import Config

from benchmarks.command import add_rows, make_parser, report
from benchmarks.housing_data import write_housing
from benchmarks.measure import MEBIBYTE, BenchmarkError, about, machine, markdown, versions
from benchmarks.serving.environments import ENVIRONMENTS, make_environment
from benchmarks.serving.load import load, require_wrk, started
from benchmarks.serving.report import BASELINE, MODELS
from benchmarks.serving.stacks import STACKS, Files
from benchmarks.serving.trained_models import csv_of, describe, make_models, sample_rows

REGION, ACCOUNT, BUCKET = "eu-west-1", "123456789012", "batch-transform"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/ml-core:bench"
IMAGE_DIRECTORY = Path(__file__).parents[1] / "workflow" / "container"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}  # fmt: skip
PEER_ROWS = 100
CHECKED_ROWS = 2000
TOLERANCE = 1e-6
TARGETS = {"times faster": 10.0, "peak MiB of the container": 512.0}


class Account:
    """A localaws of its own, with what a transform job needs."""

    def __init__(self, url: str, process: psutil.Process) -> None:
        self.process = process
        session = boto3.Session("test", "test", region_name=REGION)
        config = Config(retries={"total_max_attempts": 1}, read_timeout=600)
        self.s3 = session.client("s3", endpoint_url=url, config=config)
        self.sagemaker = session.client("sagemaker", endpoint_url=url, config=config)
        self.s3.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        iam = session.client("iam", endpoint_url=url)
        role = iam.create_role(RoleName="job", AssumeRolePolicyDocument=json.dumps(TRUST))
        self.role = role["Role"]["Arn"]

    def create_model(self, model: Files) -> str:
        archive = model.work / "model.tar.gz"
        with tarfile.open(archive, "w:gz") as tar:
            for name in ("model.json", "model.onnx", "model.tables.npz", "model.joblib"):
                if (model.folder / name).exists():
                    tar.add(model.folder / name, name)
        self.s3.upload_file(str(archive), BUCKET, f"{model.name}/model.tar.gz")
        container = {"Image": IMAGE, "ModelDataUrl": f"s3://{BUCKET}/{model.name}/model.tar.gz"}
        self.sagemaker.create_model(
            ModelName=model.name, ExecutionRoleArn=self.role, PrimaryContainer=container
        )
        return model.name

    def transform(self, model: str, name: str, prefix: str) -> str:
        """Run a job to its end; returns the place of its output."""
        source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{prefix}"}}
        self.sagemaker.create_transform_job(
            TransformJobName=name,
            ModelName=model,
            BatchStrategy="MultiRecord",
            MaxPayloadInMB=6,
            TransformInput={"DataSource": source, "ContentType": "text/csv", "SplitType": "Line"},
            TransformOutput={
                "S3OutputPath": f"s3://{BUCKET}/{name}", "Accept": "text/csv", "AssembleWith": "Line",
            },
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
        )  # fmt: skip
        while True:
            job = self.sagemaker.describe_transform_job(TransformJobName=name)
            if job["TransformJobStatus"] == "Completed":
                return f"{name}/rows.csv.out"
            if job["TransformJobStatus"] != "InProgress":
                raise BenchmarkError(f"the transform job failed: {job.get('FailureReason')}")
            time.sleep(0.05)


@contextlib.contextmanager
def localaws(folder: Path) -> Iterator[Account]:
    command = [sys.executable, "-m", "localaws"]
    place = ["--state-dir", str(folder)]
    options = ["--port", "0", "--image", f"*={IMAGE_DIRECTORY}"]
    output = subprocess.run(
        [*command, "start", *options, *place], check=True, capture_output=True, text=True
    ).stdout
    url = next(word for word in output.split() if word.startswith("http://"))
    port = int(url.rpartition(":")[2])
    listening = (one for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN)
    pid = next(one.pid for one in listening if one.laddr and one.laddr[1] == port)
    try:
        yield Account(url, psutil.Process(pid))
    finally:
        subprocess.run([*command, "stop", *place], check=True, capture_output=True)


class Sampler(threading.Thread):
    """The most memory that the serving container's processes held at once, and localaws itself."""

    def __init__(self, server: psutil.Process) -> None:
        super().__init__(daemon=True)
        self._server, self._ended = server, threading.Event()
        self.container = self.localaws = 0

    def run(self) -> None:
        while not self._ended.wait(0.05):
            with contextlib.suppress(psutil.Error):
                self.localaws = max(self.localaws, self._server.memory_info().rss)
                resident = 0
                for process in self._server.children(recursive=True):
                    with contextlib.suppress(psutil.Error):
                        resident += process.memory_info().rss
                self.container = max(self.container, resident)

    def stop(self) -> None:
        self._ended.set()
        self.join()


def check(account: Account, key: str, model: Files, rows: Path, count: int) -> float:
    """One line for each row, in order; the largest difference to scikit-learn on the first and last rows."""
    output = model.work / "rows.csv.out"
    account.s3.download_file(BUCKET, key, str(output))
    with output.open("rb") as file:
        lines = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    if lines != count:
        raise BenchmarkError(f"{lines} predictions for {count} rows")
    pipeline = joblib.load(model.joblib)
    worst = 0.0
    for command in ("head", "tail"):
        cut = [command, "-n", str(CHECKED_ROWS)]
        asked = subprocess.run([*cut, rows], check=True, capture_output=True, text=True).stdout
        found = subprocess.run([*cut, output], check=True, capture_output=True, text=True).stdout
        matrix = np.array([line.split(",") for line in asked.split()], dtype=np.float64)
        predicted = pipeline.predict(matrix)
        difference = np.abs(np.array(found.split(), dtype=np.float64) - predicted)
        worst = max(worst, float((difference / np.maximum(1, np.abs(predicted))).max()))
    if not worst <= TOLERANCE:
        raise BenchmarkError(f"predictions differ by {worst:.2g} from scikit-learn's")
    return worst


def peer_rate(model: Files, environments: Path, seconds: int) -> float:
    """Rows a second of the SageMaker stack, 100 in a request."""
    stack = next(stack for stack in STACKS if stack.name == BASELINE)
    python = make_environment(environments / stack.packages[0], stack.packages)
    with started(stack, python, model) as server:
        server.wait_until_ready()
        body = csv_of(sample_rows(model, PEER_ROWS))
        script = model.work / "post.lua"
        load(server, body, "text/csv", 1, script)
        found = load(server, body, "text/csv", seconds, script)
    if found.failed:
        raise BenchmarkError(f"{BASELINE}: {found.failed} requests failed")
    return found.requests_per_second * PEER_ROWS


def benchmark(
    rows: int, repeats: int, seconds: int, folder: Path, environments: Path
) -> dict[str, Any]:
    box = machine()
    models = make_models(folder)
    data = folder / "rows.csv"
    write_housing(data, rows, requests=True)
    size = data.stat().st_size
    found: dict[str, Any] = {}
    with localaws(folder / "localaws") as account:
        account.s3.upload_file(str(data), BUCKET, "input/rows.csv")
        for name, model in models.items():
            account.create_model(model)
            ours, peers, container, server, worst = [], [], 0, 0, 0.0
            for number in range(repeats):
                sampler = Sampler(account.process)
                sampler.start()
                began = time.monotonic()
                key = account.transform(name, f"{name}-{number}", "input/")
                elapsed = time.monotonic() - began
                sampler.stop()
                container, server = max(container, sampler.container), max(server, sampler.localaws)
                worst = max(worst, check(account, key, model, data, rows))
                account.s3.delete_object(Bucket=BUCKET, Key=key)
                ours.append(elapsed)
                peers.append(peer_rate(model, environments, seconds))
                print(
                    f"{number + 1}/{repeats} {name}: {rows / elapsed:,.0f} rows/s, "
                    f"{container / MEBIBYTE:.0f} MiB; SageMaker stack {peers[-1]:,.0f} rows/s",
                    file=sys.stderr, flush=True,
                )  # fmt: skip
            elapsed, peer = float(np.median(ours)), float(np.median(peers))
            found[name] = {
                "model": describe(model),
                "seconds": round(elapsed, 2),
                "rows_per_second": round(rows / elapsed),
                "container_peak_mib": round(container / MEBIBYTE, 1),
                "localaws_peak_mib": round(server / MEBIBYTE, 1),
                "maximum_difference": worst,
                "peer_rows_per_second": round(peer),
                "ratios": {
                    "times faster": round(rows / elapsed / peer, 1),
                    "peak MiB of the container": round(container / MEBIBYTE, 1),
                },
            }
    return {
        "benchmark": "batch_transform",
        "rows": rows,
        "csv_mib": round(size / MEBIBYTE, 1),
        "repeats": repeats,
        "machine": box,
        "versions": versions("numpy", "onnxruntime", "scikit-learn"),
        "models": found,
    }


def table(result: dict[str, Any]) -> str:
    header = [
        f"{result['rows']:,} rows of housing", "seconds", "rows/s", "peak MiB of the container",
        "SageMaker stack, rows/s", "times faster",
    ]  # fmt: skip
    lines = [
        [
            f"{MODELS[name]} ({found['model']})", f"{found['seconds']:.1f}",
            f"{found['rows_per_second']:,}", f"{found['container_peak_mib']:.0f}",
            f"{found['peer_rows_per_second']:,}", f"{found['ratios']['times faster']}x",
        ]
        for name, found in result["models"].items()
    ]  # fmt: skip
    worst = max(found["maximum_difference"] for found in result["models"].values())
    return "\n".join(
        [
            markdown(header, lines),
            "",
            "Targets: 10x at no more than 512 MiB. Checked: a prediction for every row, in order; those of "
            f"the first and last {CHECKED_ROWS:,} rows differ from scikit-learn's by {worst:.0e} at most.",
            f"({result['csv_mib']} MiB of CSV; {about(result)})",
        ]
    )


def missed(result: dict[str, Any]) -> list[str]:
    return [
        f"{name}: {what} {value}"
        for name, found in result["models"].items()
        for what, value in found["ratios"].items()
        if (value < TARGETS[what]) == (what == "times faster")
    ]


def main() -> int:
    parser = make_parser(__doc__, repeats=3)
    add_rows(parser, space=3)
    parser.add_argument("--seconds", type=int, default=5, help="of the load on the peer (5)")
    parser.add_argument("--environments", type=Path, default=ENVIRONMENTS, help="of the peer")
    args = parser.parse_args()
    require_wrk()
    with tempfile.TemporaryDirectory(dir=args.scratch) as folder:
        result = benchmark(
            args.rows, args.repeats, args.seconds, Path(folder), args.environments.resolve()
        )
    return report(args, result, table(result), missed(result))


if __name__ == "__main__":
    sys.exit(main())
