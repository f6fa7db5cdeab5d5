"""Which model answers, and how long that is believed."""

from __future__ import annotations

import pytest

from infer.models import FRESH_SECONDS
from tests.unit.lambdas import fakes
from tests.unit.lambdas.infer.fakes import ROW, Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()


def version(scene: Scene) -> str:
    return str(scene.post({"context": ROW})["document"]["model_version"])


def test_a_new_version_is_seen_after_a_while(scene: Scene) -> None:
    assert version(scene) == "3"
    scene.endpoints.add("iris", "4")
    scene.seconds += FRESH_SECONDS - 0.1
    assert version(scene) == "3"
    scene.seconds += 0.1
    assert version(scene) == "4"


def test_what_has_not_changed_is_not_read_again(scene: Scene) -> None:
    for _ in range(3):
        version(scene)
        scene.seconds += FRESH_SECONDS

    assert scene.endpoints.calls == ["describe_endpoint", "list_tags"] + ["describe_endpoint"] * 2


def test_an_endpoint_that_cannot_be_described_now_is_still_called(scene: Scene) -> None:
    version(scene)
    scene.seconds += FRESH_SECONDS
    scene.endpoints.failure = fakes.refusal("ThrottlingException", "Rate exceeded")

    assert version(scene) == "3"


def test_without_a_description_nothing_is_known(scene: Scene) -> None:
    scene.endpoints.failure = fakes.refusal("AccessDeniedException", "not authorized")

    with pytest.raises(Exception, match="not authorized"):
        version(scene)


@pytest.mark.parametrize(
    ("use_case", "target", "status"),
    [
        ("unknown", "", 404),
        ("IRIS", "", 404),
        ("iris/../x", "", 404),
        ("a-name-of-18-chars", "", 404),
        ("iris", "staging", 404),
        ("iris", "dev", 504),
    ],
)
def test_what_is_not_there(scene: Scene, use_case: str, target: str, status: int) -> None:
    answer = scene.post({"context": ROW}, use_case, target)

    assert answer["statusCode"] == status
    assert "arn:" not in answer["body"]
    assert set(answer["document"]) == {"message", "request_id"}


def test_a_name_does_not_lead_to_the_dev_endpoint_of_another(scene: Scene) -> None:
    scene.endpoints.add("iris", "4", suffix="-dev")

    assert scene.post({"context": ROW}, "iris-dev")["statusCode"] == 404


def test_an_endpoint_that_nobody_can_tell_the_run_of(scene: Scene) -> None:
    scene.endpoints.add("iris", "3", RunId="")

    with pytest.raises(LookupError, match="no tag RunId"):
        scene.post({"context": ROW})


def test_an_endpoint_that_goes_is_forgotten(scene: Scene) -> None:
    version(scene)
    scene.endpoints.configurations.clear()
    scene.seconds += FRESH_SECONDS

    assert scene.post({"context": ROW})["statusCode"] == 504


def test_variants_may_serve_different_versions(scene: Scene) -> None:
    scene.endpoints.add("iris", "3", **{"ModelVersion.AllTraffic": "4", "ModelVersion.B": "5"})

    assert version(scene) == "4"
