from __future__ import annotations

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.core.s3 import split_folder, split_uri


@pytest.mark.parametrize("uri", ["", "bucket/key", "s3:///key", "https://bucket/key"])
def test_a_place_that_is_not_in_s3_is_refused(uri: str) -> None:
    with pytest.raises(OperatorError, match="no place in S3"):
        split_uri(uri)


def test_a_folder_ends_with_a_slash() -> None:
    assert (
        split_folder("s3://b/run/source")
        == split_folder("s3://b/run/source/")
        == ("b", "run/source/")
    )
