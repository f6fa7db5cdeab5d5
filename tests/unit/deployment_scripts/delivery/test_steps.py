"""The smaller parts of the delivery."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.core.names import Names
from landing_zone.core.settings import load_settings
from landing_zone.delivery import checks, image, progress
from landing_zone.delivery.connection import how_to_connect, wait_until_available
from landing_zone.delivery.environment import is_complete
from landing_zone.delivery.exports import export
from landing_zone.delivery.messages import commit_messages
from landing_zone.delivery.settings import load_cicd_settings
from tests.unit.deployment_scripts.fakes import FakeAws, FakeS3, client_error

NAMES = Names(load_settings({}), "123456789012")


class StateBucket(FakeS3):
    """A state whose ETag is its content."""

    def list_objects_v2(self, *, Bucket: str, Prefix: str) -> dict[str, Any]:  # noqa: N803
        return {
            "Contents": [
                {"Key": key, "ETag": body["Body"].decode()}
                for key, body in self._objects(Bucket).items()
                if key.startswith(Prefix)
            ]
        }


def state(content: str) -> StateBucket:
    s3 = StateBucket(NAMES.state_bucket)
    s3.put_object(Bucket=NAMES.state_bucket, Key="state", Body=content.encode())
    return s3


def test_what_was_applied_is_unchanged() -> None:
    s3 = state("1")
    progress.record(s3, NAMES, "state", "hash", "abc")

    status, why = progress.compare(s3, NAMES, "state", "hash")

    assert (status, why) == ("unchanged", "the same as at the last apply, commit abc")


def test_other_content_and_another_apply_are_changes() -> None:
    s3 = state("1")
    assert progress.compare(s3, NAMES, "state", "hash")[0] == "changed"
    progress.record(s3, NAMES, "state", "hash", "abc")
    assert "differs from the last apply, commit abc" in progress.compare(s3, NAMES, "state", "x")[1]

    s3.put_object(Bucket=NAMES.state_bucket, Key="state", Body=b"2")

    assert "the state was changed" in progress.compare(s3, NAMES, "state", "hash")[1]


def test_only_what_terraform_deploys_counts(tmp_path: Path) -> None:
    for name in (
        "infra/main.tf",
        "infra/tests/a.tftest.hcl",
        "config/manifest.json",
        "workflow/a.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    before = progress.infra_hash(tmp_path)
    for name in ("infra/tests/a.tftest.hcl", "config/manifest.json", "workflow/a.py"):
        (tmp_path / name).write_text("2")
    assert progress.infra_hash(tmp_path) == before

    (tmp_path / "infra/main.tf").write_text("2")

    assert progress.infra_hash(tmp_path) != before


def test_exported_values_survive_the_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = tmp_path / "outputs"
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    text = """it's "1 to add"; $(rm -rf /) `x`"""

    export("plan", {"SUMMARY": text}, tmp_path)

    done = subprocess.run(
        ["sh", "-c", f'. {tmp_path}/plan.sh; printf %s "$SUMMARY"'],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout == text
    assert outputs.read_text() == f"summary={text}\n"


def test_failed_tests_are_named(tmp_path: Path) -> None:
    report = tmp_path / "junit.xml"
    report.write_text(
        '<testsuites><testsuite><testcase classname="tests.unit.test_a" name="test_one"/>'
        '<testcase classname="tests.unit.test_a" name="test_two"><failure/></testcase>'
        "</testsuite></testsuites>"
    )

    assert checks.failed_tests(report) == ["tests/unit/test_a.py::test_two"]
    assert (
        checks.describe(checks.failed_tests(report)) == "1 failed: tests/unit/test_a.py::test_two"
    )
    assert "no test failed" in checks.describe(checks.failed_tests(tmp_path / "none.xml"))


def test_a_python_is_complete_with_every_package_in_its_version(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("pytest==0.0.1 \\\n    --hash=sha256:00\n")
    assert not is_complete(lock)
    lock.write_text(
        f"pytest=={pytest.__version__} \\\n    --hash=sha256:00\nnot-there==1 ; sys_platform == 'win32'\n"
    )
    assert is_complete(lock)


class FakeConnections:
    def __init__(self, *statuses: str) -> None:
        self.statuses = list(statuses)

    def get_connection(self, ConnectionArn: str) -> dict[str, Any]:  # noqa: N803
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return {"Connection": {"ConnectionStatus": status}}


def test_the_handshake_is_explained_once_and_awaited() -> None:
    said: list[str] = []
    how = how_to_connect(load_settings({}), "ml-core", "owner/repo")

    wait_until_available(
        FakeConnections("PENDING", "PENDING", "AVAILABLE"), "arn", how, say=said.append,
        sleep=lambda _: None,
    )  # fmt: skip

    assert len(said) == 1
    assert "console.aws.amazon.com/codesuite/settings/connections" in said[0]


def test_a_handshake_that_nobody_makes_ends() -> None:
    with pytest.raises(OperatorError, match="still PENDING"):
        wait_until_available(
            FakeConnections("PENDING"), "arn", "how", seconds=0, say=lambda _: None
        )


def test_on_localaws_a_command_makes_the_handshake() -> None:
    local = load_settings({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"})

    assert how_to_connect(local, "c", "o/r") == "on localaws: localaws connect c o/r"


class FakePipeline:
    def __init__(self, summary: str) -> None:
        self.summary = summary

    def get_pipeline_execution(self, **_: str) -> dict[str, Any]:
        revisions = [{"revisionSummary": self.summary}]
        return {"pipelineExecution": {"artifactRevisions": revisions}}


@pytest.mark.parametrize(
    "summary", ["Remove it", json.dumps({"ProviderType": "GitHub", "CommitMessage": "Remove it"})]
)
def test_the_message_of_a_commit_without_history_is_that_of_the_run(
    tmp_path: Path, summary: str
) -> None:
    environ = {"CODEBUILD_INITIATOR": "codepipeline/pipe", "PIPELINE_EXECUTION_ID": "1"}

    found = commit_messages(FakeAws(codepipeline=FakePipeline(summary)), environ, tmp_path)

    assert found == ["Remove it"]
    assert commit_messages(FakeAws(), {}, tmp_path) == []


def test_a_repository_and_its_provider_have_to_agree() -> None:
    assert load_cicd_settings({"FULL_REPOSITORY_ID": "o/r"}).repository == "o/r"
    with pytest.raises(OperatorError, match="OWNER/REPOSITORY"):
        load_cicd_settings({"FULL_REPOSITORY_ID": "r"})
    with pytest.raises(OperatorError, match="without a slash"):
        load_cicd_settings({"FULL_REPOSITORY_ID": "o/r", "SOURCE_PROVIDER": "codecommit"})


class NoRepository:
    def describe_repositories(self, **_: Any) -> None:
        raise client_error("RepositoryNotFoundException")


def test_an_image_is_built_only_when_one_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    assert image.provide("local", None, "repo", "eu-west-1").tag == "local"
    assert image.provide("build", NoRepository(), "repo", "eu-west-1").tag == "prebuilt"
    assert "does not exist yet" in capsys.readouterr().out


def test_an_installed_checkov_counts_in_its_pinned_version_only(tmp_path: Path) -> None:
    program = tmp_path / "bin/checkov"
    (tmp_path / "lib/python3.11/site-packages/checkov-3.3.30.dist-info").mkdir(parents=True)
    program.parent.mkdir()
    program.touch(mode=0o755)

    assert checks.installed_checkov(str(program.parent), "3.3.30") == program
    assert checks.installed_checkov(str(program.parent), "3.3.31") is None
    assert checks.installed_checkov(str(tmp_path), "3.3.30") is None
    assert checks.pinned_checkov().count(".") == 2


def test_a_single_file_of_tests_needs_no_worker(tmp_path: Path) -> None:
    for name in ("a/test_one.py", "b/test_two.py", "b/test_three.py", "b/data.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert checks.workers("a", 4, tmp_path) == 0
    assert checks.workers("a/test_one.py::test_it", 4, tmp_path) == 0
    assert checks.workers("a b", 4, tmp_path) == 3
    assert checks.workers("a b", 2, tmp_path) == 2


def test_the_linters_remember_beside_their_environment(tmp_path: Path) -> None:
    caches = checks.linter_caches(tmp_path / ".venv")

    assert caches["MYPY_CACHE_DIR"] == str(tmp_path / ".mypy_cache")
