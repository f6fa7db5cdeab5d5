"""The setting of the images: what is allowed, and what an error says."""

from pathlib import Path

import pytest

from localaws.services.sagemaker.images.settings import (
    ImageSettingError,
    format_images,
    images_from_environment,
    parse_images,
)


@pytest.fixture
def directory(tmp_path, monkeypatch):
    (tmp_path / "image").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "image"


def test_pairs_become_absolute_paths(directory):
    images = parse_images(["team/ml-core=image", f" * = {directory}"])
    assert images == {"team/ml-core": directory, "*": directory}
    value = format_images(images)
    assert value == f"team/ml-core={directory},*={directory}"
    assert images_from_environment({"LOCALAWS_IMAGES": value}) == images


@pytest.mark.parametrize("value", [None, "", " , "])
def test_no_image(value):
    environ = {} if value is None else {"LOCALAWS_IMAGES": value}
    assert images_from_environment(environ) == {}


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("image", "the image 'image' is not a pair. Write REPOSITORY=DIRECTORY, for example"),
        ("=image", "the image '=image' is not a pair"),
        ("ml-core=", "the image 'ml-core=' is not a pair"),
        ("ML=image", "names the repository 'ML', but a repository in ECR has lower-case letters"),
        ("ml-core:1=image", "names the repository 'ml-core:1'"),
        ("ml-core=missing", "which is not a directory. Give the directory that holds"),
        ("ml-core=a,b", "has a comma in its directory"),
    ],
)
def test_a_wrong_pair_is_named(directory, pair, message):
    with pytest.raises(ImageSettingError) as raised:
        parse_images([pair])
    assert message in str(raised.value)


def test_a_repository_has_one_directory(directory):
    with pytest.raises(ImageSettingError, match="the repository 'a' has two directories"):
        parse_images(["a=image", f"a={Path.cwd()}"])


def test_an_error_names_the_variable(directory):
    with pytest.raises(ImageSettingError, match="LOCALAWS_IMAGES: the image 'x' is not a pair"):
        images_from_environment({"LOCALAWS_IMAGES": "ml-core=image,x"})
