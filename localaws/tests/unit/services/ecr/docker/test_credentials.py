"""The file with what ``docker login`` was given."""

import json

import pytest

from localaws.services.ecr.docker.credentials import Credentials
from localaws.services.ecr.docker.errors import DockerError


def test_passwords_are_kept_beside_other_settings(tmp_path):
    credentials = Credentials(environ={"DOCKER_CONFIG": str(tmp_path)})
    credentials.path.write_text(json.dumps({"auths": {"other": {"auth": "x"}}, "detachKeys": "a"}))

    credentials.save("AWS", "secret", "one", "two")

    assert json.loads(credentials.path.read_text()) == {
        "auths": {"other": {"auth": "x"}, "one": {"auth": "QVdTOnNlY3JldA=="},
                  "two": {"auth": "QVdTOnNlY3JldA=="}},
        "detachKeys": "a",
    }  # fmt: skip
    assert credentials.path.stat().st_mode & 0o777 == 0o600
    assert credentials.forget("one")
    assert not credentials.forget("one")


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_damaged_file_is_named(tmp_path, text):
    credentials = Credentials(tmp_path / "config.json")
    credentials.path.write_text(text)

    with pytest.raises(DockerError, match=r"config\.json is not"):
        credentials.save("AWS", "secret", "one")
