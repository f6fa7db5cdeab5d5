"""The inference API on localaws beside a plain Flask proxy in front of the same endpoint.

    python -m benchmarks.inference_api
    python -m benchmarks.inference_api --calls 1000 --connections 4

Three ways to one endpoint of localaws: InvokeEndpoint itself, a Flask application that passes a row on with
boto3, and the API of this project (API Gateway, which checks the signature, and the function infer). They
take turns, round by round. What a way takes longer than InvokeEndpoint is its overhead.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import yaml
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from benchmarks.batch_transform import ACCOUNT, BUCKET, REGION, TRUST, Account, localaws
from benchmarks.command import make_parser, report
from benchmarks.measure import BenchmarkError, about, machine, markdown, versions
from benchmarks.serving.stacks import free_port
from benchmarks.serving.trained_models import ROOT, csv_of, expected, make_models, sample_rows
from landing_zone.sources import package

PREFIX, RUN_ID = "ml-core-development", "benchmark"
ENDPOINT = f"{PREFIX}-housing"
DIRECT, FLASK, API = "InvokeEndpoint", "Flask proxy", "API + Lambda"
TOLERANCE = 1e-6
WARM_UP_CALLS = 20
# The plainest proxy that passes a row on. gunicorn keeps its connections open, as API Gateway does.
PROXY = """
import os
import boto3
from flask import Flask, Response, request

app = Flask(__name__)
runtime = boto3.client("sagemaker-runtime")

@app.post("/")
def predict():
    answer = runtime.invoke_endpoint(
        EndpointName=os.environ["ENDPOINT"], Body=request.get_data(),
        ContentType="text/csv", Accept="text/csv",
    )
    return Response(answer["Body"].read(), content_type="text/csv")
"""


@dataclass(frozen=True)
class Way:
    """A request that is sent again and again; it is signed once, so that only the server is measured."""

    name: str
    url: str
    body: bytes
    headers: Mapping[str, str]

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)

    def send(self, connection: http.client.HTTPConnection) -> tuple[Mapping[str, str], bytes]:
        """The headers and the body of the answer."""
        connection.request("POST", urlsplit(self.url).path, self.body, dict(self.headers))
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise BenchmarkError(f"{self.name} answered {answer.status}: {content[:300]!r}")
        return dict(answer.headers.items()), content

    def measure(self, calls: int) -> list[float]:
        """The milliseconds of each of so many calls, one after the other on one connection."""
        found = []
        connection = self.connect()
        try:
            for _ in range(calls):
                began = time.perf_counter()
                self.send(connection)
                found.append((time.perf_counter() - began) * 1000)
        finally:
            connection.close()
        return found


def signed(name: str, url: str, body: bytes, kind: str, service: str) -> Way:
    request = AWSRequest("POST", url, data=body, headers={"Content-Type": kind, "Accept": kind})
    SigV4Auth(Credentials("test", "test"), service, REGION).add_auth(request)
    return Way(name, url, body, dict(request.headers.items()))


class Landing:
    """What a run and Terraform leave: an endpoint, its use case in S3, the function and the API."""

    def __init__(self, account: Account, url: str) -> None:
        self.account = account
        self.url = url
        session = boto3.Session("test", "test", region_name=REGION)
        self._lambda = session.client("lambda", endpoint_url=url)
        self._gateway = session.client("apigatewayv2", endpoint_url=url)
        iam = session.client("iam", endpoint_url=url)
        trust = json.loads(json.dumps(TRUST).replace("sagemaker.", "lambda."))
        role = iam.create_role(RoleName="infer", AssumeRolePolicyDocument=json.dumps(trust))
        self._role = role["Role"]["Arn"]

    def serve(self, model: str) -> None:
        """An endpoint with the tags that plan_deployment gives it."""
        sagemaker = self.account.sagemaker
        use_case = yaml.safe_load((ROOT / "config/use_cases/housing.yaml").read_text())
        self.account.s3.put_object(
            Bucket=BUCKET, Key=f"{RUN_ID}/config/use_case.json", Body=json.dumps(use_case)
        )
        variant = {
            "VariantName": "AllTraffic", "ModelName": model, "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1, "ContainerStartupHealthCheckTimeoutInSeconds": 600,
        }  # fmt: skip
        tags = {"RunId": RUN_ID, "UseCase": "housing", "ModelVersion": "1"}
        sagemaker.create_endpoint_config(
            EndpointConfigName=ENDPOINT,
            ProductionVariants=[variant],
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
        sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=ENDPOINT)
        sagemaker.get_waiter("endpoint_in_service").wait(
            EndpointName=ENDPOINT, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
        )

    def create_api(self) -> str:
        """The API of infra/modules/inference_api with IAM authorization; its URL."""
        function = self._lambda.create_function(
            FunctionName="infer", Role=self._role, Runtime="python3.13", Handler="handler.handler",
            Timeout=29, MemorySize=512,
            Code={"ZipFile": package.zip_bytes(package.function_files(ROOT, "infer"))},
            Environment={"Variables": {"PREFIX": PREFIX, "WORKFLOW_BUCKET": BUCKET}},
        )["FunctionArn"]  # fmt: skip
        api = self._gateway.create_api(Name="inference-api", ProtocolType="HTTP")
        integration = self._gateway.create_integration(
            ApiId=api["ApiId"], IntegrationType="AWS_PROXY", IntegrationUri=function,
            PayloadFormatVersion="2.0", TimeoutInMillis=30000,
        )  # fmt: skip
        self._gateway.create_route(
            ApiId=api["ApiId"], RouteKey="POST /predict/{use_case}", AuthorizationType="AWS_IAM",
            Target=f"integrations/{integration['IntegrationId']}",
        )  # fmt: skip
        self._gateway.create_stage(
            ApiId=api["ApiId"], StageName="v1", AutoDeploy=True,
            DefaultRouteSettings={"ThrottlingBurstLimit": 5000, "ThrottlingRateLimit": 10000.0},
        )  # fmt: skip
        self._lambda.add_permission(
            FunctionName="infer", StatementId="api", Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api['ApiId']}/*",
        )  # fmt: skip
        return f"{api['ApiEndpoint']}/v1"


@contextlib.contextmanager
def flask_proxy(url: str, folder: Path, threads: int) -> Iterator[str]:
    """The proxy behind gunicorn, with a thread for each connection."""
    (folder / "proxy.py").write_text(PROXY)
    port = free_port()
    environment = {
        **os.environ, "AWS_ENDPOINT_URL": url, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "ENDPOINT": ENDPOINT,
    }  # fmt: skip
    command = [
        sys.executable, "-m", "gunicorn", "--no-control-socket", "--bind", f"127.0.0.1:{port}",
        "--worker-class", "gthread", "--threads", str(threads), "--keep-alive", "60",
        "--log-level", "error", "proxy:app",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=folder, env=environment)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                http.client.HTTPConnection("127.0.0.1", port).connect()
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait()


def check(ways: list[Way], wanted: float) -> None:
    """Every way has the same prediction as scikit-learn."""
    for way in ways:
        connection = way.connect()
        _, content = way.send(connection)
        connection.close()
        found = (
            json.loads(content)["predictions"][0] if way.name == API else float(content.decode())
        )
        value = found["value"] if isinstance(found, dict) else found
        if not abs(value - wanted) <= TOLERANCE * max(1.0, abs(wanted)):
            raise BenchmarkError(f"{way.name} predicts {value}, expected {wanted}")


def percentile(values: list[float], share: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


def rounds(ways: list[Way], repeats: int, calls: int, connections: int) -> dict[str, Any]:
    """The percentiles of each way in each round, and the medians of the rounds."""
    found: dict[str, list[tuple[float, float]]] = {way.name: [] for way in ways}
    with ThreadPoolExecutor(connections) as threads:
        for number in range(repeats + 1):
            for way in ways:
                # The first round is the warm-up: it starts the function's processes.
                amount = calls // connections if number else WARM_UP_CALLS
                parts = list(threads.map(way.measure, [amount] * connections))
                values = [value for part in parts for value in part]
                if number:
                    found[way.name].append((percentile(values, 50), percentile(values, 99)))
    medians = {
        name: {
            "p50_ms": round(statistics.median(p50 for p50, _ in values), 2),
            "p99_ms": round(statistics.median(p99 for _, p99 in values), 2),
        }
        for name, values in found.items()
    }
    return {"rounds": found, "median": medians}


def benchmark(repeats: int, calls: int, connections: list[int], folder: Path) -> dict[str, Any]:
    box = machine()
    model = make_models(folder)["linear"]
    [row] = rows = sample_rows(model, 1)
    wanted = expected(model, rows)[0]
    found: dict[str, Any] = {}
    with localaws(folder / "localaws") as account:
        url = account.s3.meta.endpoint_url
        landing = Landing(account, url)
        landing.serve(account.create_model(model))
        api = landing.create_api()
        with flask_proxy(url, folder, max(connections)) as proxy:
            body = csv_of(rows)
            csv = {"Content-Type": "text/csv", "Accept": "text/csv"}
            asked = json.dumps({"instances": [row]}).encode()
            invocations = f"{url}/endpoints/{ENDPOINT}/invocations"
            ways = [
                signed(DIRECT, invocations, body, "text/csv", "sagemaker"),
                Way(FLASK, proxy, body, csv),
                signed(API, f"{api}/predict/housing", asked, "application/json", "execute-api"),
            ]
            check(ways, wanted)
            for number in connections:
                found[str(number)] = rounds(ways, repeats, calls, number)
                print(f"{number} connection(s) done", file=sys.stderr, flush=True)
    return {
        "benchmark": "inference_api",
        "calls": calls,
        "repeats": repeats,
        "machine": box,
        "versions": versions("flask", "gunicorn", "boto3"),
        "connections": found,
    }


def table(result: dict[str, Any]) -> str:
    header = [
        "way", "connections", "p50 ms", "p99 ms", "overhead p50 ms", "overhead p99 ms", "p50 ratio",
        "p99 ratio",
    ]  # fmt: skip
    lines = []
    for number, found in result["connections"].items():
        medians = found["median"]
        base, flask = medians[DIRECT], medians[FLASK]
        for name, value in medians.items():
            over = [f"{value[key] - base[key]:.1f}" for key in ("p50_ms", "p99_ms")]
            ratios = [f"{value[key] / flask[key]:.1f}x" for key in ("p50_ms", "p99_ms")]
            own = [f"{value['p50_ms']:.1f}", f"{value['p99_ms']:.1f}"]
            lines.append([name, number, *own, *(["-"] * 2 if name == DIRECT else over), *ratios])
    text = (
        "The ratios are to the Flask proxy. Checked: all three answer with scikit-learn's prediction. The "
        f"median of {result['repeats']} rounds in turn, {result['calls']:,} calls each."
    )
    return "\n".join([markdown(header, lines), "", text, f"({about(result)})"])


def main() -> int:
    parser = make_parser(__doc__, repeats=5)
    parser.add_argument("--calls", type=int, default=400, help="of each way in a round (400)")
    parser.add_argument(
        "--connections", type=int, nargs="+", default=[1, 4], help="that call at once (1 and 4)"
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = benchmark(args.repeats, args.calls, args.connections, Path(folder))
    return report(args, result, table(result), [])


if __name__ == "__main__":
    sys.exit(main())
