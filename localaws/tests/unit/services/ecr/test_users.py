"""The user of an image."""

import pytest

from localaws.services.ecr.containers.users import User, find_user
from localaws.services.ecr.pushed_images import ImageError

PASSWD = "root:x:0:0:root:/root:/bin/sh\njob:x:7:8::/home/job:/bin/sh\n# no account\nbad\n"
GROUP = "root:x:0:\njobs:x:8:\nextra:x:9:root,job\n"


@pytest.fixture
def layers(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text(PASSWD)
    (tmp_path / "etc/group").write_text(GROUP)
    return (tmp_path,)


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("", User(0, 0, (0, 9), "/root")),
        ("job", User(7, 8, (8, 9), "/home/job")),
        ("7", User(7, 8, (8, 9), "/home/job")),
        ("7:9", User(7, 9, (9,), "/home/job")),
        ("job:extra", User(7, 9, (9,), "/home/job")),
        ("1234", User(1234, 0, (0,), "/")),
        ("1234:5678", User(1234, 5678, (5678,), "/")),
    ],
)
def test_a_user_is_found(layers, text, user):
    assert find_user(text, layers, "image") == user


@pytest.mark.parametrize(
    ("text", "reason"),
    [("nobody", "unable to find user nobody in image"), ("job:none", "unable to find group none")],
)
def test_an_unknown_user_is_refused(layers, text, reason):
    with pytest.raises(ImageError, match=reason):
        find_user(text, layers, "image")
