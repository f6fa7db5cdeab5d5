"""Report groups, reports and the cache of a project."""

import pytest
from botocore.exceptions import ClientError

from server.codebuild.client import BUCKET, context

SPEC = """version: 0.2
phases:
  build:
    commands:
      - mkdir reports
      - |
        cat > reports/junit.xml <<'END'
        <testsuites><testsuite name="unit" tests="3">
          <testcase classname="tests.test_a" name="test_ok" time="0.25"/>
          <testcase classname="tests.test_a" name="test_wrong" time="1">
            <failure message="assert 1 == 2">trace</failure></testcase>
          <testcase classname="tests.test_b" name="test_later"><skipped message="slow"/></testcase>
        </testsuite></testsuites>
        END
      - |
        cat > reports/coverage.xml <<'END'
        <coverage><packages><package><classes>
          <class filename="a.py"><lines><line number="1" hits="1"/>
            <line number="2" hits="0" branch="true" condition-coverage="50% (1/2)"/></lines></class>
          <class filename="b.py"><lines><line number="1" hits="3"/></lines></class>
        </classes></package></packages></coverage>
        END
reports:
  unit: {files: [junit.xml], base-directory: reports}
  coverage: {files: [reports/coverage.xml], file-format: COBERTURAXML}
"""


def test_a_build_uploads_test_and_coverage_reports(codebuild):
    api = codebuild.api
    project = codebuild.project(SPEC)
    build = codebuild.run(project)
    assert build["buildStatus"] == "SUCCEEDED", codebuild.log(build)
    tests, coverage = api.batch_get_reports(reportArns=build["reportArns"])["reports"]
    assert tests["reportGroupArn"].endswith(f":report-group/{project}-unit")
    assert tests["status"] == "FAILED"
    assert tests["executionId"] == build["arn"]
    assert tests["testSummary"] == {
        "total": 3,
        "statusCounts": {"SUCCEEDED": 1, "FAILED": 1, "ERROR": 0, "SKIPPED": 1, "UNKNOWN": 0},
        "durationInNanoSeconds": 1_250_000_000,
    }
    failed = api.describe_test_cases(reportArn=tests["arn"], filter={"status": "FAILED"})[
        "testCases"
    ]
    assert [(case["prefix"], case["name"], case["message"]) for case in failed] == [
        ("tests.test_a", "test_wrong", "assert 1 == 2\ntrace")
    ]
    assert coverage["codeCoverageSummary"]["lineCoveragePercentage"] == pytest.approx(66.67)
    assert coverage["codeCoverageSummary"]["branchesMissed"] == 1
    files = api.describe_code_coverages(
        reportArn=coverage["arn"], sortBy="LINE_COVERAGE_PERCENTAGE", sortOrder="DESCENDING"
    )["codeCoverages"]
    assert [file["filePath"] for file in files] == ["b.py", "a.py"]
    group = tests["reportGroupArn"]
    assert api.list_reports_for_report_group(reportGroupArn=group)["reports"] == [tests["arn"]]
    assert tests["arn"] in api.list_reports(filter={"status": "FAILED"})["reports"]
    with pytest.raises(ClientError, match="contains reports"):
        api.delete_report_group(arn=group)
    api.delete_report_group(arn=group, deleteReports=True)
    assert api.batch_get_reports(reportArns=[tests["arn"]])["reportsNotFound"] == [tests["arn"]]


def test_a_report_group_exports_to_s3(codebuild):
    group = codebuild.api.create_report_group(
        name="exported",
        type="TEST",
        exportConfig={
            "exportConfigType": "S3",
            "s3Destination": {"bucket": BUCKET, "path": "reports", "encryptionDisabled": True},
        },
    )["reportGroup"]["arn"]
    project = codebuild.project(
        SPEC.replace("  unit:", f'  "{group}":').replace(
            "reports/coverage.xml]", "reports/coverage.xml ]"
        )
    )
    build = codebuild.run(project)
    uuid = build["reportArns"][0].rpartition(":")[2]
    key = f"reports/exported/{uuid}/junit.xml"
    assert b"test_wrong" in codebuild.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()


def test_a_report_without_files_fails_the_upload(codebuild):
    project = codebuild.project(
        "version: 0.2\nphases: {build: {commands: [true]}}\nreports: {unit: {files: [none.xml]}}"
    )
    build = codebuild.run(project)
    assert context(build, "UPLOAD_ARTIFACTS") == (
        "FAILED",
        "CLIENT_ERROR",
        "no matching report paths found for unit",
    )


CACHED = """version: 0.2
phases:
  build:
    commands:
      - cat ~/.cache/tool/kept deps/kept || echo nothing kept
      - mkdir -p ~/.cache/tool deps && echo home > ~/.cache/tool/kept && echo source > deps/kept
cache:
  paths: ["/root/.cache/**/*", "deps/**/*"]
"""


@pytest.mark.parametrize(
    "cache",
    [
        {"type": "S3", "location": f"{BUCKET}/cache"},
        {"type": "LOCAL", "modes": ["LOCAL_CUSTOM_CACHE", "LOCAL_SOURCE_CACHE"]},
    ],
    ids=["S3", "LOCAL"],
)
def test_a_build_finds_what_the_last_one_has_cached(codebuild, cache):
    project = codebuild.project(CACHED, cache=cache)
    assert "nothing kept" in codebuild.log(codebuild.run(project))
    assert "home\nsource" in codebuild.log(codebuild.run(project))
    codebuild.api.invalidate_project_cache(projectName=project)
    assert "nothing kept" in codebuild.log(codebuild.run(project))


def test_the_key_of_a_cache_can_be_a_hash_of_files(codebuild):
    spec = CACHED.replace(
        "cache:\n",
        "cache:\n  key: deps-$(codebuild-hash-files lock.txt)\n  fallback-keys: [deps-]\n",
    )
    location = {name: codebuild.upload({"lock.txt": name, "buildspec.yml": spec}) for name in "ab"}
    project = codebuild.project(
        source={"type": "S3", "location": location["a"]},
        cache={"type": "S3", "location": f"{BUCKET}/keyed"},
    )
    assert "nothing kept" in codebuild.log(codebuild.run(project))
    assert "home\nsource" in codebuild.log(codebuild.run(project))
    other = codebuild.run(project, sourceLocationOverride=location["b"])
    assert "nothing kept" in codebuild.log(other)
