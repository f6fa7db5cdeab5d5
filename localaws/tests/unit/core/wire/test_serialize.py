from datetime import UTC, datetime

import pytest

from localaws.core.wire.models import service_model
from localaws.core.wire.serialize import serialize, serialize_response

GET = service_model("codepipeline").operation_model("GetPipelineExecution").output_shape


def test_timestamps_are_epoch_seconds_and_none_is_left_out():
    shape = service_model("codepipeline").operation_model("PutApprovalResult").output_shape
    moment = datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)
    assert serialize(shape, {"approvedAt": moment}) == {"approvedAt": 1767323045.679}
    assert serialize(shape, {"approvedAt": None}) == {}


@pytest.mark.parametrize(
    ("result", "complaint"),
    [
        ({"pipeline": {}}, "has members that GetPipelineExecutionOutput does not"),
        ({"pipelineExecution": {"status": "Fine"}}, "expected one of"),
        ({"pipelineExecution": {"pipelineVersion": "1"}}, "expected int"),
        ({"pipelineExecution": {"artifactRevisions": {}}}, "expected list"),
    ],
)
def test_an_answer_that_aws_could_not_give_is_a_fault(result, complaint):
    with pytest.raises(TypeError, match=complaint):
        serialize(GET, result)


def test_a_missing_required_member_is_a_fault():
    shape = service_model("sagemaker").operation_model("CreateTrainingJob").output_shape
    with pytest.raises(TypeError, match="lacks required members"):
        serialize(shape, {})


def test_a_rest_answer_has_its_members_in_headers_and_body():
    operation = service_model("sagemaker-runtime").operation_model("InvokeEndpoint")
    answer = {"Body": b"3", "ContentType": "text/csv", "InvokedProductionVariant": "blue"}
    response = serialize_response(operation, answer)
    assert (response.status, response.payload) == (200, b"3")
    assert response.headers == {
        "Content-Type": "text/csv",
        "x-Amzn-Invoked-Production-Variant": "blue",
    }
