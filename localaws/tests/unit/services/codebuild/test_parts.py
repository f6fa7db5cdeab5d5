"""The parts of a build that need neither a server nor a process."""

import io
from datetime import UTC, datetime

import pytest

from localaws.core.clock import Clock
from localaws.services.codebuild import archives, models
from localaws.services.codebuild.environment import Masks
from localaws.services.codebuild.errors import PhaseError
from localaws.services.codebuild.file_patterns import Files
from localaws.services.codebuild.lifecycle import Lifecycle
from localaws.services.codebuild.machine import Directories
from localaws.services.codebuild.models import Build, BuildRequest, Store
from localaws.services.codebuild.report_files import ReportFileError, read_cobertura, read_junit
from localaws.services.codebuild.sources import places
from zips import make_zip


def request(**more):
    values = {
        "project": "p", "source": {"type": "NO_SOURCE"}, "secondary_sources": (), "source_version": None,
        "secondary_versions": {}, "artifacts": {"type": "NO_ARTIFACTS"}, "secondary_artifacts": (),
        "cache": {"type": "NO_CACHE"}, "environment": {}, "variables": (), "service_role": "r",
        "logs": {}, "timeout_minutes": 60, "queued_timeout_minutes": 480, "encryption_key": "k",
        "initiator": "root",
    }  # fmt: skip
    return BuildRequest(**{**values, **more})


def build():
    return Build("p:1", "arn", 1, request(), datetime.now(UTC))


@pytest.mark.parametrize(
    ("source", "secondary", "expected"),
    [
        ({"type": "S3", "location": "b/k"}, (), ["src"]),
        ({"type": "GITHUB", "location": "https://github.com/a/b.git"}, (), ["src/github.com/a/b"]),
        (
            {"type": "S3", "location": "b/k"},
            ({"type": "S3", "location": "b/l", "sourceIdentifier": "X"},),
            ["src/s3/00", "src/s3/01"],
        ),
        (
            {
                "type": "CODECOMMIT",
                "location": "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/n",
            },
            (),
            ["src/git-codecommit.eu-west-1.amazonaws.com/v1/repos/n"],
        ),
    ],
)
def test_sources_have_the_directories_of_aws(source, secondary, expected):
    found = places(request(source=source, secondary_sources=secondary), 7)
    assert [place.directory for place in found] == [f"/codebuild/output/src7/{e}" for e in expected]


def test_masks_hide_values_their_lines_and_key_ids():
    masks = Masks()
    masks.add("one\ntwo words")
    masks.add("one more")
    masks.add("")
    assert masks.apply("one more, one, two words, AKIAIOSFODNN7EXAMPLE, rest") == (
        "***, ***, ***, ***, rest"
    )


def test_a_phase_never_ends_twice_and_never_comes_again():
    ended = []
    lifecycle = Lifecycle(Store(), Clock(), lambda b: None, lambda b, p: ended.append(p.kind))
    found = build()
    lifecycle.submit(found)
    lifecycle.begin(found, models.QUEUED)
    with pytest.raises(AssertionError, match="has not ended"):
        lifecycle.begin(found, models.BUILD)
    lifecycle.end(found, models.SUCCEEDED)
    with pytest.raises(AssertionError, match="has ended"):
        lifecycle.end(found, models.FAILED)
    with pytest.raises(AssertionError, match="cannot follow"):
        lifecycle.begin(found, models.SUBMITTED)
    lifecycle.finish(found, models.FAILED)
    assert found.complete
    assert ended == ["SUBMITTED", "QUEUED", "COMPLETED"]


def test_an_archive_keeps_modes_and_links(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "run.sh").write_text("#!/bin/sh\n")
    (source / "run.sh").chmod(0o755)
    (source / "link").symlink_to("run.sh")
    archive = tmp_path / "a.zip"
    archives.pack([(p.name, p) for p in sorted(source.iterdir())], archive, keep_links=True)
    with archive.open("rb") as opened:
        archives.unpack(opened, tmp_path / "target")
    assert (tmp_path / "target/run.sh").stat().st_mode & 0o777 == 0o755
    assert str((tmp_path / "target/link").readlink()) == "run.sh"


def test_an_archive_that_leaves_its_directory_is_refused(tmp_path):
    archive = io.BytesIO(make_zip({"../outside": "x"}))
    with pytest.raises(PhaseError, match="outside"):
        archives.unpack(archive, tmp_path / "target")
    with pytest.raises(PhaseError, match="not a zip archive"):
        archives.unpack(io.BytesIO(b"no archive"), tmp_path / "target")


def test_patterns_find_files_of_the_source_and_of_the_home_directory(tmp_path):
    directories = Directories(tmp_path)
    directories.make()
    source = directories.codebuild / "output/src1/src"
    (source / "a/b").mkdir(parents=True)
    (source / "a/b/.hidden").write_text("")
    (source / "a/top.txt").write_text("")
    (directories.home / "kept").write_text("")
    files = Files(directories, "/codebuild/output/src1/src", {"NAME": "a"})
    base = files.base("$NAME")
    assert base == source / "a"
    assert [n for n, _ in files.matching("**/*", base)] == ["b/.hidden", "top.txt"]
    assert [n for n, _ in files.matching("**/*", base, ["b/*"])] == ["top.txt"]
    assert [n for n, _ in files.matching("/root/*", base)] == ["kept"]
    with pytest.raises(PhaseError, match="no matching base directory path found for none"):
        files.base("none")


def test_report_files_that_are_none_are_refused(tmp_path):
    path = tmp_path / "x.xml"
    path.write_text("<other/>")
    for read in (read_junit, read_cobertura):
        with pytest.raises(ReportFileError, match="its root is <other>"):
            read(path, "x.xml")
    path.write_text("no XML")
    with pytest.raises(ReportFileError, match="is not XML"):
        read_junit(path, "x.xml")
