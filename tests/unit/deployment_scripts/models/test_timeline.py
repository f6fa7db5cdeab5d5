"""What was live when: from configurations, executions, or both."""

from __future__ import annotations

from landing_zone.models.deployments import Deployments
from landing_zone.models.timeline import BY_CONFIGURATION, BY_EXECUTION, at, read_configs, timeline
from landing_zone.models.view import timeline_text
from tests.unit.deployment_scripts.fakes import FakeAws
from tests.unit.deployment_scripts.models.fakes import FakeSageMaker, FakeStates, after, arn

ENDPOINT = "zone-development-iris"


def read(sagemaker: FakeSageMaker, states: FakeStates):
    aws = FakeAws(sagemaker=sagemaker, stepfunctions=states)
    live = {("iris", "prod"): sagemaker.endpoints[ENDPOINT]["EndpointConfigName"]}
    return timeline(
        read_configs(aws, "zone-development"), Deployments(aws, "machine").recent(), live
    )


def deployed(states: FakeStates, name: str, minutes: tuple[float, float], number: int) -> None:
    config = f"iris-{number}-abc"
    states.add(
        name, "SUCCEEDED", minutes, Action="updated", EndpointName=ENDPOINT,
        EndpointConfigName=config, ModelPackageArn=arn(number), Reason=f"approval of {number}",
    )  # fmt: skip


def test_a_version_is_live_from_the_end_of_its_deployment_to_the_end_of_the_next() -> None:
    sagemaker, states = FakeSageMaker(), FakeStates()
    for number, minutes in ((1, 1), (2, 20)):
        sagemaker.serve(ENDPOINT, f"iris-{number}-abc", number, minutes)
    deployed(states, "one", (0.5, 10), 1)
    deployed(states, "two", (19, 30), 2)
    # The rollback uses the configuration of the first version again.
    deployed(states, "back", (40, 45), 1)
    sagemaker.serve(ENDPOINT, "iris-1-abc", 1, 1)

    periods, attempts = read(sagemaker, states)

    assert [(p.number, p.start, p.end) for p in periods] == [
        ("1", after(10), after(30)),
        ("2", after(30), after(45)),
        ("1", after(45), None),
    ]
    assert {p.source for p in periods} == {BY_EXECUTION}
    assert attempts == []
    assert [p.number for p in at(periods, after(31))] == ["2"]
    assert [p.number for p in at(periods, after(30))] == ["2"]
    assert at(periods, after(9)) == []
    text = timeline_text(periods, attempts, set())
    assert "approval of 2" in text
    assert text.splitlines()[-1].split()[:3] == ["iris", "prod", "1"]


def test_without_executions_the_configurations_tell() -> None:
    sagemaker = FakeSageMaker()
    sagemaker.serve(ENDPOINT, "iris-1-abc", 1, 1)
    sagemaker.serve(ENDPOINT, "iris-2-abc", 2, 20)
    sagemaker.serve("other", "iris-9-abc", 9, 5, Environment="other-development")
    del sagemaker.endpoints["other"]

    periods, _ = read(sagemaker, FakeStates())

    assert [(p.number, p.source) for p in periods] == [
        ("1", BY_CONFIGURATION),
        ("2", BY_CONFIGURATION),
    ]
    assert "~" in timeline_text(periods, [], set())
    assert "the endpoint is gone" in timeline_text(periods, [], {"iris prod"})


def test_a_version_that_was_rolled_back_or_is_being_rolled_out_was_never_live() -> None:
    sagemaker, states = FakeSageMaker(), FakeStates()
    for number, minutes in ((2, 20), (3, 50), (1, 1)):
        sagemaker.serve(ENDPOINT, f"iris-{number}-abc", number, minutes)
    deployed(states, "one", (0.5, 10), 1)
    states.add("two", "FAILED", (19, 30), error="EndpointRolledBack", cause="alarm errors")
    states.add("none", "SUCCEEDED", (31, 32), Action="none")
    states.add("three", "RUNNING", (49, None))

    periods, attempts = read(sagemaker, states)

    assert [(p.number, p.end) for p in periods] == [("1", None)]
    assert [(a.at, a.reason) for a in attempts] == [(after(30), "EndpointRolledBack alarm errors")]
    assert "EndpointRolledBack" in timeline_text(periods, attempts, set())
