"""Which actions and resources a request is about."""

import io

import pytest

from localaws.core.body import RequestBody
from localaws.core.call import Call
from localaws.services.iam import context_keys, s3_requests, service_effects, special
from localaws.services.iam.catalog import services
from localaws.services.iam.operations import Operation
from localaws.services.iam.principals import Principal
from localaws.services.iam.resources import resources_of

ACCOUNT = "123456789012"
HEAD = f"eu-west-1:{ACCOUNT}"


def call(method="POST", path="/", query=None, headers=None, body=b""):
    stream = RequestBody(io.BytesIO(body), len(body))
    return Call(method, path, query or {}, headers or {}, stream)


def needed(service, name, /, **params):
    operation = Operation(service, name, params, "eu-west-1", ACCOUNT, call())
    found = special.authorizations(operation)
    if found is not None:
        return [(item.action, item.resource) for item in found]
    arns = resources_of(operation, services()[service], name)
    return arns if arns is None else [(special.action_of(operation), arn) for arn in arns]


@pytest.mark.parametrize(
    ("service", "name", "params", "resources"),
    [
        ("sagemaker", "CreateTrainingJob", {"TrainingJobName": "j"}, ["sagemaker:{}:training-job/j"]),
        ("sagemaker", "DescribeEndpoint", {"EndpointName": "e"}, ["sagemaker:{}:endpoint/e"]),
        (
            "sagemaker", "CreateEndpoint", {"EndpointName": "e", "EndpointConfigName": "c"},
            ["sagemaker:{}:endpoint/e", "sagemaker:{}:endpoint-config/c"],
        ),
        (
            "sagemaker", "AddTags", {"ResourceArn": f"arn:aws:sagemaker:{HEAD}:model/m"},
            ["sagemaker:{}:model/m"],
        ),
        (
            "sagemaker", "CreateModelPackage", {"ModelPackageGroupName": "g"},
            ["sagemaker:{}:model-package-group/g", "sagemaker:{}:model-package/g/*"],
        ),
        ("states", "StartExecution", {"stateMachineArn": f"arn:aws:states:{HEAD}:stateMachine:m"},
         ["states:{}:stateMachine:m"]),
        ("states", "CreateStateMachine", {"name": "m"}, ["states:{}:stateMachine:m"]),
        ("cloudwatch", "DescribeAlarms", {"AlarmNamePrefix": "a"}, ["cloudwatch:{}:alarm:*"]),
        ("cloudwatch", "DescribeAlarms", {"AlarmNames": ["a"]}, ["cloudwatch:{}:alarm:a"]),
        ("codepipeline", "StartPipelineExecution", {"name": "p"}, ["codepipeline:{}:p"]),
        ("codepipeline", "CreatePipeline", {"pipeline": {"name": "p"}}, ["codepipeline:{}:p"]),
        (
            "codepipeline", "PutApprovalResult", {"pipelineName": "p", "stageName": "s", "actionName": "a"},
            ["codepipeline:{}:p/s/a"],
        ),
        ("codebuild", "StartBuild", {"projectName": "p"}, ["codebuild:{}:project/p"]),
        ("codebuild", "BatchGetBuilds", {"ids": ["p:1", "p:2", "q:1"]},
         ["codebuild:{}:project/p", "codebuild:{}:project/q"]),
        ("events", "PutRule", {"Name": "r"}, ["events:{}:rule/r"]),
        ("events", "PutTargets", {"Rule": "r", "EventBusName": "b"}, ["events:{}:rule/b/r"]),
        ("events", "PutEvents", {"Entries": [{}, {"EventBusName": "b"}]},
         ["events:{}:event-bus/b", "events:{}:event-bus/default"]),
        ("logs", "PutLogEvents", {"logGroupName": "/g", "logStreamName": "s"},
         ["logs:{}:log-group:/g:log-stream:s"]),
        ("logs", "CreateLogGroup", {"logGroupName": "/g"}, ["logs:{}:log-group:/g:log-stream:"]),
        ("ssm", "GetParameters", {"Names": ["/a/b", "c:2"]}, ["ssm:{}:parameter/a/b", "ssm:{}:parameter/c"]),
        ("sns", "Publish", {"TopicArn": f"arn:aws:sns:{HEAD}:t"}, ["sns:{}:t"]),
        ("ecr", "BatchGetImage", {"repositoryName": "r"}, ["ecr:{}:repository/r"]),
        ("scheduler", "GetSchedule", {"Name": "s"}, ["scheduler:{}:schedule/default/s"]),
        ("cloudwatch", "DescribeAlarms", {"AlarmNames": ["a", "b"]},
         ["cloudwatch:{}:alarm:a", "cloudwatch:{}:alarm:b"]),
    ],
)  # fmt: skip
def test_the_resources_of_an_operation(service, name, params, resources):
    found = needed(service, name, **params)
    assert found == [
        (f"{service}:{name}", "arn:aws:" + resource.format(HEAD)) for resource in resources
    ]


@pytest.mark.parametrize(
    ("name", "params", "resource"),
    [
        ("Invoke", {"FunctionName": "f"}, "function:f"),
        ("Invoke", {"FunctionName": "f:live"}, "function:f:live"),
        ("Invoke", {"FunctionName": "f", "Qualifier": "2"}, "function:f:2"),
        ("Invoke", {"FunctionName": f"arn:aws:lambda:{HEAD}:function:f:3"}, "function:f:3"),
        ("Invoke", {"FunctionName": f"{ACCOUNT}:function:f"}, "function:f"),
    ],
)
def test_the_forms_of_a_functions_name(name, params, resource):
    expected = ("lambda:InvokeFunction", f"arn:aws:lambda:{HEAD}:{resource}")
    assert needed("lambda", name, **params) == [expected]


def test_other_names_of_actions():
    url = f"http://127.0.0.1:4566/{ACCOUNT}/q"
    assert needed("sqs", "SendMessageBatch", QueueUrl=url) == [
        ("sqs:SendMessage", f"arn:aws:sqs:{HEAD}:q")
    ]
    assert needed("ecr", "GetAuthorizationToken") == [("ecr:GetAuthorizationToken", "*")]
    assert needed("sts", "GetCallerIdentity") == []
    # Nothing says which resource is meant.
    assert needed("sagemaker", "DescribeTrainingJob") is None


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "actions"),
    [
        ("GET", "/", {}, {}, ["ListAllMyBuckets *"]),
        ("GET", "/b", {"list-type": "2", "prefix": "p"}, {}, ["ListBucket b"]),
        ("HEAD", "/b", {}, {}, ["ListBucket b"]),
        ("GET", "/b", {"versions": ""}, {}, ["ListBucketVersions b"]),
        ("PUT", "/b", {}, {}, ["CreateBucket b"]),
        ("PUT", "/b", {"encryption": ""}, {}, ["PutEncryptionConfiguration b"]),
        ("DELETE", "/b", {"policy": ""}, {}, ["DeleteBucketPolicy b"]),
        ("DELETE", "/b", {"lifecycle": ""}, {}, ["PutLifecycleConfiguration b"]),
        ("GET", "/b/a%20b", {}, {}, ["GetObject b/a b"]),
        ("GET", "/b/k", {"versionId": "1"}, {}, ["GetObjectVersion b/k"]),
        ("GET", "/b/k", {"tagging": "", "versionId": "1"}, {}, ["GetObjectVersionTagging b/k"]),
        ("PUT", "/b/k", {}, {}, ["PutObject b/k"]),
        (
            "PUT",
            "/b/k",
            {},
            {"x-amz-copy-source": "/o/s%201"},
            ["GetObject o/s 1", "PutObject b/k"],
        ),
        ("PUT", "/b/k", {}, {"x-amz-tagging": "a=b"}, ["PutObject b/k", "PutObjectTagging b/k"]),
        ("POST", "/b/k", {"uploads": ""}, {}, ["PutObject b/k"]),
        ("DELETE", "/b/k", {"uploadId": "1"}, {}, ["AbortMultipartUpload b/k"]),
        ("DELETE", "/b/k", {"versionId": "1"}, {}, ["DeleteObjectVersion b/k"]),
        ("PUT", "/k", {}, {"host": "b.localhost:4566"}, ["PutObject b/k"]),
    ],
)
def test_requests_to_s3(method, path, query, headers, actions):
    found = s3_requests.authorizations(call(method, path, query, headers))
    texts = [f"{item.action} {item.resource}" for item in found]
    assert [text.replace("arn:aws:s3:::", "").removeprefix("s3:") for text in texts] == actions


def test_each_object_of_a_deletion_is_authorized():
    body = (
        b'<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>a</Key></Object>'
        b"<Object><Key>b</Key><VersionId>1</VersionId></Object></Delete>"
    )
    found = s3_requests.authorizations(call("POST", "/b", {"delete": ""}, body=body))
    assert [(item.action, item.resource) for item in found] == [
        ("s3:DeleteObject", "arn:aws:s3:::b/a"),
        ("s3:DeleteObjectVersion", "arn:aws:s3:::b/b"),
    ]


def test_the_condition_keys_of_scaling():
    params = {"ServiceNamespace": "sagemaker", "ResourceId": "endpoint/e/variant/v"}
    operation = Operation(
        "application-autoscaling", "RegisterScalableTarget", params, "eu-west-1", ACCOUNT, call()
    )
    assert context_keys.of_operation(operation) == {
        "application-autoscaling:service-namespace": ["sagemaker"]
    }


def test_a_job_pulls_its_image_with_its_role():
    worker = Principal("session", "arn:session", ACCOUNT, role_arn="arn:role")
    image = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/app:local"
    found = [(item.action, item.resource) for item in service_effects.pulled(worker, image)]
    repository = f"arn:aws:ecr:{HEAD}:repository/app"
    assert found == [
        ("ecr:GetAuthorizationToken", "*"),
        ("ecr:BatchCheckLayerAvailability", repository),
        ("ecr:BatchGetImage", repository),
        ("ecr:GetDownloadUrlForLayer", repository),
    ]
    assert list(service_effects.pulled(worker, "public.ecr.aws/lambda/python:3.12")) == []
