"""Processing and training jobs: real processes with their own /opt/ml, seen through boto3."""

import io
import json
import tarfile
import time

import psutil
import pytest

from server.sagemaker.client import BUCKET, OWN_IMAGE, SCIKIT_LEARN_IMAGE

# The same script runs as a processing job and as a training job. It uses only paths under /opt/ml.
HARD_CODED = """
import json, pathlib
ml = pathlib.Path("/opt/ml")
places = (ml / "processing/input/data/rows.csv", ml / "input/data/train/rows.csv")
source = next(place for place in places if place.exists())
rows = source.read_text().splitlines()
is_training = (ml / "input/config/hyperparameters.json").exists()
target = ml / "model" if is_training else ml / "processing/output/out"
(target / "count.json").write_text(json.dumps({"rows": len(rows), "training": is_training}))
print("rows", len(rows))
"""


def s3_input(uri, path="/opt/ml/processing/input/data", name="data"):
    source = {"S3Uri": uri, "LocalPath": path, "S3DataType": "S3Prefix", "S3InputMode": "File"}
    return {"InputName": name, "S3Input": source}


def s3_output(uri, path="/opt/ml/processing/output/out", name="out"):
    target = {"S3Uri": uri, "LocalPath": path, "S3UploadMode": "EndOfJob"}
    return {"Outputs": [{"OutputName": name, "S3Output": target}]}


def channel(uri, name="train"):
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, "ContentType": "text/csv"}


def test_a_script_with_hard_coded_paths_is_a_processing_job_and_a_training_job(sagemaker):
    data = sagemaker.put("both/rows.csv", "1\n2\n3\n")
    code = sagemaker.put("both-code/script.py", HARD_CODED)
    processed = sagemaker.process(
        "python3", "/opt/ml/processing/input/code/script.py",
        ProcessingInputs=[
            s3_input(data), s3_input(code, "/opt/ml/processing/input/code", "code"),
        ],
        ProcessingOutputConfig=s3_output(f"s3://{BUCKET}/both-out"),
    )  # fmt: skip
    assert processed["ProcessingJobStatus"] == "Completed", processed
    assert json.loads(sagemaker.get("both-out/count.json")) == {"rows": 3, "training": False}

    trained = sagemaker.train(HARD_CODED, InputDataConfig=[channel(f"s3://{BUCKET}/both/")])
    assert trained["TrainingJobStatus"] == "Completed", trained.get("FailureReason")
    uri = trained["ModelArtifacts"]["S3ModelArtifacts"]
    assert uri == f"s3://{BUCKET}/training/{trained['TrainingJobName']}/output/model.tar.gz"
    archive = io.BytesIO(sagemaker.get(uri.partition(f"{BUCKET}/")[2]))
    with tarfile.open(fileobj=archive) as tar:
        assert tar.getnames() == ["count.json"]
        assert json.load(tar.extractfile("count.json")) == {"rows": 3, "training": True}
    log = sagemaker.lines("/aws/sagemaker/TrainingJobs", trained["TrainingJobName"])
    assert log == ["rows 3"]


def test_training_shows_its_steps(sagemaker):
    job = sagemaker.train("print('loss=0.25')", AlgorithmSpecification={
        "TrainingImage": SCIKIT_LEARN_IMAGE, "TrainingInputMode": "File",
        "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([0-9.]+)"}],
    })  # fmt: skip
    assert [step["Status"] for step in job["SecondaryStatusTransitions"]] == [
        "Starting", "Downloading", "Training", "Uploading", "Completed",
    ]  # fmt: skip
    assert all("EndTime" in step for step in job["SecondaryStatusTransitions"])
    assert job["SecondaryStatus"] == "Completed"
    assert job["TrainingTimeInSeconds"] >= 1
    assert [(m["MetricName"], m["Value"]) for m in job["FinalMetricDataList"]] == [("loss", 0.25)]


SHOW_ENVIRONMENT = """
import json, os, pathlib, sys
pathlib.Path("/opt/ml/model/seen.json").write_text(json.dumps({
    "argv": sys.argv, "cwd": os.getcwd(), "environment": dict(os.environ),
    "hyperparameters": json.load(open("/opt/ml/input/config/hyperparameters.json")),
    "channels": json.load(open("/opt/ml/input/config/inputdataconfig.json")),
    "resources": json.load(open("/opt/ml/input/config/resourceconfig.json")),
}))
"""


def test_script_mode_passes_arguments_and_variables(sagemaker, monkeypatch):
    data = sagemaker.put("mode/rows.csv", "1\n")
    job = sagemaker.train(
        SHOW_ENVIRONMENT,
        {"max_iter": "50", "rate": "0.1", "flag": "true", "name": '"quoted"', "free": "some text"},
        InputDataConfig=[channel(data)],
        Environment={"MINE": "yes"},
    )
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    with tarfile.open(
        fileobj=io.BytesIO(
            sagemaker.get(job["ModelArtifacts"]["S3ModelArtifacts"][len(f"s3://{BUCKET}/") :])
        )
    ) as tar:
        seen = json.load(tar.extractfile("seen.json"))
    assert seen["argv"] == [
        "train.py", "--flag", "True", "--free", "some text", "--max_iter", "50",
        "--name", "quoted", "--rate", "0.1",
    ]  # fmt: skip
    environment = seen["environment"]
    assert seen["cwd"] == "/opt/ml/code"
    assert environment["SM_CHANNEL_TRAIN"] == "/opt/ml/input/data/train"
    assert environment["SM_CHANNELS"] == '["train"]'
    assert environment["SM_MODEL_DIR"] == "/opt/ml/model"
    assert environment["SM_OUTPUT_DATA_DIR"] == "/opt/ml/output/data"
    assert environment["SM_HP_MAX_ITER"] == "50"
    assert json.loads(environment["SM_HPS"]) == {
        "max_iter": 50, "rate": 0.1, "flag": True, "name": "quoted", "free": "some text",
    }  # fmt: skip
    assert json.loads(environment["SM_TRAINING_ENV"])["job_name"] == job["TrainingJobName"]
    assert environment["TRAINING_JOB_NAME"] == job["TrainingJobName"]
    assert environment["TRAINING_JOB_ARN"] == job["TrainingJobArn"]
    assert environment["MINE"] == "yes"
    assert environment["AWS_ENDPOINT_URL"] == sagemaker.localaws.endpoint_url
    assert seen["hyperparameters"]["max_iter"] == "50"
    assert seen["channels"]["train"]["ContentType"] == "text/csv"
    assert seen["resources"]["hosts"] == ["algo-1"]
    # No variable of the shell that started the server.
    assert "PYTEST_CURRENT_TEST" not in environment
    assert not any(name.startswith(("UV_", "PIP_", "GIT_")) for name in environment)


EXITS = {
    "exit 0": ("exit 0", 0),
    "exit 1": ("exit 1", 1),
    "exit 255": ("exit 255", 255),
    "segmentation fault": ("kill -SEGV $$", 139),
    "killed": ("kill -KILL $$", 137),
    "out of memory": ("ulimit -v 200000; python3 -c 'bytearray(10**9)'", 1),
}


@pytest.mark.parametrize("case", EXITS)
def test_exit_matrix_of_processing(sagemaker, case):
    script, code = EXITS[case]
    job = sagemaker.process("sh", "-c", script)
    if code == 0:
        assert job["ProcessingJobStatus"] == "Completed"
        assert "FailureReason" not in job
    else:
        assert job["ProcessingJobStatus"] == "Failed"
        assert job["FailureReason"] == f"AlgorithmError: , exit code: {code}"


def test_missing_entry_point_is_exit_code_127(sagemaker):
    job = sagemaker.process("/opt/ml/processing/input/no-such-program")
    assert job["FailureReason"] == "AlgorithmError: , exit code: 127"


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("raise SystemExit(3)", 3),
        ("import os; os.kill(os.getpid(), 11)", 139),
        ("import os; os.kill(os.getpid(), 9)", 137),
    ],
)
def test_exit_matrix_of_training(sagemaker, script, code):
    job = sagemaker.train(script)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Failed", "Failed")
    assert job["FailureReason"].startswith("AlgorithmError: ExecuteUserScriptError:\nExitCode ")
    assert job["FailureReason"].endswith(f", exit code: {code}")


def test_an_uncaught_exception_is_in_the_failure_reason(sagemaker):
    job = sagemaker.train("raise ValueError('target has 3 empty rows')")
    assert "ValueError: target has 3 empty rows" in job["FailureReason"]
    assert job["FailureReason"].endswith(", exit code: 1")


def test_the_first_1024_characters_of_the_failure_file(sagemaker):
    script = """
import sys
open("/opt/ml/output/failure", "w", encoding="utf-8").write("first line\\n" + "\\u00e4" * 5000)
sys.exit(1)
"""
    reason = sagemaker.train(script)["FailureReason"]
    assert len(reason) == 1024
    assert reason.startswith("AlgorithmError: first line\n\u00e4\u00e4\u00e4")
    assert reason.endswith("\u00e4, exit code: 1")


def test_the_first_kilobyte_of_the_message_file(sagemaker):
    message = "first line\n" + "\u00e4" * 5000
    script = f"open('/opt/ml/output/message', 'w', encoding='utf-8').write({message!r}); raise SystemExit(1)"
    job = sagemaker.process_script(script)
    expected = message.encode()[:1024].decode("utf-8", "ignore")
    assert job["ExitMessage"] == expected
    assert job["FailureReason"].startswith("AlgorithmError: first line\n\u00e4")
    assert job["FailureReason"].endswith(", exit code: 1")


@pytest.mark.parametrize("code", [0, 1])
def test_a_message_that_is_not_utf8_is_a_client_error(sagemaker, code):
    script = f"open('/opt/ml/output/message', 'wb').write(b'\\xff\\xfe'); raise SystemExit({code})"
    job = sagemaker.process_script(script)
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: /opt/ml/output/message is not UTF-8")


def test_a_failure_file_that_is_not_utf8_is_a_client_error(sagemaker):
    job = sagemaker.train(
        "open('/opt/ml/output/failure', 'wb').write(b'\\xff'); raise SystemExit(1)"
    )
    assert job["FailureReason"].startswith("ClientError: /opt/ml/output/failure is not UTF-8")


def test_a_missing_input_names_its_prefix(sagemaker):
    uri = f"s3://{BUCKET}/nothing-here/"
    job = sagemaker.process("true", ProcessingInputs=[s3_input(uri)])
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(f'ClientError: No S3 objects found under S3 URL "{uri}"')
    trained = sagemaker.train("", InputDataConfig=[channel(uri)])
    assert trained["FailureReason"].startswith(
        f'ClientError: No S3 objects found under S3 URL "{uri}"'
    )


def test_an_unknown_image_fails_the_job_by_name(sagemaker):
    image = "111111111111.dkr.ecr.eu-west-1.amazonaws.com/strange:1"
    job = sagemaker.process(
        "true", AppSpecification={"ImageUri": image, "ContainerEntrypoint": ["true"]}
    )
    assert job["FailureReason"].startswith("ClientError: Cannot find repository: strange")
    assert image in job["FailureReason"]


def test_an_image_of_the_account_runs_the_entry_point_of_the_request(sagemaker):
    name = sagemaker.name("own")
    sagemaker.api.create_training_job(**sagemaker.training_request(
        name, AlgorithmSpecification={
            "TrainingImage": OWN_IMAGE, "TrainingInputMode": "File",
            "ContainerEntrypoint": ["sh", "-c", "echo model > /opt/ml/model/m"],
        },
    ))  # fmt: skip
    assert sagemaker.training_ended(name)["TrainingJobStatus"] == "Completed"


SAVE_ON_SIGTERM = """
import pathlib, signal, sys, time
def save(*_):
    pathlib.Path("/opt/ml/model/checkpoint").write_text("half")
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
print("ready", flush=True)
time.sleep(600)
"""
IGNORE_SIGTERM = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""


def test_a_stopped_training_job_keeps_what_it_saved(sagemaker):
    name = sagemaker.start_training(SAVE_ON_SIGTERM)
    assert sagemaker.lines("/aws/sagemaker/TrainingJobs", name) == ["ready"]
    sagemaker.api.stop_training_job(TrainingJobName=name)
    job = sagemaker.training_ended(name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert sagemaker.keys(f"training/{name}/output/") == [f"training/{name}/output/model.tar.gz"]


def test_a_job_that_ignores_sigterm_is_killed_after_120_seconds(hasty):
    name = hasty.start_training(IGNORE_SIGTERM)
    hasty.lines("/aws/sagemaker/TrainingJobs", name)
    hasty.api.stop_training_job(TrainingJobName=name)
    stopping = hasty.api.describe_training_job(TrainingJobName=name)
    assert (stopping["TrainingJobStatus"], stopping["SecondaryStatus"]) == ("Stopping", "Stopping")
    started = time.monotonic()
    job = hasty.training_ended(name)
    assert 1.5 < time.monotonic() - started < 6  # 120 seconds are two
    assert job["TrainingJobStatus"] == "Stopped"
    assert hasty.keys(f"training/{name}/") == []


def test_max_runtime_of_training(hasty):
    job = hasty.train(SAVE_ON_SIGTERM, StoppingCondition={"MaxRuntimeInSeconds": 60})
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert job["SecondaryStatusTransitions"][-1]["Status"] == "MaxRuntimeExceeded"


def test_max_runtime_and_stop_of_processing(hasty):
    job = hasty.process("sleep", "600", StoppingCondition={"MaxRuntimeInSeconds": 30})
    assert job["ProcessingJobStatus"] == "Stopped"
    assert job["FailureReason"] == "MaxRuntimeExceeded"
    name = hasty.start_processing("sleep", "600")
    hasty.api.stop_processing_job(ProcessingJobName=name)
    job = hasty.processing_ended(name)
    assert job["ProcessingJobStatus"] == "Stopped"
    assert "FailureReason" not in job


def test_killing_the_process_of_a_job_fails_it_with_its_exit_code(sagemaker):
    name = sagemaker.start_processing("sh", "-c", "echo ready; exec sleep 613")
    sagemaker.lines("/aws/sagemaker/ProcessingJobs", name)
    victims = [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "613"]]
    assert len(victims) == 1
    victims[0].kill()
    job = sagemaker.processing_ended(name)
    assert (job["ProcessingJobStatus"], job["FailureReason"]) == (
        "Failed",
        "AlgorithmError: , exit code: 137",
    )


def test_a_daemon_left_behind_ends_with_its_job(sagemaker):
    job = sagemaker.process(
        "sh", "-c", "setsid sleep 617 >/dev/null 2>&1 </dev/null & sleep 0.1; true"
    )
    assert job["ProcessingJobStatus"] == "Completed"
    assert not [
        p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "617"]
    ]


def test_two_jobs_do_not_see_each_others_files(sagemaker):
    script = "test ! -e /opt/ml/mark && touch /opt/ml/mark && sleep 0.3"
    names = [sagemaker.start_processing("sh", "-c", script) for _ in range(3)]
    assert [sagemaker.processing_ended(name)["ProcessingJobStatus"] for name in names] == [
        "Completed"
    ] * 3


def test_outputs_are_encrypted_and_links_left_out(sagemaker):
    key = sagemaker.localaws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    script = "cd /opt/ml/processing/output/out && mkdir deep && echo x > deep/file && ln -s deep/file link"
    job = sagemaker.process(
        "sh", "-c", script,
        ProcessingOutputConfig={**s3_output(f"s3://{BUCKET}/encrypted/"), "KmsKeyId": key},
    )  # fmt: skip
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    assert sagemaker.keys("encrypted/") == ["encrypted/deep/file"]
    head = sagemaker.s3.head_object(Bucket=BUCKET, Key="encrypted/deep/file")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)


def test_network_isolation_leaves_the_loopback_device_and_no_credentials(sagemaker):
    script = """
import os, socket
assert "AWS_ACCESS_KEY_ID" not in os.environ
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
port = int(os.environ["SERVER"].rsplit(":", 1)[1])
try:
    socket.create_connection(("127.0.0.1", port), timeout=1)
except OSError:
    raise SystemExit(0)
raise SystemExit(1)
"""
    job = sagemaker.process_script(
        script,
        Environment={"SERVER": sagemaker.localaws.endpoint_url},
        NetworkConfig={"EnableNetworkIsolation": True},
    )  # fmt: skip
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")


def test_a_trivial_job_takes_less_than_half_a_second(sagemaker):
    sagemaker.process("true")
    times = []
    for _ in range(5):
        started = time.monotonic()
        sagemaker.process("true")
        times.append(time.monotonic() - started)
    assert min(times) < 0.5, times
