"""A landing zone on a localaws of its own, for the tests of the main job: its scripts and its clients."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import psutil

from landing_zone.commands.local import LocalAws
from landing_zone.core.s3 import split_uri
from landing_zone.core.settings import ROOT
from localaws.services.iam import cli as iam
from localaws.services.iam.ledger import Entry
from localaws.services.iam.recording import Recording, normalized
from localaws.services.iam.reports import describe

SCRIPTS = ROOT / "deployment-scripts"
PIPELINE = "ml-core-development-ml-pipeline"


@dataclass
class Landing:
    """A localaws, and how to run a script against it."""

    environment: dict[str, str]
    state_dir: Path
    clients: dict[str, Any] = field(default_factory=dict)

    def script(
        self, name: str, *arguments: str, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a script of deployment-scripts/ with further settings."""
        program = "bash" if name.endswith(".sh") else sys.executable
        return subprocess.run(
            [program, str(SCRIPTS / name), *arguments],
            cwd=ROOT, env={**self.environment, **settings}, capture_output=True, text=True,
            check=False, stdin=subprocess.DEVNULL, timeout=300,
        )  # fmt: skip

    def succeed(self, name: str, *arguments: str, **settings: str) -> str:
        """Run a script that must succeed; return its output."""
        done = self.script(name, *arguments, **settings)
        assert done.returncode == 0, f"{name} {arguments}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def client(self, service: str) -> Any:
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service,
                endpoint_url=self.environment["AWS_ENDPOINT_URL"],
                region_name="eu-west-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
        return self.clients[service]

    def status(self, run_id: str) -> str:
        answer = self.client("codepipeline").get_pipeline_execution(
            pipelineName=PIPELINE, pipelineExecutionId=run_id
        )
        return str(answer["pipelineExecution"]["status"])

    def tries(self, run_id: str) -> list[dict[str, Any]]:
        """Every attempt at every action of a run, oldest first."""
        answer = self.client("codepipeline").list_action_executions(
            pipelineName=PIPELINE, filter={"pipelineExecutionId": run_id}
        )
        return sorted(answer["actionExecutionDetails"], key=lambda item: item["startTime"])

    def executions(self) -> list[dict[str, Any]]:
        answer = self.client("codepipeline").list_pipeline_executions(pipelineName=PIPELINE)
        return list(answer["pipelineExecutionSummaries"])

    def image_of_the_last_model(self) -> str:
        """The image that serves the newest model."""
        sagemaker = self.client("sagemaker")
        newest = sagemaker.list_models(SortBy="CreationTime", SortOrder="Descending")["Models"][0]
        return str(
            sagemaker.describe_model(ModelName=newest["ModelName"])["PrimaryContainer"]["Image"]
        )

    def read(self, uri: str) -> bytes:
        """An object in S3."""
        bucket, key = split_uri(uri)
        return bytes(self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())

    @property
    def pid(self) -> int:
        return int(LocalAws(self.environment).status()["pid"])


def wait_until(what: str, condition: Callable[[], Any], seconds: float = 90) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {seconds} s")


def run_id_in(output: str) -> str:
    found = re.search(r"\brun ([0-9a-f]{8}-[0-9a-f-]{27})\b", output)
    assert found, output
    return found[1]


def code_versions_in(document: Any) -> list[str]:
    """Every code_version at any depth."""
    if isinstance(document, list):
        return [version for item in document for version in code_versions_in(item)]
    if not isinstance(document, dict):
        return []
    own = [document["code_version"]] if "code_version" in document else []
    return own + code_versions_in(list(document.values()))


def card_of(archive: bytes) -> Any:
    """model.json in a model.tar.gz."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        name = next(name for name in tar.getnames() if name.endswith("model.json"))
        card = tar.extractfile(name)
        assert card is not None
        return json.load(card)


def denied(landing: Landing) -> list[str]:
    """What IAM has denied since the start, and the operations whose permissions localaws does not know."""
    ledger = iam.request(landing.environment["AWS_ENDPOINT_URL"], "ledger")
    entries = [Entry(**item) for item in ledger["entries"]]
    return [describe(entry) for entry in entries if not entry.allowed] + [
        f"unknown: {item}" for item in ledger["unknown"]
    ]


def recording(landing: Landing) -> Recording:
    """What IAM has decided since the start, with the policies as they are now."""
    found = iam.request(landing.environment["AWS_ENDPOINT_URL"], "recording")
    return normalized(Recording.read(found))


def left_over(landing: Landing) -> dict[str, list[Any]]:
    """What remains of everything that a deployment or a run makes, by kind."""
    listed = {
        "s3": landing.client("s3").list_buckets()["Buckets"],
        "iam": landing.client("iam").list_roles()["Roles"],
        "policies": landing.client("iam").list_policies(Scope="Local")["Policies"],
        "apis": landing.client("apigatewayv2").get_apis()["Items"],
        "lambda": landing.client("lambda").list_functions()["Functions"],
        "schedules": landing.client("scheduler").list_schedules()["Schedules"],
        "ssm": landing.client("ssm").describe_parameters()["Parameters"],
        "sns": landing.client("sns").list_topics()["Topics"],
        "rules": landing.client("events").list_rules()["Rules"],
        "alarms": landing.client("cloudwatch").describe_alarms()["MetricAlarms"],
        "logs": landing.client("logs").describe_log_groups()["logGroups"],
        "ecr": landing.client("ecr").describe_repositories()["repositories"],
        "pipelines": landing.client("codepipeline").list_pipelines()["pipelines"],
        "machines": landing.client("stepfunctions").list_state_machines()["stateMachines"],
        "models": landing.client("sagemaker").list_models()["Models"],
        "endpoints": landing.client("sagemaker").list_endpoints()["Endpoints"],
        "configs": landing.client("sagemaker").list_endpoint_configs()["EndpointConfigs"],
        "packages": landing.client("sagemaker").list_model_package_groups()[
            "ModelPackageGroupSummaryList"
        ],
        "aliases": [
            alias
            for alias in landing.client("kms").list_aliases()["Aliases"]
            if not alias["AliasName"].startswith("alias/aws/")
        ],
        # AWS deletes a key after a waiting time only; until then it is unusable.
        "keys": [
            key["KeyId"]
            for key in landing.client("kms").list_keys()["Keys"]
            if landing.client("kms").describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"]
            != "PendingDeletion"
        ],
    }
    # The role that has removed everything, and its policies, are there before and after.
    for kind, key in (("iam", "RoleName"), ("policies", "PolicyName")):
        listed[kind] = [item for item in listed[kind] if not item[key].startswith("deployer-")]
    return {name: found for name, found in listed.items() if found}


def waits_for(landing: Landing, run_id: str, approval: str) -> bool:
    state = landing.client("codepipeline").get_pipeline_state(name=PIPELINE)
    return any(
        action["actionName"] == approval and action.get("latestExecution", {}).get("token")
        for stage in state["stageStates"]
        if stage.get("latestExecution", {}).get("pipelineExecutionId") == run_id
        for action in stage["actionStates"]
    )


def job_process(landing: Landing, prefix: str) -> psutil.Process | None:
    """The process of a running job, found by the variable that SageMaker sets in its container."""
    for process in psutil.Process(landing.pid).children(recursive=True):
        try:
            # Before its own program runs, the process makes its private /opt/ml.
            has_begun = process.name().startswith("python")
            if has_begun and process.environ().get("TRAINING_JOB_NAME", "").startswith(prefix):
                return process
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return None


def is_alive(process: psutil.Process) -> bool:
    """Whether a process runs; one that has ended stays a zombie until its parent waits for it."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
