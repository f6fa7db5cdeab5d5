from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.runs.logs import job_log


class FakeLogs:
    """CloudWatch Logs: group -> stream -> lines."""

    GROUPS = {  # noqa: RUF012
        "/aws/sagemaker/TrainingJobs": {
            "iris-train-1/algo-1": ["trained", "saved"],
            "iris-train-10/algo-1": ["another job"],
        },
        "/aws/sagemaker/ProcessingJobs": {"iris-preprocess-1/algo-1": ["150 rows"]},
        "/aws/sagemaker/Endpoints/zone-iris": {"AllTraffic/i-1": ["serving"]},
    }

    def get_paginator(self, operation: str) -> Any:
        groups = self.GROUPS

        class Paginator:
            def paginate(
                self,
                logGroupNamePrefix: str = "",  # noqa: N803
                logGroupName: str = "",  # noqa: N803
                logStreamNamePrefix: str = "",  # noqa: N803
                logStreamNames: list[str] | None = None,  # noqa: N803
            ) -> Iterator[dict[str, Any]]:
                if operation == "describe_log_groups":
                    yield {"logGroups": [{"logGroupName": name} for name in groups]}
                    return
                streams = groups[logGroupName]
                if operation == "describe_log_streams":
                    names = [name for name in streams if name.startswith(logStreamNamePrefix)]
                    yield {"logStreams": [{"logStreamName": name} for name in names]}
                    return
                lines = [line for name in logStreamNames or [] for line in streams[name]]
                yield {"events": [{"message": line} for line in lines]}

        return Paginator()


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("iris-train-1", ["trained", "saved"]),
        ("iris-preprocess-1", ["150 rows"]),
        ("zone-iris", ["serving"]),
    ],
)
def test_the_log_is_that_of_this_job_only(name: str, lines: list[str]) -> None:
    assert list(job_log(FakeLogs(), name)) == lines


@pytest.mark.parametrize("name", ["iris", "iris-train", "AllTraffic", "zone"])
def test_a_name_that_no_job_has(name: str) -> None:
    with pytest.raises(OperatorError, match=f"no log of '{name}'"):
        list(job_log(FakeLogs(), name))
