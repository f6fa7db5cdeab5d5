"""Which image runs how."""

import json
from pathlib import Path

import pytest

from localaws.services.sagemaker.container.sandbox import Sandbox
from localaws.services.sagemaker.errors import AlgorithmError, RequestError
from localaws.services.sagemaker.images.catalog import ImageCatalog
from localaws.services.sagemaker.images.launch import ServingSetup, TrainingSetup
from localaws.services.sagemaker.images.local_directory import DirectoryImage
from localaws.services.sagemaker.images.scikit_learn import ScikitLearnImage
from localaws.services.sagemaker.images.source_code import check_requirements

ACCOUNT, REGION = "123456789012", "eu-west-1"
HOST = f"dkr.ecr.{REGION}.amazonaws.com"
CATALOG = ImageCatalog(ACCOUNT, REGION, {"*": Path("/programs")})
RESOURCES = {
    "hosts": ["algo-1"], "current_host": "algo-1", "network_interface_name": "eth0",
    "current_instance_type": "ml.m5.xlarge", "current_group_name": "homogeneousCluster",
}  # fmt: skip


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        (f"{ACCOUNT}.{HOST}/ml-core:1", DirectoryImage),
        (f"{ACCOUNT}.{HOST}/team/ml-core@sha256:{'0' * 64}", DirectoryImage),
        (f"141502667606.{HOST}/sagemaker-scikit-learn:1.2-1-cpu-py3", ScikitLearnImage),
        (f"141502667606.{HOST}/sagemaker-xgboost:1", None),
        (f"141502667606.{HOST}/sagemaker-scikit-learn", None),
        (f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/ml-core:1", None),
        ("python:3.11", None),
        ("", None),
    ],
)
def test_the_table(uri, kind):
    image = CATALOG.find(uri)
    assert image is None if kind is None else type(image) is kind


def test_an_unknown_image_is_refused_by_name():
    with pytest.raises(
        RequestError, match=r"Cannot find repository: strange in registry ID: 1+ "
    ) as raised:
        CATALOG.pull(f"111111111111.{HOST}/strange:1", "arn:role")
    assert f"{ACCOUNT}.{HOST}/<repository>:<tag>" in str(raised.value)


def test_a_repository_of_the_account_runs_from_its_own_directory():
    catalog = ImageCatalog(ACCOUNT, REGION, {"ml-core": Path("/core"), "*": Path("/any")})
    for repository, directory in (("ml-core", "/core"), ("team/other", "/any")):
        image = catalog.find(f"{ACCOUNT}.{HOST}/{repository}:1")
        assert image.processing(["sh"], []).path == (Path(directory),)


def test_a_repository_without_a_directory_is_refused_with_the_next_step():
    catalog = ImageCatalog(ACCOUNT, REGION, {"team/ml-core": Path("/core")})
    with pytest.raises(RequestError, match="Cannot find repository: ml-core") as raised:
        catalog.pull(f"{ACCOUNT}.{HOST}/ml-core:1", "arn:role")
    assert str(raised.value).endswith(
        "localaws runs images of this account that were pushed to ECR, and this one was not. Or it runs the "
        "programs in a local directory, and ml-core has none (repositories that have one: team/ml-core). "
        "Push the image, or start localaws with --image ml-core=DIRECTORY or "
        "LOCALAWS_IMAGES=ml-core=DIRECTORY, the directory with the image's programs."
    )


@pytest.fixture
def sandbox(tmp_path):
    with Sandbox(tmp_path, "job") as sandbox:
        yield sandbox


def training(sandbox, **more):
    settings = {
        "job_name": "job", "hyperparameters": {}, "channels": {}, "resource_config": RESOURCES,
        "region": REGION, "network_isolation": False, "sandbox": sandbox, "fetch": None,
    } | more  # fmt: skip
    return TrainingSetup(**settings)


def serving(sandbox, model, **environment):
    return ServingSetup(environment, model, 1234, False, sandbox, None)


def test_a_directory_image_needs_its_programs(sandbox, tmp_path):
    image = DirectoryImage("ml-core:1", tmp_path / "container")
    with pytest.raises(
        RequestError, match=r"is the directory .*/container, which has no file 'train'"
    ):
        image.training(training(sandbox))
    (tmp_path / "container").mkdir()
    program = tmp_path / "container" / "train"
    program.write_text("#!/bin/sh\n")
    with pytest.raises(RequestError, match=r"chmod \+x"):
        image.training(training(sandbox))
    program.chmod(0o755)
    launch = image.training(training(sandbox))
    assert (launch.argv, launch.path) == (("train",), (tmp_path / "container",))
    (tmp_path / "container" / "serve").write_text("")
    (tmp_path / "container" / "serve").chmod(0o755)
    assert image.serving(serving(sandbox, tmp_path)).environment == {
        "SAGEMAKER_BIND_TO_PORT": "1234"
    }


def test_processing_needs_an_entry_point():
    with pytest.raises(RequestError, match="ContainerEntrypoint"):
        ScikitLearnImage("x").processing([], ["argument"])
    assert ScikitLearnImage("x").processing(["python3", "a.py"], ["-v"]).argv == (
        "python3",
        "a.py",
        "-v",
    )


def test_script_mode(sandbox):
    (sandbox.make("/opt/ml/code") / "train.py").write_text("")
    hyperparameters = {
        "sagemaker_program": "train.py", "depth": "3", "a": "1", "layers": "[1, 2]", "m": '{"y": 1, "x": 2}',
    }  # fmt: skip
    launch = ScikitLearnImage("x").training(
        training(sandbox, hyperparameters=hyperparameters, channels={"train": {}, "test-set": {}})
    )
    assert launch.argv == (
        "python3", "train.py", "-a", "1", "--depth", "3", "--layers", "[1, 2]", "-m", "x=2,y=1",
    )  # fmt: skip
    environment = launch.environment
    assert environment["SM_CHANNEL_TEST-SET"] == "/opt/ml/input/data/test-set"
    assert environment["SM_CHANNELS"] == '["test-set","train"]'
    assert environment["SM_HP_LAYERS"] == "[1,2]"
    assert environment["SM_USER_ENTRY_POINT"] == "train.py"
    assert json.loads(environment["SM_TRAINING_ENV"])["hyperparameters"]["depth"] == 3
    assert all(isinstance(value, str) for value in environment.values())


def test_script_mode_without_its_program(sandbox):
    image = ScikitLearnImage("x")
    sandbox.make("/opt/ml/code")
    with pytest.raises(AlgorithmError, match="sagemaker_program is not set"):
        image.training(training(sandbox))
    with pytest.raises(
        AlgorithmError, match=r"sagemaker_program is 'no\.py', but the code has only: nothing"
    ):
        image.training(training(sandbox, hyperparameters={"sagemaker_program": "no.py"}))


def test_an_isolated_container_cannot_download_its_code(sandbox):
    hyperparameters = {
        "sagemaker_program": "a.py",
        "sagemaker_submit_directory": "s3://b/sourcedir.tar.gz",
    }
    with pytest.raises(RequestError, match="EnableNetworkIsolation is set"):
        ScikitLearnImage("x").training(
            training(sandbox, hyperparameters=hyperparameters, network_isolation=True)
        )


def test_serving_finds_its_program_in_the_model(sandbox, tmp_path):
    image = ScikitLearnImage("x")
    with pytest.raises(AlgorithmError, match=r"SAGEMAKER_PROGRAM is 'inference\.py'"):
        image.serving(serving(sandbox, tmp_path))
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "mine.py").write_text("")
    launch = image.serving(serving(sandbox, tmp_path, SAGEMAKER_PROGRAM="mine.py"))
    assert launch.environment["LOCALAWS_CODE_DIRECTORY"] == "/opt/ml/model/code"
    assert launch.environment["SAGEMAKER_BIND_TO_PORT"] == "1234"


def test_requirements_must_be_there(tmp_path):
    check_requirements(tmp_path)
    (tmp_path / "requirements.txt").write_text("# comment\n-r other.txt\nflask>=1  # web\nboto3\n")
    check_requirements(tmp_path)
    (tmp_path / "requirements.txt").write_text("flask<1\nno-such-package==1\nboto3==???\n")
    with pytest.raises(RequestError) as raised:
        check_requirements(tmp_path)
    assert "wanted <1" in str(raised.value)
    assert "no-such-package is not installed" in str(raised.value)
    assert "boto3 is" in str(raised.value)


def test_the_failure_text_of_the_toolkit():
    image = ScikitLearnImage("x")
    launch = type("L", (), {"argv": ("python3", "train.py")})()
    tail = ["start", "Traceback (most recent call last):", '  File "x"', "ValueError: no rows"]
    text = image.training_failure(launch, 1, tail)
    assert text.startswith(
        "ExecuteUserScriptError:\nExitCode 1\nErrorMessage \"  File 'x'\nValueError: no rows\""
    )
    assert text.endswith('Command "python3 train.py"')
