"""Policies that are enforced, seen by unmodified clients."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from localaws.services.iam.cli import request
from server.execute_api.client import TEST_KEYS, World
from zips import make_zip

ACCOUNT = "123456789012"
REGION = "eu-west-1"
ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@pytest.fixture(scope="module")
def server(start_localaws, tmp_path_factory):
    with start_localaws(tmp_path_factory.mktemp("enforce"), "--iam", "enforce") as running:
        yield running


@pytest.fixture(scope="module")
def bucket(server):
    s3 = server.client("s3")
    s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="data", Key="in/a.csv", Body=b"a")
    return "data"


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(principal, **condition):
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return document({**statement, "Condition": condition} if condition else statement)


def allow(action, resource, **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def make_role(server, name, *statements, principal=None, boundary=None, **condition):
    iam = server.client("iam")
    more = {"PermissionsBoundary": boundary} if boundary else {}
    arn = iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=trust(
            principal or {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, **condition
        ),
        **more,
    )["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
    return arn


def client_of(server, service, keys, **config):
    return boto3.client(
        service,
        endpoint_url=server.endpoint_url,
        region_name=REGION,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys.get("SessionToken"),
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, **config),
    )


def session(server, role, service, policy=None, name="one"):
    more = {"Policy": policy} if policy else {}
    keys = server.client("sts").assume_role(RoleArn=role, RoleSessionName=name, **more)[
        "Credentials"
    ]
    return client_of(server, service, keys)


def error_of(call, *args, **kwargs):
    with pytest.raises(ClientError) as refused:
        call(*args, **kwargs)
    response = refused.value.response
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    return response["Error"]["Code"], response["Error"].get("Message", ""), status


def test_a_session_may_do_what_its_role_may(server, bucket):
    role = make_role(server, "reader", allow("s3:GetObject", f"arn:aws:s3:::{bucket}/in/*"))
    s3 = session(server, role, "s3")
    assert s3.get_object(Bucket=bucket, Key="in/a.csv")["Body"].read() == b"a"
    code, text, status = error_of(s3.put_object, Bucket=bucket, Key="in/b.csv", Body=b"b")
    assert (code, status) == ("AccessDenied", 403)
    caller, resource = (
        f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/one",
        f"arn:aws:s3:::{bucket}/in/b.csv",
    )
    assert text == (
        f'User: {caller} is not authorized to perform: s3:PutObject on resource: "{resource}" because no '
        "identity-based policy allows the s3:PutObject action"
    )
    # A change takes effect at once, for sessions that exist.
    server.client("iam").put_role_policy(
        RoleName="reader", PolicyName="more", PolicyDocument=document(allow("s3:PutObject", "*"))
    )
    s3.put_object(Bucket=bucket, Key="in/b.csv", Body=b"b")


def test_boundaries_and_session_policies_limit_a_role(server, bucket):
    iam = server.client("iam")
    reads = document(allow("s3:Get*", "*"))
    boundary = iam.create_policy(PolicyName="reads", PolicyDocument=reads)["Policy"]["Arn"]
    bounded = session(server, make_role(server, "bounded", ALL, boundary=boundary), "s3")
    bounded.get_object(Bucket=bucket, Key="in/a.csv")
    text = error_of(bounded.list_objects_v2, Bucket=bucket)[1]
    assert text.endswith("because no permissions boundary allows the s3:ListBucket action")
    free = make_role(server, "free", ALL)
    text = error_of(session(server, free, "s3", policy=reads).list_objects_v2, Bucket=bucket)[1]
    assert text.endswith("because no session policy allows the s3:ListBucket action")
    assert session(server, free, "s3").list_objects_v2(Bucket=bucket)["KeyCount"] >= 1


def test_root_is_denied_by_a_bucket_policy_only(server):
    s3 = server.client("s3")
    s3.create_bucket(Bucket="locked", CreateBucketConfiguration={"LocationConstraint": REGION})
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::locked/*",
    }
    s3.put_bucket_policy(Bucket="locked", Policy=document(deny))
    code, text, _ = error_of(s3.put_object, Bucket="locked", Key="k", Body=b"")
    assert code == "AccessDenied"
    assert text.endswith("with an explicit deny in a resource-based policy")


def test_every_protocol_has_its_own_error(server):
    role = make_role(server, "nobody")
    expected = {
        "sns": ("AuthorizationError", 403),
        "sagemaker": ("AccessDeniedException", 400),
        "lambda": ("AccessDeniedException", 403),
        "cloudwatch": ("AccessDenied", 400),
        "s3": ("AccessDenied", 403),
    }
    calls = {
        "sns": lambda c: c.publish(TopicArn=f"arn:aws:sns:{REGION}:{ACCOUNT}:t", Message="m"),
        "sagemaker": lambda c: c.describe_training_job(TrainingJobName="j"),
        "lambda": lambda c: c.invoke(FunctionName="f"),
        "cloudwatch": lambda c: c.describe_alarms(AlarmNames=["a"]),
        "s3": lambda c: c.list_objects_v2(Bucket="data"),
    }
    for service, call in calls.items():
        code, text, status = error_of(call, session(server, role, service))
        assert (service, (code, status)) == (service, expected[service])
        assert "is not authorized to perform" in text
    # GetCallerIdentity needs no permission.
    identity = session(server, role, "sts").get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/nobody/one"


def test_a_role_is_assumed_by_whom_it_trusts(server):
    user = server.client("iam").create_user(UserName="ada")["User"]["Arn"]
    keys = server.client("iam").create_access_key(UserName="ada")["AccessKey"]
    sts = client_of(server, "sts", keys)
    trusting = make_role(
        server, "trusts-ada", principal={"AWS": user}, StringEquals={"sts:ExternalId": "ticket"}
    )
    assumed = {"RoleArn": trusting, "RoleSessionName": "one"}
    assert error_of(sts.assume_role, **assumed)[0] == "AccessDenied"
    sts.assume_role(**assumed, ExternalId="ticket")
    # A role that trusts the account needs a policy of the user too.
    of_account = {"RoleArn": make_role(server, "trusts-account"), "RoleSessionName": "one"}
    assert error_of(sts.assume_role, **of_account)[0] == "AccessDenied"
    server.client("iam").put_user_policy(
        UserName="ada",
        PolicyName="p",
        PolicyDocument=document(allow("sts:AssumeRole", of_account["RoleArn"])),
    )
    sts.assume_role(**of_account)
    nobody = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/none", "RoleSessionName": "one"}
    assert error_of(sts.assume_role, **nobody)[0] == "AccessDenied"


def test_a_passed_role_needs_permission(server):
    job = make_role(server, "job", ALL, principal={"Service": "lambda.amazonaws.com"})
    create = allow("lambda:CreateFunction", "*")
    function = {
        "FunctionName": "passed", "Runtime": "python3.12", "Handler": "main.handler",
        "Code": {"ZipFile": make_zip({"main.py": "def handler(e, c):\n    return 1\n"})}, "Role": job,
    }  # fmt: skip
    elsewhere = allow(
        "iam:PassRole",
        job,
        Condition={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
    )
    text = error_of(
        session(
            server, make_role(server, "cannot-pass", create, elsewhere), "lambda"
        ).create_function,
        **function,
    )[1]
    assert f"is not authorized to perform: iam:PassRole on resource: {job}" in text
    here = allow(
        "iam:PassRole",
        job,
        Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
    )
    session(server, make_role(server, "can-pass", create, here), "lambda").create_function(
        **function
    )


def test_the_key_of_an_object_is_used_through_s3(server):
    kms, s3 = server.client("kms"), server.client("s3")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    s3.create_bucket(Bucket="secret", CreateBucketConfiguration={"LocationConstraint": REGION})
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = [{"ApplyServerSideEncryptionByDefault": by_default}]
    s3.put_bucket_encryption(Bucket="secret", ServerSideEncryptionConfiguration={"Rules": rules})
    s3.put_object(Bucket="secret", Key="k", Body=b"1")
    objects = allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::secret/*")
    without = session(server, make_role(server, "without-key", objects), "s3")
    assert "kms:Decrypt" in error_of(without.get_object, Bucket="secret", Key="k")[1]
    assert (
        "kms:GenerateDataKey" in error_of(without.put_object, Bucket="secret", Key="k", Body=b"")[1]
    )
    via = {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}
    role = make_role(
        server,
        "with-key",
        objects,
        allow(["kms:Decrypt", "kms:GenerateDataKey"], key, Condition=via),
    )
    s3 = session(server, role, "s3")
    s3.put_object(Bucket="secret", Key="k", Body=b"2")
    assert s3.get_object(Bucket="secret", Key="k")["Body"].read() == b"2"
    # The condition holds for S3 only.
    assert error_of(session(server, role, "kms").generate_data_key, KeyId=key, KeySpec="AES_256")[
        0
    ] == ("AccessDeniedException")
    # A policy of the key that does not name the account makes identity-based policies void.
    own = allow("kms:*", "*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=document(own))
    text = error_of(s3.get_object, Bucket="secret", Key="k")[1]
    assert text.endswith("because no resource-based policy allows the kms:Decrypt action")


def test_a_function_calls_with_its_role(server, bucket):
    source = (
        "import boto3\ndef handler(e, c):\n"
        "    arn = boto3.client('sts').get_caller_identity()['Arn']\n"
        "    try:\n        boto3.client('s3').put_object(Bucket='data', Key='x', Body=b'')\n"
        "    except Exception as error:\n        return [arn, str(error)]\n"
    )
    role = make_role(server, "function", principal={"Service": "lambda.amazonaws.com"})
    functions = server.client("lambda")
    functions.create_function(
        FunctionName="writer", Runtime="python3.12", Handler="main.handler", Role=role,
        Code={"ZipFile": make_zip({"main.py": source})},
    )  # fmt: skip
    arn, text = json.load(functions.invoke(FunctionName="writer")["Payload"])
    assert arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/function/writer"
    assert "AccessDenied" in text and "s3:PutObject" in text
    found = request(server.endpoint_url, "ledger", "function")["entries"]
    stream = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/writer:log-stream:*"
    assert [(item["kind"], item["missing"]) for item in found if not item["allowed"]] == [
        # Lambda writes the log with the role.
        ("service", allow("logs:CreateLogStream", stream)),
        ("service", allow("logs:PutLogEvents", stream)),
        ("api", allow("s3:PutObject", "arn:aws:s3:::data/x")),
    ]
    generated = request(server.endpoint_url, "policy", "function")["Statement"]
    assert allow(["s3:PutObject"], ["arn:aws:s3:::data/x"]) in generated


def test_eventbridge_needs_the_policy_of_a_queue(server):
    sqs, events = server.client("sqs"), server.client("events")
    queues = {}
    for name in ("open", "closed"):
        queues[name] = sqs.create_queue(QueueName=name)["QueueUrl"]
        rule = events.put_rule(Name=name, EventPattern='{"source": ["test"]}')["RuleArn"]
        target = {"Id": "q", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"}
        events.put_targets(Rule=name, Targets=[target])
        statement = allow(
            "sqs:SendMessage", target["Arn"], Principal={"Service": "events.amazonaws.com"},
            Condition={"ArnEquals": {"aws:SourceArn": rule if name == "open" else f"{rule}-other"}},
        )  # fmt: skip
        sqs.set_queue_attributes(QueueUrl=queues[name], Attributes={"Policy": document(statement)})
    events.put_events(Entries=[{"Source": "test", "DetailType": "t", "Detail": "{}"}])
    assert sqs.receive_message(QueueUrl=queues["open"], WaitTimeSeconds=10)["Messages"]
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = request(server.endpoint_url, "ledger", "events.amazonaws.com")["entries"]
        if {item["allowed"] for item in found} == {True, False}:
            break
        time.sleep(0.05)
    assert {item["resource"].rpartition(":")[2]: item["allowed"] for item in found} == {
        "open": True, "closed": False,
    }  # fmt: skip
    assert "Messages" not in sqs.receive_message(QueueUrl=queues["closed"])


def test_api_gateway_calls_a_function_as_a_service(server):
    api = World(server).api("enforced")
    api.route("POST /", AuthorizationType="AWS_IAM")
    api.stage()
    assert api.post("/", {}, keys=TEST_KEYS).status == 200
    found = request(server.endpoint_url, "ledger", "apigateway.amazonaws.com")["entries"]
    assert [(item["action"], item["allowed"]) for item in found] == [
        ("lambda:InvokeFunction", True)
    ]


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("sts", "InvalidClientTokenId"),
        ("sagemaker", "UnrecognizedClientException"),
        ("s3", "InvalidAccessKeyId"),
    ],
)
def test_an_unknown_key(server, service, code):
    client = client_of(server, service, {"AccessKeyId": "AKIAUNKNOWN", "SecretAccessKey": "x"})
    call = {"sts": "get_caller_identity", "sagemaker": "list_models", "s3": "list_buckets"}[service]
    assert error_of(getattr(client, call))[0] == code


def test_a_wrong_secret_and_a_wrong_token(server):
    role = make_role(server, "tokens", ALL)
    keys = server.client("sts").assume_role(RoleArn=role, RoleSessionName="one")["Credentials"]
    wrong = client_of(server, "s3", {**keys, "SecretAccessKey": "x"})
    assert error_of(wrong.list_buckets)[0] == "SignatureDoesNotMatch"
    other = client_of(server, "sts", {**keys, "SessionToken": "x"})
    assert error_of(other.get_caller_identity)[0] == "InvalidClientTokenId"


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_signed_url(server, bucket, version):
    keys = {"AccessKeyId": "test", "SecretAccessKey": "test"}
    s3 = client_of(server, "s3", keys, signature_version=version)
    url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "in/a.csv"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url) as answer:
        assert answer.read() == b"a"
    for wrong in (
        url.replace("a.csv", "b.csv"),
        s3.generate_presigned_url("list_buckets", ExpiresIn=-1),
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            opener.open(wrong)
        with refused.value:
            assert refused.value.code == 403


def test_a_request_without_a_signature(server, bucket):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with pytest.raises(urllib.error.HTTPError) as refused:
        opener.open(f"{server.endpoint_url}/{bucket}/in/a.csv")
    with refused.value:
        assert refused.value.code == 403


def test_what_is_not_known_is_refused_by_name(server):
    role = make_role(server, "explorer", ALL)
    code, text, _ = error_of(
        session(server, role, "dynamodb").batch_get_item, RequestItems={"t": {"Keys": [{}]}}
    )
    assert code == "NotImplementedException"
    assert "dynamodb:BatchGetItem" in text
