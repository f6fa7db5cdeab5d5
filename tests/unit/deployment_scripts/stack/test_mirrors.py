from __future__ import annotations

from pathlib import Path

import pytest

from landing_zone.stack import mirrors

PLATFORM = "linux_amd64"


def unpacked(folder: Path, version: str = "5.100.0", platform: str = PLATFORM) -> Path:
    (folder / mirrors.PROVIDER / version / platform).mkdir(parents=True)
    return folder


def packed(folder: Path, version: str = "6.2.0", platform: str = PLATFORM) -> Path:
    place = folder / mirrors.PROVIDER
    place.mkdir(parents=True)
    (place / f"terraform-provider-aws_{version}_{platform}.zip").touch()
    return folder


def test_finds_both_layouts(tmp_path: Path) -> None:
    assert mirrors.find_mirror([unpacked(tmp_path / "a")], PLATFORM) == tmp_path / "a"
    assert mirrors.find_mirror([packed(tmp_path / "b")], PLATFORM) == tmp_path / "b"


@pytest.mark.parametrize("version", ["5.99.1", "7.0.0", "4.67.0"])
def test_skips_versions_that_the_stack_does_not_accept(tmp_path: Path, version: str) -> None:
    assert mirrors.find_mirror([unpacked(tmp_path / "a", version)], PLATFORM) is None
    assert mirrors.find_mirror([packed(tmp_path / "b", version)], PLATFORM) is None


def test_skips_other_platforms(tmp_path: Path) -> None:
    assert mirrors.find_mirror([unpacked(tmp_path, platform="darwin_arm64")], PLATFORM) is None


def test_takes_the_first_usable_folder(tmp_path: Path) -> None:
    first, second = unpacked(tmp_path / "1", "3.0.0"), unpacked(tmp_path / "2")
    third = unpacked(tmp_path / "3")

    assert mirrors.find_mirror([tmp_path / "missing", first, second, third], PLATFORM) == second


def test_searches_terraforms_folders_first_and_the_prefixes_one_level_deep(tmp_path: Path) -> None:
    (tmp_path / "prefix/one").mkdir(parents=True)
    (tmp_path / "prefix/two").mkdir()
    (tmp_path / "prefix/file").touch()
    places = [tmp_path / "home/.terraform.d/plugins"]

    found = list(mirrors.candidates(places, [str(tmp_path / "prefix"), str(tmp_path / "missing")]))

    assert found == [
        *places,
        tmp_path / "prefix",
        tmp_path / "prefix/one",
        tmp_path / "prefix/two",
        tmp_path / "missing",
    ]


def test_default_places_follow_the_xdg_variables(tmp_path: Path) -> None:
    environ = {"XDG_DATA_HOME": "/data", "XDG_DATA_DIRS": "/a:/b"}

    found = mirrors.default_places(environ, tmp_path)

    assert [str(place) for place in found[:4]] == [
        f"{tmp_path}/.terraform.d/plugins",
        "/data/terraform/plugins",
        "/a/terraform/plugins",
        "/b/terraform/plugins",
    ]


def test_the_cli_configuration_excludes_other_sources_of_the_provider() -> None:
    text = mirrors.cli_config(Path("/mirror"))

    assert 'path    = "/mirror"' in text
    assert 'include = ["registry.terraform.io/hashicorp/aws"]' in text
    assert 'exclude = ["registry.terraform.io/hashicorp/aws"]' in text
