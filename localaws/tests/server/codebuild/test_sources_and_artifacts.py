"""Sources in S3, what a pipeline overrides, and artifacts."""

import gzip
import json

import pytest
from botocore.exceptions import ClientError

from server.codebuild.client import BUCKET, CodeBuild, context

INITIATOR = "x-localaws-initiator"


def s3_source(location, **more):
    return {"type": "S3", "location": location, **more}


def test_a_zip_archive_is_the_source_with_the_modes_of_its_files(codebuild):
    location = codebuild.upload(
        {"ci/spec.yml": "version: 0.2\nphases: {build: {commands: [cat data/a.txt, pwd]}}",
         "data/a.txt": "the data\n"}
    )  # fmt: skip
    project = codebuild.project(source=s3_source(location, buildspec="ci/spec.yml"))
    build = codebuild.run(project)
    log = codebuild.log(build)
    assert build["buildStatus"] == "SUCCEEDED", log
    assert "the data" in log
    assert "/src/ci/spec.yml" in log


@pytest.mark.parametrize(
    ("buildspec", "message"),
    [
        (None, "YAML file does not exist"),
        ("ci/none.yml", "stat /codebuild/output/src"),
        ("version: 0.2\nphases: {deploy: {}}", "Invalid buildspec phase name: deploy. "
         "Expecting: build,install,post_build,pre_build"),
    ],
)  # fmt: skip
def test_a_build_specification_that_cannot_be_used_fails(codebuild, buildspec, message):
    source = s3_source(codebuild.upload({"a": "a"}))
    if buildspec:
        source["buildspec"] = buildspec
    build = codebuild.run(codebuild.project(source=source))
    status, code, found = context(build, "DOWNLOAD_SOURCE")
    assert (status, code) == ("FAILED", "YAML_FILE_ERROR")
    assert found.startswith(message)


def test_a_source_that_is_not_there_fails_the_download(codebuild):
    project = codebuild.project(source=s3_source(f"{BUCKET}/none.zip"))
    build = codebuild.run(project)
    assert context(build, "DOWNLOAD_SOURCE") == (
        "FAILED",
        "CLIENT_ERROR",
        "NoSuchKey: The specified key does not exist. for primary source",
    )


def test_secondary_sources_have_directories_of_their_own(codebuild):
    codebuild.s3.put_object(Bucket=BUCKET, Key="folder/x/y.txt", Body=b"from a folder\n")
    project = codebuild.project(
        source=s3_source(
            codebuild.upload({"a.txt": "primary\n"}),
            buildspec="version: 0.2\nphases: {build: {commands: "
            '[cat a.txt "$CODEBUILD_SRC_DIR_more/x/y.txt", pwd]}}',
        ),
        secondarySources=[s3_source(f"{BUCKET}/folder/", sourceIdentifier="more")],
    )
    build = codebuild.run(project)
    log = codebuild.log(build)
    assert "primary\nfrom a folder" in log, log
    assert "/src/s3/00\n" in log


def test_the_build_specification_can_be_in_s3(codebuild):
    codebuild.s3.put_object(
        Bucket=BUCKET, Key="spec.yml", Body=b"version: 0.2\nphases: {build: {commands: [echo s3]}}"
    )
    project = codebuild.project(f"arn:aws:s3:::{BUCKET}/spec.yml")
    assert codebuild.run(project)["buildStatus"] == "SUCCEEDED"


PIPELINE_SPEC = """version: 0.2
phases:
  build:
    commands:
      - mkdir -p out && cp input.txt out/copy.txt && cp "$CODEBUILD_SRC_DIR_Extra/e.txt" out/
      - echo "$CODEBUILD_INITIATOR $CODEBUILD_RESOLVED_SOURCE_VERSION $CODEBUILD_SOURCE_VERSION"
artifacts:
  secondary-artifacts:
    Result: {base-directory: out, files: ["**/*"]}
    Copy: {base-directory: out, files: [copy.txt]}
"""


def pipeline_client(codebuild: CodeBuild, initiator):
    client = codebuild.server.client("codebuild")
    client.meta.events.register(
        "before-sign.codebuild.StartBuild",
        lambda request, **_: request.headers.add_header(INITIATOR, initiator),
    )
    return client


def test_an_action_of_a_pipeline_overrides_sources_and_artifacts(codebuild):
    project = codebuild.project(
        source={"type": "CODEPIPELINE", "buildspec": "buildspec.yml"},
        artifacts={"type": "CODEPIPELINE"},
    )
    with pytest.raises(ClientError, match="started by an action of CodePipeline") as refusal:
        codebuild.api.start_build(projectName=project)
    assert refusal.value.response["Error"]["Code"] == "InvalidInputException"
    source = codebuild.upload({"buildspec.yml": PIPELINE_SPEC, "input.txt": "in"})
    started = pipeline_client(codebuild, "codepipeline/release").start_build(
        projectName=project,
        sourceTypeOverride="S3",
        sourceLocationOverride=source,
        sourceVersion="0123abc",
        secondarySourcesOverride=[
            s3_source(codebuild.upload({"e.txt": "extra"}), sourceIdentifier="Extra")
        ],
        artifactsOverride={
            "type": "S3", "location": BUCKET, "path": "release/Result", "name": "AbC123",
            "namespaceType": "NONE", "packaging": "ZIP", "artifactIdentifier": "Result",
        },
        secondaryArtifactsOverride=[
            {"type": "S3", "location": BUCKET, "path": "release/Copy", "name": "DeF456",
             "namespaceType": "NONE", "packaging": "ZIP", "artifactIdentifier": "Copy"}
        ],
    )["build"]["id"]  # fmt: skip
    build = codebuild.wait(started)
    log = codebuild.log(build)
    assert build["buildStatus"] == "SUCCEEDED", log
    assert f"codepipeline/release 0123abc arn:aws:s3:::{source}" in log
    assert build["initiator"] == "codepipeline/release"
    assert build["source"]["type"] == "CODEPIPELINE"
    assert codebuild.artifact("release/Result/AbC123") == {"copy.txt": "in", "e.txt": "extra"}
    assert codebuild.artifact("release/Copy/DeF456") == {"copy.txt": "in"}
    assert build["secondaryArtifacts"][0]["artifactIdentifier"] == "Copy"


ARTIFACTS = """version: 0.2
phases:
  build:
    commands:
      - mkdir -p build/deep build/skip && cd build && echo a > a.txt && echo b > deep/.b.txt
      - echo c > skip/c.txt && ln -s a.txt link
artifacts:
  files: ["**/*"]
  base-directory: buil*
  exclude-paths: [skip/**/*]
  name: built-$(echo today)-$CODEBUILD_BUILD_NUMBER.zip
"""


def test_artifacts_follow_the_build_specification(codebuild):
    project = codebuild.project(
        ARTIFACTS,
        artifacts={"type": "S3", "location": BUCKET, "path": "/art/", "packaging": "ZIP",
                   "name": "ignored", "overrideArtifactName": True, "namespaceType": "BUILD_ID"},
    )  # fmt: skip
    build = codebuild.run(project)
    assert build["buildStatus"] == "SUCCEEDED", codebuild.log(build)
    key = f"art/{build['id'].partition(':')[2]}/built-today-1.zip"
    assert build["artifacts"]["location"] == f"arn:aws:s3:::{BUCKET}/{key}"
    assert len(build["artifacts"]["sha256sum"]) == 64
    assert codebuild.artifact(key) == {"a.txt": "a\n", "deep/.b.txt": "b\n", "link": "a\n"}
    head = codebuild.s3.head_object(Bucket=BUCKET, Key=key)
    assert head["SSEKMSKeyId"].endswith("alias/aws/s3")


def test_artifacts_can_be_single_objects(codebuild):
    project = codebuild.project(
        "version: 0.2\nphases: {build: {commands: [mkdir d && echo x > d/x]}}\n"
        "artifacts: {files: [d/x], discard-paths: yes}",
        artifacts={"type": "S3", "location": BUCKET, "path": "plain", "name": "it"},
    )
    build = codebuild.run(project)
    assert build["buildStatus"] == "SUCCEEDED", codebuild.log(build)
    assert codebuild.s3.get_object(Bucket=BUCKET, Key="plain/it/x")["Body"].read() == b"x\n"


def test_without_a_matching_file_the_upload_fails(codebuild):
    project = codebuild.project(
        "version: 0.2\nphases: {build: {commands: [true]}}\nartifacts: {files: [none.txt]}",
        artifacts={"type": "S3", "location": BUCKET},
    )
    build = codebuild.run(project)
    assert context(build, "UPLOAD_ARTIFACTS") == (
        "FAILED",
        "CLIENT_ERROR",
        "no matching artifact paths found",
    )
    assert "Skipping invalid file path none.txt" in codebuild.log(build)


def test_the_log_can_go_to_s3(codebuild):
    project = codebuild.project(
        "version: 0.2\nphases: {build: {commands: [echo in the log]}}",
        logsConfig={
            "cloudWatchLogs": {"status": "ENABLED", "groupName": "own", "streamName": "prefix"},
            "s3Logs": {"status": "ENABLED", "location": f"{BUCKET}/logs"},
        },
    )
    build = codebuild.run(project)
    uuid = build["id"].partition(":")[2]
    assert build["logs"]["groupName"] == "own"
    assert build["logs"]["streamName"] == f"prefix/{uuid}"
    body = codebuild.s3.get_object(Bucket=BUCKET, Key=f"logs/{uuid}.gz")["Body"].read()
    assert gzip.decompress(body).decode().splitlines() == codebuild.log(build).splitlines()


def test_events_tell_of_states_and_phases(codebuild):
    events = codebuild.server.client("events")
    sqs = codebuild.server.client("sqs")
    url = sqs.create_queue(QueueName="codebuild-events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    project = codebuild.project("version: 0.2\nphases: {build: {commands: ['exit 5']}}")
    pattern = {"source": ["aws.codebuild"], "detail": {"project-name": [project]}}
    events.put_rule(Name="codebuild", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="codebuild", Targets=[{"Id": "queue", "Arn": arn}])
    build = codebuild.run(project)
    found = []
    while not any(e["detail"].get("build-status") == "FAILED" for e in found):
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=5)
        found += [json.loads(message["Body"]) for message in answer["Messages"]]
    states = [e["detail"] for e in found if e["detail-type"] == "CodeBuild Build State Change"]
    assert [state["build-status"] for state in states] == ["IN_PROGRESS", "FAILED"]
    assert states[-1]["build-id"] == build["arn"]
    assert states[-1]["additional-information"]["logs"]["stream-name"] in build["id"]
    ended = {
        e["detail"]["completed-phase"]: e["detail"]
        for e in found
        if e["detail-type"] == "CodeBuild Build Phase Change"
    }
    assert ended["BUILD"]["completed-phase-status"] == "FAILED"
    assert "COMMAND_EXECUTION_ERROR: Error while" in ended["BUILD"]["completed-phase-context"]
