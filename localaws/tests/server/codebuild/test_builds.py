"""Builds run their commands as CodeBuild's shell does."""

import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest
from botocore.exceptions import ClientError

from server.codebuild.client import context, phase

ALL_PHASES = [
    "SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD", "BUILD",
    "POST_BUILD", "UPLOAD_ARTIFACTS", "FINALIZING", "COMPLETED",
]  # fmt: skip


def phases(build):
    return [found["phaseType"] for found in build["phases"]]


def test_variables_and_the_directory_carry_over_and_functions_do_not(codebuild):
    project = codebuild.project(
        """version: 0.2
phases:
  install:
    commands:
      - mkdir deep && cd deep
      - PLAIN="a 'quoted' value"; export EXPORTED="two
        lines"
      - greet() { echo hello; }; greet
  build:
    commands:
      - echo "dir=${PWD##*/} plain=$PLAIN exported=$EXPORTED home=$HOME"
      - if command -v greet; then exit 1; fi
      - false; echo "only the last status counts"
"""
    )
    build = codebuild.run(project)
    log = codebuild.log(build)
    assert build["buildStatus"] == "SUCCEEDED", log
    assert phases(build) == ALL_PHASES
    assert "dir=deep plain=a 'quoted' value exported=two lines home=/root" in log
    for line in (
        "Running on CodeBuild On-demand",
        "YAML location is /codebuild/readonly/buildspec.yml",
        "Entering phase BUILD",
        "Phase complete: BUILD State: SUCCEEDED",
        "Phase context status code:  Message: ",
        " INSTALL: 3 commands",
    ):
        assert line in log


def test_a_failed_build_still_runs_post_build(codebuild):
    project = codebuild.project(
        """version: 0.2
phases:
  build:
    commands:
      - echo first
      - fail me
      - echo never
    finally:
      - echo finally runs
  post_build:
    commands:
      - echo succeeding=$CODEBUILD_BUILD_SUCCEEDING
"""
    )
    build = codebuild.run(project)
    log = codebuild.log(build)
    assert build["buildStatus"] == "FAILED"
    assert context(build, "BUILD") == (
        "FAILED",
        "COMMAND_EXECUTION_ERROR",
        "Error while executing command: fail me. Reason: exit status 127",
    )
    assert "/codebuild/output/tmp/script.sh: 4: fail: not found" in log
    assert "Command did not exit successfully fail me exit status 127" in log
    assert "finally runs" in log
    assert "succeeding=0" in log
    assert "echo never" not in log
    assert phases(build) == ALL_PHASES


@pytest.mark.parametrize(
    ("failing", "on_failure", "last"),
    [
        ("pre_build", "", "PRE_BUILD"),
        ("pre_build", "on-failure: CONTINUE", "UPLOAD_ARTIFACTS"),
        ("build", "on-failure: ABORT", "BUILD"),
    ],
)
def test_on_failure_decides_what_follows(codebuild, failing, on_failure, last):
    project = codebuild.project(
        f"""version: 0.2
phases:
  {failing}:
    {on_failure or "commands: []"}
    commands: ["exit 3"]
""".replace("    commands: []\n", "")
    )
    build = codebuild.run(project)
    assert build["buildStatus"] == "FAILED"
    assert phases(build)[-3:] == [last, "FINALIZING", "COMPLETED"]


def test_a_finally_command_that_fails_fails_its_phase(codebuild):
    project = codebuild.project(
        "version: 0.2\nphases: {install: {commands: [true], finally: ['exit 4']}}"
    )
    build = codebuild.run(project)
    assert context(build, "INSTALL")[2].endswith("exit 4. Reason: exit status 4")


def test_start_build_wins_over_the_project_and_that_over_the_buildspec(codebuild):
    project = codebuild.project(
        """version: 0.2
env:
  variables: {A: spec, B: spec, C: 1.10, D: "$PATH", CODEBUILD_INITIATOR: me}
  exported-variables: [A, B, AWS_REGION]
phases:
  build:
    commands:
      - echo "[$A $B $C $D $CODEBUILD_INITIATOR $CODEBUILD_BUILD_NUMBER]"
      - echo "$CODEBUILD_BUILD_ID $CODEBUILD_BUILD_ARN $CODEBUILD_LOG_PATH $CODEBUILD_CI"
      - B=changed
""",
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/amazonlinux2-x86_64-standard:5.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [
                {"name": "A", "value": "project"},
                {"name": "B", "value": "project"},
            ],
        },
    )
    build = codebuild.run(
        project, environmentVariablesOverride=[{"name": "A", "value": "start", "type": "PLAINTEXT"}]
    )
    log = codebuild.log(build)
    assert "[start project 1.10 $PATH root 1]" in log
    uuid = build["id"].partition(":")[2]
    assert f"{build['id']} {build['arn']} {uuid} true" in log
    assert build["exportedEnvironmentVariables"] == [
        {"name": "A", "value": "start"},
        {"name": "B", "value": "changed"},
    ]


def test_references_are_resolved_masked_and_not_exported(codebuild):
    codebuild.server.client("ssm").put_parameter(
        Name="/codebuild/token", Value="parameter-value", Type="SecureString"
    )
    arn = codebuild.server.client("secretsmanager").create_secret(
        Name="codebuild/database", SecretString='{"password": "secret-value", "port": 5432}'
    )["ARN"]
    project = codebuild.project(
        f"""version: 0.2
env:
  parameter-store: {{TOKEN: /codebuild/token}}
  secrets-manager:
    PASSWORD: codebuild/database:password
    PORT: "{arn}:port"
  exported-variables: [TOKEN, PASSWORD]
phases:
  build:
    commands:
      - echo "token $TOKEN, password $PASSWORD"
      - test "$TOKEN-$PASSWORD-$PORT" = parameter-value-secret-value-5432
"""
    )
    build = codebuild.run(project)
    log = codebuild.log(build)
    assert build["buildStatus"] == "SUCCEEDED", log
    assert "token ***, password ***" in log
    assert "-value" not in log
    assert build["exportedEnvironmentVariables"] == []


@pytest.mark.parametrize(
    ("env", "code", "message"),
    [
        (
            "parameter-store: {X: /codebuild/missing}",
            "Decrypted Variables Error",
            "parameter does not exist: /codebuild/missing",
        ),
        (
            "secrets-manager: {X: missing-secret}",
            "Secrets Manager Error",
            "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
        ),
    ],
)
def test_a_missing_reference_fails_the_download_of_the_source(codebuild, env, code, message):
    project = codebuild.project(
        f"version: 0.2\nenv: {{{env}}}\nphases: {{build: {{commands: [true]}}}}"
    )
    build = codebuild.run(project)
    assert context(build, "DOWNLOAD_SOURCE") == ("FAILED", code, message)
    assert phases(build)[-3:] == ["DOWNLOAD_SOURCE", "FINALIZING", "COMPLETED"]


def test_the_credentials_are_those_of_the_service_role_and_end_with_the_build(codebuild):
    project = codebuild.project(
        """version: 0.2
phases:
  build:
    commands:
      - curl -sS "$AWS_CONTAINER_CREDENTIALS_FULL_URI" > credentials.json
      - echo "url=$AWS_CONTAINER_CREDENTIALS_FULL_URI"
      - cat credentials.json
      - |
        python3 - <<'END'
        import datetime, json
        found = json.load(open("credentials.json"))
        assert set(found) == {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}, found
        left = datetime.datetime.fromisoformat(found["Expiration"]) - datetime.datetime.now(datetime.UTC)
        assert datetime.timedelta(minutes=30) < left < datetime.timedelta(hours=13), left
        END
"""
    )
    build = codebuild.run(project)
    log = codebuild.log(build)
    assert build["buildStatus"] == "SUCCEEDED", log
    assert '"AccessKeyId": "***"' in log
    url = next(line for line in log.splitlines() if line.startswith("url=")).removeprefix("url=")
    with pytest.raises(urllib.error.HTTPError, match="404") as refusal:
        urllib.request.urlopen(url)
    refusal.value.close()


def test_bash_is_the_shell_when_the_buildspec_says_so(codebuild):
    project = codebuild.project(
        "version: 0.2\nenv: {shell: bash}\n"
        "phases: {build: {commands: ['[[ a == a ]] && echo ${BASH_VERSION:+bash}', 'x=(1 2)']}}"
    )
    build = codebuild.run(project)
    assert build["buildStatus"] == "SUCCEEDED", codebuild.log(build)


def test_version_01_runs_each_command_in_a_shell_of_its_own(codebuild):
    project = codebuild.project(
        "version: 0.1\nphases: {build: {commands: ['export X=1; cd /', 'test -z \"$X\"', "
        '\'test "$PWD" = "$CODEBUILD_SRC_DIR"\']}}'
    )
    build = codebuild.run(project)
    assert build["buildStatus"] == "SUCCEEDED", codebuild.log(build)


def test_stop_build_ends_every_process_of_the_build(codebuild):
    project = codebuild.project(
        "version: 0.2\nphases: {build: {commands: ['setsid sleep 987 & sleep 986']}}"
    )
    build_id = codebuild.api.start_build(projectName=project)["build"]["id"]
    end = time.monotonic() + 30
    while len(_sleeping()) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    assert len(_sleeping()) == 2
    assert codebuild.api.stop_build(id=build_id)["build"]["id"] == build_id
    build = codebuild.wait(build_id)
    assert build["buildStatus"] == "STOPPED"
    assert phase(build, "BUILD")["phaseStatus"] == "STOPPED"
    assert not _sleeping()


def _sleeping():
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        command = process.info["cmdline"] or []
        if command in (["sleep", "987"], ["sleep", "986"]):
            found.append(process.pid)
    return found


def test_a_build_without_privileges_has_no_docker_daemon(codebuild):
    project = codebuild.project("version: 0.2\nphases: {build: {commands: [docker ps]}}")
    build = codebuild.run(project)
    assert build["buildStatus"] == "FAILED"
    assert (
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. "
        "Is the docker daemon running?"
    ) in codebuild.log(build)


def test_a_build_keeps_its_directories_to_itself(codebuild):
    project = codebuild.project(
        "version: 0.2\nphases: {build: {commands: ['touch /root/private /codebuild/private', 'id -u']}}"
    )
    build = codebuild.run(project)
    assert build["buildStatus"] == "SUCCEEDED", codebuild.log(build)
    assert not Path("/codebuild").exists()
    assert not Path("/root/private").exists()


def test_a_command_that_kills_its_shell_fails_the_build(codebuild):
    project = codebuild.project("version: 0.2\nphases: {build: {commands: ['kill -9 $PPID']}}")
    build = codebuild.run(project)
    assert build["buildStatus"] == "FAILED"
    assert context(build, "BUILD")[1:] == (
        "COMMAND_EXECUTION_ERROR",
        "the shell of the build has ended",
    )


def test_the_same_token_starts_one_build(codebuild):
    project = codebuild.project("version: 0.2\nphases: {build: {commands: [true]}}")
    first = codebuild.api.start_build(projectName=project, idempotencyToken="once")["build"]
    again = codebuild.api.start_build(projectName=project, idempotencyToken="once")["build"]
    assert again["id"] == first["id"]
    codebuild.wait(first["id"])
    with pytest.raises(ClientError, match="idempotency token"):
        codebuild.api.start_build(projectName=project, idempotencyToken="once", sourceVersion="x")


def test_the_limit_of_a_project_refuses_another_build(codebuild):
    project = codebuild.project(
        "version: 0.2\nphases: {build: {commands: [sleep 600]}}", concurrentBuildLimit=1
    )
    running = codebuild.api.start_build(projectName=project)["build"]["id"]
    with pytest.raises(codebuild.api.exceptions.AccountLimitExceededException):
        codebuild.api.start_build(projectName=project)
    codebuild.api.stop_build(id=running)
    codebuild.wait(running)


def test_builds_are_listed_retried_and_deleted(codebuild):
    project = codebuild.project("version: 0.2\nphases: {build: {commands: ['test $A = b']}}")
    first = codebuild.run(project, environmentVariablesOverride=[{"name": "A", "value": "b"}])
    retried = codebuild.wait(codebuild.api.retry_build(id=first["id"])["build"]["id"])
    assert retried["buildStatus"] == "SUCCEEDED"
    assert retried["buildNumber"] == 2
    listed = codebuild.api.list_builds_for_project(projectName=project)["ids"]
    assert listed == [retried["id"], first["id"]]
    assert codebuild.api.list_builds()["ids"][:2] == listed
    deleted = codebuild.api.batch_delete_builds(ids=[first["id"], "no:build"])
    assert deleted["buildsDeleted"] == [first["arn"]]
    assert deleted["buildsNotDeleted"] == [{"id": "no:build", "statusCode": "BUILD_NOT_FOUND"}]
    assert codebuild.api.batch_get_builds(ids=[first["id"]])["buildsNotFound"] == [first["id"]]


def test_on_failure_retry_retries_the_build(codebuild):
    project = codebuild.project(
        "version: 0.2\nphases: {build: {on-failure: RETRY-1-.*status 7, commands: ['exit 7']}}"
    )
    first = codebuild.run(project)
    end = time.monotonic() + 30
    while len(codebuild.api.list_builds_for_project(projectName=project)["ids"]) < 2:
        assert time.monotonic() < end
        time.sleep(0.02)
    ids = codebuild.api.list_builds_for_project(projectName=project)["ids"]
    last = codebuild.wait(ids[0])
    assert last["autoRetryConfig"]["previousAutoRetry"] == first["arn"]
    assert last["autoRetryConfig"]["autoRetryNumber"] == 1
    assert len(codebuild.api.list_builds_for_project(projectName=project)["ids"]) == 2


def test_a_build_that_takes_too_long_is_ended(hasty):
    project = hasty.project(
        "version: 0.2\nphases: {build: {commands: [sleep 600]}}", timeoutInMinutes=60
    )
    build = hasty.run(project, timeoutInMinutesOverride=120)
    assert build["buildStatus"] == "TIMED_OUT"
    assert context(build, "BUILD") == ("TIMED_OUT", "BUILD_TIMED_OUT", "Build has timed out. ")


def test_a_build_that_waits_too_long_leaves_the_queue(hasty):
    project = hasty.project("version: 0.2\nphases: {build: {commands: [sleep 600]}}",
                            timeoutInMinutes=2160)  # fmt: skip
    running = [hasty.api.start_build(projectName=project)["build"]["id"] for _ in range(20)]
    build = hasty.run(project, queuedTimeoutInMinutesOverride=5)
    assert build["buildStatus"] == "TIMED_OUT"
    assert phases(build) == ["SUBMITTED", "QUEUED", "COMPLETED"]
    for build_id in running:
        hasty.api.stop_build(id=build_id)
    assert {hasty.wait(build_id)["buildStatus"] for build_id in running} == {"STOPPED"}
