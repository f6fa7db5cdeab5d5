"""What a job must say of itself before it gets tokens."""

import pytest

from localaws.core.errors import AwsError
from localaws.services.github.claims import Job


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "must be a JSON object"),
        ({}, "repository is ''"),
        ({"repository": "o/r/x"}, "must be OWNER/NAME"),
        ({"repository": "o/r", "run_id": 1}, "run_id is 1"),
        ({"repository": "o/r", "sub": "x"}, "a job has no 'sub'"),
        ({"repository": "o/r", "immutable_subject": "yes"}, "immutable_subject"),
    ],
)
def test_a_wrong_description_is_refused(document, words):
    with pytest.raises(AwsError, match="ValidationException") as refused:
        Job.parse(document)
    assert words in refused.value.message


def test_a_job_without_environment_has_no_such_claim():
    assert "environment" not in Job.parse({"repository": "o/r"}).claims()
    assert Job.parse({"repository": "o/r", "environment": "e"}).claims()["environment"] == "e"
