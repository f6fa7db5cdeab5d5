import pytest

from localaws.core.errors import AwsError
from localaws.core.wire.models import service_model
from localaws.core.wire.validate import validate


def refusal(service, operation, params):
    with pytest.raises(AwsError) as caught:
        validate(service_model(service).operation_model(operation), params)
    assert caught.value.code == "ValidationException"
    assert caught.value.status == 400
    return caught.value.message


def test_a_valid_request_passes():
    validate(service_model("codepipeline").operation_model("GetPipeline"), {"name": "p"})


def test_a_missing_member_is_named_in_awss_words():
    assert refusal("codepipeline", "GetPipeline", {}) == (
        "1 validation error detected: Value null at 'name' failed to satisfy constraint: "
        "Member must not be null"
    )


@pytest.mark.parametrize(
    ("service", "operation", "params", "constraint"),
    [
        ("codepipeline", "GetPipeline", {"name": "!"}, "at 'name' failed to satisfy constraint: Member "
         "must satisfy regular expression pattern: [A-Za-z0-9.@\\-_]+"),
        ("codepipeline", "GetPipeline", {"name": ""}, "length greater than or equal to 1"),
        ("codepipeline", "GetPipeline", {"name": "p" * 101}, "length less than or equal to 100"),
        ("codepipeline", "GetPipeline", {"name": "p", "version": 0}, "value greater than or equal to 1"),
        ("codepipeline", "RetryStageExecution", {"pipelineName": "p", "stageName": "s",
         "pipelineExecutionId": "1" * 36, "retryMode": "SOME"}, "value set: [FAILED_ACTIONS, ALL_ACTIONS]"),
        ("sagemaker", "DescribeTrainingJob", {"TrainingJobName": "-"}, "Value '-' at 'trainingJobName'"),
        ("sagemaker", "ListTrainingJobs", {"MaxResults": 101}, "value less than or equal to 100"),
        ("codepipeline", "TagResource", {"resourceArn": "arn:aws:codepipeline:eu-west-1:123456789012:p",
         "tags": [{"key": "", "value": "v"}]}, "Value '' at 'tags.1.member.key'"),
    ],
)  # fmt: skip
def test_each_kind_of_constraint_is_checked(service, operation, params, constraint):
    assert constraint in refusal(service, operation, params)


def test_all_breaches_come_in_one_message():
    message = refusal("codepipeline", "RetryStageExecution", {"pipelineName": "!"})
    assert message.startswith("4 validation errors detected: ")
