"""Images that were pushed to ECR run as jobs and endpoints of SageMaker."""

from __future__ import annotations

import json
import os

import pytest

from localaws.testing import LocalAws
from server.ecr.client import HOST, layer_tar, make_image
from server.ecr.python_image import python_layer
from server.sagemaker.client import BUCKET, SageMaker

JOB_USER = 10001
ACCOUNTS = {
    "etc/passwd": f"root:x:0:0::/root:/bin/sh\njob:x:{JOB_USER}:{JOB_USER}::/home/job:/bin/sh\n".encode(),
    "etc/group": f"root:x:0:\njob:x:{JOB_USER}:\nextra:x:77:job\n".encode(),
}
REPORT = b"""#!/usr/bin/python3
import json, os, sys, urllib.request

def answers():
    try:
        with urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/_localaws/health") as answer:
            return answer.status
    except (urllib.error.URLError, KeyError) as error:
        return type(error).__name__

os.makedirs("/opt/ml/processing/output", exist_ok=True)
with open("/opt/ml/processing/output/report.json", "w") as file:
    json.dump({
        "uid": os.getuid(), "gid": os.getgid(), "groups": sorted(os.getgroups()), "cwd": os.getcwd(),
        "variables": dict(os.environ), "argv": sys.argv, "data": sorted(os.listdir("/data")),
        "hidden": sorted(os.listdir("/hidden")), "root": sorted(os.listdir("/")), "localaws": answers(),
    }, file)
if os.getuid() == 0:
    open("/written", "w").close()
"""
TRAIN = b"""#!/usr/bin/python3
import json
with open("/opt/ml/input/config/hyperparameters.json") as source:
    parameters = json.load(source)
with open("/opt/ml/model/model.json", "w") as file:
    json.dump(parameters, file)
print("trained")
"""
SERVE = b"""#!/usr/bin/python3
import http.server, json, os
with open("/opt/ml/model/model.json") as file:
    model = file.read()

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.reply(b"")

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.reply(json.dumps({"model": json.loads(model), "uid": os.getuid(), "version": VERSION}).encode())

    def reply(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

port = int(os.environ["SAGEMAKER_BIND_TO_PORT"])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""
is_root = pytest.mark.skipif(os.geteuid() != 0, reason="another user needs root")


def program_layer(version):
    return layer_tar(
        {
            "bin/report": REPORT, "bin/train": TRAIN,
            "bin/serve": SERVE.replace(b"VERSION", repr(version).encode()),
        }
    )  # fmt: skip


def image(version="1", **config):
    """Python, two layers of files, of which the second one hides some of the first, and the programs."""
    lower = layer_tar({"data/old": b"", "data/kept": b"", "hidden/below": b"", **ACCOUNTS})
    upper = layer_tar({"data/.wh.old": b"", "hidden/.wh..wh..opq": b"", "hidden/above": b""})
    settings = {"User": "job", "Env": ["PATH=/bin:/usr/bin", "COLOR=blue"], "WorkingDir": "/work"}
    return make_image([python_layer(), lower, upper, program_layer(version)], **settings | config)


@pytest.fixture(scope="session")
def sagemaker(localaws: LocalAws) -> SageMaker:
    return SageMaker(localaws)


@pytest.fixture(scope="session")
def repository(registry):
    """A repository with the image as its tag 1."""
    name = registry.repository()
    assert registry.push(name, "1", image(Entrypoint=["/bin/report", "first"])).status == 201
    return name


def process(sagemaker, uri, application=(), **more):
    """Run a processing job of an image. Returns the description of the job, and its report."""
    name = sagemaker.name("pushed")
    request = sagemaker.processing_request(name, "x", **more)
    request["AppSpecification"] = {"ImageUri": uri, **dict(application)}
    request["ProcessingOutputConfig"] = {
        "Outputs": [
            {
                "OutputName": "report",
                "S3Output": {
                    "S3Uri": f"s3://{BUCKET}/{name}", "LocalPath": "/opt/ml/processing/output",
                    "S3UploadMode": "EndOfJob",
                },
            }
        ]
    }  # fmt: skip
    sagemaker.api.create_processing_job(**request)
    job = sagemaker.processing_ended(name)
    assert job["ProcessingJobStatus"] == "Completed", (job, sagemaker_lines(sagemaker, name))
    return json.loads(sagemaker.get(f"{name}/report.json"))


def sagemaker_lines(sagemaker, name):
    return sagemaker.lines("/aws/sagemaker/ProcessingJobs", name)


@is_root
def test_a_processing_job_is_the_image(sagemaker, repository):
    arguments = {"ContainerArguments": ["second"]}
    report = process(
        sagemaker, f"{HOST}/{repository}:1", arguments, Environment={"COLOR": "red", "SIZE": "1"}
    )

    assert report["argv"] == ["/bin/report", "first", "second"]
    assert (report["uid"], report["gid"]) == (JOB_USER, JOB_USER)
    assert report["groups"] == [77, JOB_USER]
    assert report["cwd"] == "/work"
    assert report["variables"]["COLOR"] == "red"
    assert report["variables"]["HOME"] == "/home/job"
    assert report["variables"]["PATH"] == "/bin:/usr/bin"
    # The container reaches localaws, although it runs as another user.
    assert report["localaws"] == 200


def test_layers_hide_files_below_and_stay_as_they_are(sagemaker, registry, repository):
    made = image(Entrypoint=["/bin/report"], User="")
    assert registry.push(repository, "root", made).status == 201

    first, second = (process(sagemaker, f"{HOST}/{repository}:root") for _ in range(2))

    assert first["data"] == ["kept"]
    assert first["hidden"] == ["above"]
    assert first["root"] == second["root"]
    assert not {".localaws", "written"} & set(second["root"])


def test_an_isolated_job_of_an_image_has_no_network(sagemaker, repository):
    isolated = {"NetworkConfig": {"EnableNetworkIsolation": True}}

    report = process(sagemaker, f"{HOST}/{repository}:1", **isolated)

    assert report["localaws"] == "KeyError"
    assert "AWS_ACCESS_KEY_ID" not in report["variables"]


def test_training_and_serving_by_tag_and_digest(sagemaker, registry, repository):
    uri = f"{HOST}/{repository}:1"
    name = sagemaker.name("training")
    algorithm = {
        "TrainingImage": uri,
        "TrainingInputMode": "File",
        "ContainerEntrypoint": ["train"],
    }
    request = sagemaker.training_request(name, AlgorithmSpecification=algorithm)
    sagemaker.api.create_training_job(**request, HyperParameters={"depth": "3"})
    job = sagemaker.training_ended(name)
    assert job["TrainingJobStatus"] == "Completed", job
    assert registry.push(repository, "serving", image()).status == 201
    serving = f"{HOST}/{repository}:serving"
    described = registry.ecr.describe_images(
        repositoryName=repository, imageIds=[{"imageTag": "serving"}]
    )
    digest = described["imageDetails"][0]["imageDigest"]

    for image_uri in (serving, f"{HOST}/{repository}@{digest}"):
        model = sagemaker.name("model")
        sagemaker.api.create_model(
            ModelName=model, ExecutionRoleArn=sagemaker.role,
            PrimaryContainer={
                "Image": image_uri, "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"],
            },
        )  # fmt: skip
        endpoint = sagemaker.endpoint(sagemaker.config(model))
        settled = sagemaker.endpoint_settled(endpoint)
        assert settled["EndpointStatus"] == "InService", settled
        answer = sagemaker.runtime.invoke_endpoint(EndpointName=endpoint, Body=b"x")["Body"].read()
        deployed = settled["ProductionVariants"][0]["DeployedImages"][0]

        assert json.loads(answer)["model"] == {"depth": "3"}
        if os.geteuid() == 0:
            assert json.loads(answer)["uid"] == JOB_USER
        assert deployed["SpecifiedImage"] == image_uri
        if image_uri == serving:
            assert deployed["ResolvedImage"] == f"{HOST}/{repository}@{digest}"


def test_an_image_without_the_program_fails_as_in_docker(sagemaker, repository):
    name = sagemaker.name("missing")
    request = sagemaker.processing_request(name)
    request["AppSpecification"] = {
        "ImageUri": f"{HOST}/{repository}:1", "ContainerEntrypoint": ["no-such-program"],
    }  # fmt: skip
    sagemaker.api.create_processing_job(**request)

    job = sagemaker.processing_ended(name)

    assert job["FailureReason"] == "AlgorithmError: , exit code: 127"
    assert sagemaker_lines(sagemaker, name) == [
        'exec: "no-such-program": executable file not found in $PATH'
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"User": "nobody-here"}, "unable to find user nobody-here"),
        ({"architecture": "mips"}, "is an image for linux/mips"),
    ],
)
def test_what_cannot_run_is_refused(sagemaker, registry, changes, reason):
    name, made = registry.repository(), image(**changes)
    if "architecture" in changes:
        made.config = made.config.replace(b'"architecture": "', b'"architecture": "mips", "x": "')
    registry.push(name, "1", made)

    job_name = sagemaker.name("refused")
    request = sagemaker.processing_request(job_name)
    request["AppSpecification"] = {
        "ImageUri": f"{HOST}/{name}:1", "ContainerEntrypoint": ["/bin/report"],
    }  # fmt: skip
    sagemaker.api.create_processing_job(**request)

    job = sagemaker.processing_ended(job_name)
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: ")
    assert reason in job["FailureReason"]
