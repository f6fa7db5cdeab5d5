"""The inference API on localaws: the shipped module, functions and container, called by real clients.

One deployment serves all tests: an API with IAM authorization and a probe, and one with tokens. The last two
tests remove the endpoint and the rest, in this order.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pandas as pd
import pytest
import yaml

from landing_zone.api.session import ApiSession, Response
from landing_zone.sources import package
from localaws.core.jwt import SigningKey
from localaws.testing import REGION, LocalAws, running
from ml.config.use_case import parse_use_case
from ml.export.onnx_export import export_model
from ml.model.artifact import save_model
from ml.model.estimators import make_estimator
from ml.model.features import build_pipeline, fit
from ml.model.lineage import library_versions
from server.sagemaker.client import ACCOUNT, OWN_IMAGE, SageMaker, tar_gz
from tests.local.landing import wait_until
from tests.terraform.runner import Terraform, configured

ROOT = Path(__file__).parents[2]
PREFIX = "ml-core-development"
ENDPOINT = f"{PREFIX}-iris"
RUN_ID = "0f6a7c9e-3a64-4f0e-9d58-2f1f4f0a9b11"
# A minute is ten seconds. Not faster: a serving process has four minutes to start on a busy machine.
SCALE = 6
ROW = "5.1,3.5,1.4,0.2"
AUDIENCE = "predictions"
PAGE = (ROOT / "docs/api.md").read_text()
CONFIGURATION = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {}

variable "of_both" {
  type = object({ bucket = string, key = string, packages = string, topic = string })
}

variable "issuer" {
  type = string
}

locals {
  account = { id = "%(account)s", partition = "aws", region = "%(region)s" }
  bucket  = { name = var.of_both.bucket, arn = "arn:aws:s3:::${var.of_both.bucket}" }
  logs    = { kms_key_arn = var.of_both.key, retention_days = 1 }
}

module "iam" {
  source = "./modules/inference_api"

  account         = local.account
  alarm_topic_arn = var.of_both.topic
  kms_key_arn     = var.of_both.key
  logs            = local.logs
  package_dir     = var.of_both.packages
  prefix          = "%(prefix)s"
  probe           = { period_seconds = 60, rows = { iris = ["%(row)s"] }, schedule = "rate(1 minute)" }
  workflow_bucket = local.bucket
}

module "jwt" {
  source = "./modules/inference_api"

  account         = local.account
  alarm_topic_arn = var.of_both.topic
  api             = {
    authorization = "JWT"
    jwt           = { issuer = var.issuer, audience = ["%(audience)s"] }
    throttling    = { rate = 1, burst = 3 }
  }
  kms_key_arn     = var.of_both.key
  logs            = local.logs
  package_dir     = var.of_both.packages
  prefix          = "%(prefix)s-jwt"
  workflow_bucket = local.bucket
}

output "iam" {
  value = module.iam.url
}

output "jwt" {
  value = module.jwt.url
}
"""


class Issuer:
    """An issuer of tokens on this machine."""

    def __init__(self) -> None:
        self.key = SigningKey()
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                documents = {
                    "/.well-known/openid-configuration": {"jwks_uri": f"{issuer.url}/keys"},
                    "/keys": {"keys": [issuer.key.jwk]},
                }
                body = json.dumps(documents[self.path]).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))

    def token(self, key: SigningKey | None = None, **claims: Any) -> str:
        # The clock of localaws is ahead of this one.
        week = 7 * 24 * 3600
        usual = {"iss": self.url, "aud": AUDIENCE, "sub": "caller", "exp": time.time() + week}
        return (key or self.key).sign({**usual, **claims})


@dataclass
class Deployed:
    localaws: LocalAws
    sagemaker: SageMaker
    issuer: Issuer
    terraform: Terraform
    iam_url: str
    jwt_url: str

    def post(self, body: Any, path: str = "/predict/iris", **headers: str) -> Response:
        """A signed request."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": "application/json", **headers}
        with ApiSession(boto3.Session("test", "test").get_credentials(), REGION) as session:
            return session.send("POST", f"{self.iam_url}{path}", content, given)

    def with_token(self, token: str) -> Response:
        """A request to the API with tokens, whose limits are low."""
        with ApiSession(None, REGION, token=token) as session:
            return session.send("GET", f"{self.jwt_url}/health")

    @property
    def environment(self) -> dict[str, str]:
        """What a person sets who follows docs/api.md."""
        return {
            **self.localaws.environment,
            "SERVICE": "ml-core",
            "USE_CASE": "iris",
            "API": self.iam_url,
        }

    def alarm(self, name: str) -> str:
        found = self.localaws.client("cloudwatch").describe_alarms(AlarmNames=[name])
        return str(found["MetricAlarms"][0]["StateValue"])


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    made.thread.start()
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("inference_api")
    options = ("--time-scale", str(SCALE), "--image", f"*={ROOT / 'workflow/container'}")
    with running(folder / "localaws", *options) as localaws, ThreadPoolExecutor() as threads:
        sagemaker = SageMaker(localaws)
        endpoint = threads.submit(serve_iris, sagemaker, folder)
        with applied_modules(localaws, folder, issuer) as terraform:
            endpoint.result()
            urls = {name: value["value"] for name, value in terraform.output().items()}
            localaws.client("ssm").put_parameter(
                Name="/ml-core/development/inference_api_url", Type="String", Value=urls["iam"]
            )
            made = Deployed(localaws, sagemaker, issuer, terraform, urls["iam"], urls["jwt"])
            # Each function starts once before the tests.
            wait_until("a prediction", lambda: made.post({"context": ROW}).status == 200)
            wait_until("a token is accepted", lambda: made.with_token(issuer.token()).status == 200)
            yield made


def serve_iris(sagemaker: SageMaker, folder: Path) -> None:
    """What a run leaves: the use case in S3, a registered model, an endpoint with its tags."""
    document = yaml.safe_load((ROOT / "config/use_cases/iris.yaml").read_text())
    use_case = parse_use_case(document)
    frame = pd.read_csv(ROOT / "sample-files/iris.csv")
    model = folder / "model"
    model.mkdir()
    estimator = make_estimator("LogisticRegression", use_case.task, {"max_iter": 200}, 1)
    pipeline = fit(build_pipeline(use_case, estimator), frame, use_case)
    card = {
        "estimator": "LogisticRegression",
        "lineage": {"libraries": library_versions()},
        "serving": export_model(model, pipeline, frame, use_case),
    }
    save_model(model, pipeline, card, use_case, ROOT / "workflow")
    archive = tar_gz({path.name: path.read_bytes() for path in model.iterdir() if path.is_file()})
    sagemaker.put(f"{RUN_ID}/config/use_case.json", json.dumps(document))
    url = sagemaker.put(f"{RUN_ID}/model.tar.gz", archive)
    api = sagemaker.api
    api.create_model_package_group(ModelPackageGroupName=ENDPOINT)
    api.create_model(
        ModelName="iris",
        ExecutionRoleArn=sagemaker.role,
        PrimaryContainer={"Image": OWN_IMAGE, "ModelDataUrl": url},
    )
    api.create_endpoint_config(
        EndpointConfigName=f"{ENDPOINT}-3-abc",
        ProductionVariants=[
            {
                "VariantName": "AllTraffic",
                "ModelName": "iris",
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
            }
        ],
        Tags=[
            {"Key": "RunId", "Value": RUN_ID},
            {"Key": "UseCase", "Value": "iris"},
            {"Key": "ModelVersion", "Value": "3"},
        ],
    )
    api.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=f"{ENDPOINT}-3-abc")
    assert sagemaker.endpoint_settled(ENDPOINT)["EndpointStatus"] == "InService"


@contextlib.contextmanager
def applied_modules(localaws: LocalAws, folder: Path, issuer: Issuer) -> Iterator[Terraform]:
    packages = folder / "packages"
    packages.mkdir()
    for name in ("infer", "probe"):
        content = package.zip_bytes(package.function_files(ROOT, name))
        (packages / f"{name}.zip").write_bytes(content)
    topic = localaws.client("sns").create_topic(Name="alarms")["TopicArn"]
    key = localaws.client("kms").create_key()["KeyMetadata"]["Arn"]
    of_both = {
        "bucket": "sagemaker-tests",
        "key": key,
        "packages": str(packages),
        "topic": topic,
    }
    root = folder / "root"
    for module in ("function", "inference_api"):
        shutil.copytree(ROOT / "infra/modules" / module, root / "modules" / module)
    values = {"account": ACCOUNT, "region": REGION, "prefix": PREFIX}
    configuration = CONFIGURATION % {**values, "row": ROW, "audience": AUDIENCE}
    variables = {"TF_VAR_of_both": json.dumps(of_both), "TF_VAR_issuer": issuer.url}
    with configured(root, configuration, localaws.environment, **variables) as terraform:
        terraform.run("apply", auto_approve=True, input=False)
        yield terraform


def message_of(response: Response) -> str:
    return str(json.loads(response.body)["message"])


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"context": ROW}, {}),
        ({"instances": [[5.1, 3.5, 1.4, 0.2]]}, {}),
        (
            {
                "instances": [
                    {
                        "petal_width": 0.2,
                        "petal_length": 1.4,
                        "sepal_length": 5.1,
                        "sepal_width": 3.5,
                    }
                ]
            },
            {},
        ),
        (ROW.encode(), {"Content-Type": "text/csv"}),
    ],
    ids=["context", "instances", "objects", "csv"],
)
def test_a_prediction(deployed: Deployed, body: Any, headers: dict[str, str]) -> None:
    response = deployed.post(body, **headers)

    assert response.status == 200, response.body
    answer = json.loads(response.body)
    [prediction] = answer.pop("predictions")
    assert prediction["label"] == "setosa"
    inference_id = answer.pop("inference_id")
    assert inference_id == response.headers["x-inference-id"]
    assert answer == {"model_version": "3", "variant": "AllTraffic", "endpoint": ENDPOINT}


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        (b'{"context": ', "body", "as JSON"),
        ({"contxt": ROW}, "body", "contxt"),
        ({"context": "5.1,3.5,99,0.2"}, "petal_length", "found '99', expected a number from 0.1"),
        ({"instances": [["big", 3.5, 1.4, 0.2]]}, "sepal_length", "found 'big', expected a number"),
    ],
)
def test_a_wrong_row_is_refused_with_its_field(
    deployed: Deployed, body: Any, field: str, said: str
) -> None:
    response = deployed.post(body)

    assert response.status == 400
    assert said in message_of(response)
    assert [problem["field"] for problem in json.loads(response.body)["problems"]] == [field]


def test_what_the_api_describes_and_what_it_does_not_know(deployed: Deployed) -> None:
    with ApiSession(boto3.Session("test", "test").get_credentials(), REGION) as session:
        model = json.loads(session.send("GET", f"{deployed.iam_url}/models/iris").body)
        health = session.send("GET", f"{deployed.iam_url}/health")

    assert (model["model_version"], model["predicts"]) == ("3", "variety")
    assert model["features"][0]["name"] == "sepal_length"
    assert health.status == 200
    unknown = deployed.post({"context": ROW}, "/predict/unknown")
    assert (unknown.status, message_of(unknown)) == (
        404,
        "use_case: found 'unknown', which is not known",
    )
    # iris exists, and is not deployed to dev.
    assert deployed.post({"context": ROW}, "/predict/iris/dev").status == 504
    assert deployed.post({"context": ROW}, "/deploy").status == 404
    too_many = deployed.post({"context": f"{ROW}\n" * 1001})
    assert (too_many.status, message_of(too_many)[:32]) == (413, "body: found 1001 rows; allowed: ")


def test_requests_without_a_right_signature_are_refused(deployed: Deployed) -> None:
    url = f"{deployed.iam_url}/predict/iris"
    with ApiSession(None, REGION, token="x") as session:
        unsigned = session.send("POST", url, b"{}")
    with ApiSession(boto3.Session("test", "other").get_credentials(), REGION) as session:
        other = session.send("POST", url)

    assert (unsigned.status, other.status) == (403, 403)


def test_tokens_are_accepted_and_refused(deployed: Deployed) -> None:
    issuer = deployed.issuer
    refused = {
        "no token": "x",
        "audience": issuer.token(aud="others"),
        "issuer": issuer.token(iss="https://login.example.com"),
        "expired": issuer.token(exp=time.time() - 60),
        "forged": issuer.token(SigningKey()),
    }

    assert {name: settled(deployed, token) for name, token in refused.items()} == (
        dict.fromkeys(refused, 401)
    )
    assert settled(deployed, issuer.token()) == 200


def settled(deployed: Deployed, token: str) -> int:
    """The status of a request, repeated while the limits of the API refuse it."""
    found = wait_until(
        "no limit", lambda: [s for s in [deployed.with_token(token).status] if s != 429]
    )
    return int(found[0])


def test_too_many_requests_are_refused(deployed: Deployed) -> None:
    token = deployed.issuer.token()

    def at_once(threads: ThreadPoolExecutor) -> list[Response]:
        return list(threads.map(lambda _: deployed.with_token(token), range(8)))

    # The burst is three requests.
    with ThreadPoolExecutor(8) as threads:
        refused = wait_until(
            "a limit", lambda: [found for found in at_once(threads) if found.status == 429]
        )
    assert message_of(refused[0]) == "Too Many Requests"
    assert settled(deployed, token) == 200


def example(language: str, beginning: str) -> str:
    """An example of docs/api.md."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    [found] = [block for block in blocks if block.startswith(beginning)]
    return str(found)


def run(deployed: Deployed, *command: str) -> str:
    done = subprocess.run(
        command, cwd=ROOT, env={**deployed.environment, "NO_COLOR": "1"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_example_for_curl(deployed: Deployed) -> None:
    answer = json.loads(run(deployed, "bash", "-c", example("sh", "curl")))

    assert answer["predictions"][0]["label"] == "setosa"


def test_the_example_for_python(deployed: Deployed) -> None:
    assert "setosa" in run(deployed, sys.executable, "-c", example("python", "import"))


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")
def test_the_example_for_javascript(deployed: Deployed) -> None:
    assert "setosa" in run(deployed, "node", "-e", example("javascript", "const"))


def test_the_scripts_call_the_api(deployed: Deployed, tmp_path: Path) -> None:
    output = run(deployed, sys.executable, "deployment-scripts/predict.py", ROW, "6.7,3.0,5.2,2.3")
    assert re.findall(r"^predicted (\w+) .*model version 3", output, re.MULTILINE) == [
        "setosa",
        "virginica",
    ]
    load = (
        "--api",
        "--rate",
        "20",
        "--seconds",
        "1",
        "--connections",
        "2",
        "--max-error-rate",
        "0",
    )
    run(
        deployed,
        sys.executable,
        "deployment-scripts/stress_test.py",
        "--output",
        str(tmp_path),
        *load,
    )
    results = json.loads((tmp_path / "results.json").read_text())
    assert [(found["name"], found["count"]) for found in results["variants"]] == [
        ("AllTraffic", 20)
    ]


def test_an_endpoint_that_is_gone(deployed: Deployed) -> None:
    """The callers hear it without details, and the probe raises its alarm."""
    alarm = f"{PREFIX}-probe-iris"
    wait_until("the probe succeeds", lambda: deployed.alarm(alarm) == "OK")

    deployed.sagemaker.api.delete_endpoint(EndpointName=ENDPOINT)
    wait_until("it is gone", lambda: deployed.post({"context": ROW}).status == 504)

    response = deployed.post({"context": ROW})
    assert message_of(response) in {
        "The model does not answer. Try again later.",
        "The model of iris is not in service. Try again later.",
    }
    assert set(json.loads(response.body)) == {"message", "request_id"}
    wait_until("the alarm", lambda: deployed.alarm(alarm) == "ALARM")
    log = access_log(deployed)
    assert {line["status"] for line in log} >= {"200", "504"}
    assert not [line for line in log if ROW in json.dumps(line)]


def access_log(deployed: Deployed) -> list[dict[str, str]]:
    logs = deployed.localaws.client("logs")
    group = f"/aws/apigateway/{PREFIX}-inference-api"
    events = logs.filter_log_events(logGroupName=group)["events"]
    return [json.loads(event["message"]) for event in events]


def test_a_second_apply_changes_nothing_and_destroy_leaves_nothing(deployed: Deployed) -> None:
    assert "No changes." in deployed.terraform.run("plan", detailed_exitcode=True, input=False)
    deployed.terraform.run("destroy", auto_approve=True, input=False)

    client = deployed.localaws.client
    left = {
        "apis": client("apigatewayv2").get_apis()["Items"],
        "functions": client("lambda").list_functions()["Functions"],
        "schedules": client("scheduler").list_schedules()["Schedules"],
        "alarms": client("cloudwatch").describe_alarms()["MetricAlarms"],
        "logs": [
            group["logGroupName"]
            for group in client("logs").describe_log_groups()["logGroups"]
            if PREFIX in group["logGroupName"] and "/aws/sagemaker/" not in group["logGroupName"]
        ],
    }
    assert {kind: found for kind, found in left.items() if found} == {}
