"""A job of GitHub Actions gets a token and assumes a role with it, or is refused with the reason."""

import base64
import json
import time
import urllib.error
import urllib.request

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from localaws.core.jwt import SigningKey

ISSUER = "token.actions.githubusercontent.com"
REPOSITORY = "octo-org/landing-zone"
AUDIENCE = "sts.amazonaws.com"


def call(url, body=None, token=""):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers)) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def oidc(localaws):
    return f"{localaws.endpoint_url}/_github/oidc/"


@pytest.fixture(scope="module")
def iam(aws):
    client = aws("iam")
    client.create_open_id_connect_provider(Url=f"https://{ISSUER}", ClientIDList=[AUDIENCE])
    return client


@pytest.fixture(scope="module")
def sts(localaws):
    return boto3.client(
        "sts",
        endpoint_url=localaws.endpoint_url,
        region_name="eu-west-1",
        config=Config(signature_version=UNSIGNED, retries={"max_attempts": 0}),
    )


@pytest.fixture
def role(iam):
    """Makes a role that trusts GitHub's tokens under these conditions."""

    def create(conditions, *more_statements, **options):
        statement = {
            "Effect": "Allow",
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{ISSUER}"},
            "Condition": conditions,
        }
        policy = {"Version": "2012-10-17", "Statement": [statement, *more_statements]}
        name = f"role-{len(iam.list_roles()['Roles'])}"
        created = iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps(policy), **options
        )
        return created["Role"]["Arn"]

    return create


def equals(**claims):
    return {"StringEquals": {f"{ISSUER}:{name}": value for name, value in claims.items()}}


def mint(oidc, audience=AUDIENCE, **job):
    access = call(f"{oidc}jobs", {"repository": REPOSITORY, **job})
    return call(f"{access['url']}&audience={audience}", token=access["token"])["value"]


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def assume(sts, role_arn, token, **options):
    return sts.assume_role_with_web_identity(
        RoleArn=role_arn, RoleSessionName="plan", WebIdentityToken=token, **options
    )


def refusal(sts, role_arn, token, **options):
    with pytest.raises(ClientError) as caught:
        assume(sts, role_arn, token, **options)
    error = caught.value.response
    return (
        error["Error"]["Code"],
        error["Error"]["Message"],
        error["ResponseMetadata"]["HTTPStatusCode"],
    )


DENIED = ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403)
SUBJECT = f"repo:{REPOSITORY}:pull_request"


def test_a_trusted_job_gets_credentials(oidc, role, sts, localaws):
    arn = role(equals(sub=SUBJECT, aud=AUDIENCE))
    answer = assume(sts, arn, mint(oidc, event_name="pull_request"))
    assert answer["SubjectFromWebIdentityToken"] == SUBJECT
    assert answer["Provider"].endswith(f":oidc-provider/{ISSUER}")
    assert answer["Audience"] == AUDIENCE
    session = boto3.client(
        "sts",
        endpoint_url=localaws.endpoint_url,
        region_name="eu-west-1",
        aws_access_key_id=answer["Credentials"]["AccessKeyId"],
        aws_secret_access_key=answer["Credentials"]["SecretAccessKey"],
        aws_session_token=answer["Credentials"]["SessionToken"],
    )
    name = arn.rpartition("/")[2]
    assert session.get_caller_identity()["Arn"].endswith(f":assumed-role/{name}/plan")


@pytest.mark.parametrize(
    ("job", "subject"),
    [
        ({"event_name": "pull_request"}, f"repo:{REPOSITORY}:pull_request"),
        ({"environment": "production"}, f"repo:{REPOSITORY}:environment:production"),
        ({"environment": "a:b"}, f"repo:{REPOSITORY}:environment:a%3Ab"),
        ({"event_name": "schedule"}, f"repo:{REPOSITORY}:ref:refs/heads/main"),
        ({"event_name": "issue_comment"}, f"repo:{REPOSITORY}:ref:refs/heads/main"),
        (
            {"repository_owner_id": "12", "repository_id": "34", "immutable_subject": True},
            "repo:octo-org@12/landing-zone@34:ref:refs/heads/main",
        ),
    ],
)
def test_the_subject_is_that_of_github(oidc, job, subject):
    claims = claims_of(mint(oidc, **job))
    assert claims["sub"] == subject
    assert claims["iss"] == f"https://{ISSUER}"
    assert claims["aud"] == AUDIENCE
    assert claims["exp"] - claims["iat"] == 300


def test_without_audience_it_is_the_owner(oidc):
    assert claims_of(mint(oidc, audience=""))["aud"] == "https://github.com/octo-org"


def test_the_configuration_and_the_keys(oidc):
    found = call(f"{oidc}.well-known/openid-configuration")
    assert found["issuer"] == f"https://{ISSUER}"
    (key,) = call(found["jwks_uri"])["keys"]
    assert (key["kty"], key["alg"], key["use"]) == ("RSA", "RS256", "sig")


def test_a_request_token_is_needed(oidc):
    with pytest.raises(urllib.error.HTTPError) as caught:
        call(f"{oidc}token?audience=x", token="guessed")
    with caught.value as error:
        assert error.code == 401
        assert "No job has this request token" in json.load(error)["message"]


def test_a_role_that_trusts_another_subject(oidc, role, sts):
    arn = role(equals(sub=f"repo:{REPOSITORY}:environment:production", aud=AUDIENCE))
    assert refusal(sts, arn, mint(oidc, event_name="pull_request")) == DENIED


def test_the_immutable_subject_is_another_one(oidc, role, sts):
    arn = role(equals(sub=SUBJECT))
    token = mint(oidc, event_name="pull_request", immutable_subject=True)
    assert refusal(sts, arn, token) == DENIED


def test_a_role_that_wants_another_audience(oidc, role, sts):
    arn = role(equals(aud="another"))
    assert refusal(sts, arn, mint(oidc)) == DENIED


def test_an_audience_that_is_not_registered(oidc, role, sts):
    token = mint(oidc, audience="https://example.com")
    expected = ("InvalidIdentityToken", "Incorrect token audience", 400)
    assert refusal(sts, role(equals(sub=SUBJECT)), token) == expected


def test_an_issuer_that_is_not_registered(iam, role, sts):
    now = int(time.time())
    claims = {"iss": "https://issuer.example", "aud": AUDIENCE, "sub": SUBJECT, "iat": now}
    token = SigningKey().sign({**claims, "exp": now + 300})
    assert refusal(sts, role(equals(sub=SUBJECT)), token) == (
        "InvalidIdentityToken",
        "No OpenIDConnect provider found in your account for https://issuer.example",
        400,
    )


def test_a_registered_issuer_whose_keys_cannot_be_read(iam, role, sts):
    iam.create_open_id_connect_provider(Url="https://other.example", ClientIDList=[AUDIENCE])
    now = int(time.time())
    claims = {"iss": "https://other.example", "aud": AUDIENCE, "sub": SUBJECT, "iat": now}
    code, message, status = refusal(
        sts, role(equals(sub=SUBJECT)), SigningKey().sign({**claims, "exp": now + 300})
    )
    assert (code, status) == ("InvalidIdentityToken", 400)
    assert message.startswith("Couldn't retrieve verification key from your identity provider")


def test_a_signature_by_another_key(iam, oidc, role, sts):
    token = SigningKey().sign(claims_of(mint(oidc, event_name="pull_request")))
    code, message, _ = refusal(sts, role(equals(sub=SUBJECT)), token)
    assert (code, "signature" in message) == ("InvalidIdentityToken", True)


def test_claims_that_were_changed(oidc, role, sts):
    header, _, signature = mint(oidc).split(".")
    changed = {**claims_of(mint(oidc)), "sub": SUBJECT}
    body = base64.urlsafe_b64encode(json.dumps(changed).encode()).rstrip(b"=").decode()
    code, _, _ = refusal(sts, role(equals(sub=SUBJECT)), f"{header}.{body}.{signature}")
    assert code == "InvalidIdentityToken"


def test_a_text_that_is_no_token(role, sts):
    code, message, _ = refusal(sts, role(equals(sub=SUBJECT)), "no-token")
    assert code == "InvalidIdentityToken"
    assert message.startswith("The ID Token provided is not a valid JWT.")


def test_a_role_that_does_not_exist(oidc, iam, sts):
    assert refusal(sts, "arn:aws:iam::123456789012:role/missing", mint(oidc)) == DENIED


def test_a_claim_of_github_as_condition(oidc, role, sts):
    workflow = f"{REPOSITORY}/.github/workflows/plan.yml@refs/heads/main"
    arn = role(equals(sub=f"repo:{REPOSITORY}:ref:refs/heads/main", job_workflow_ref=workflow))
    assert assume(sts, arn, mint(oidc, job_workflow_ref=workflow))["Credentials"]
    assert refusal(sts, arn, mint(oidc, job_workflow_ref="other")) == DENIED


def test_a_claim_that_aws_does_not_evaluate(oidc, role, sts):
    arn = role(equals(sub=f"repo:{REPOSITORY}:ref:refs/heads/main", event_name="push"))
    assert refusal(sts, arn, mint(oidc, event_name="push")) == DENIED


def test_a_denial_wins(oidc, role, sts):
    denial = {
        "Effect": "Deny",
        "Action": "sts:*",
        "Principal": "*",
        "Condition": {"StringLike": {f"{ISSUER}:sub": f"repo:{REPOSITORY}:*"}},
    }
    arn = role(equals(aud=AUDIENCE), denial)
    assert refusal(sts, arn, mint(oidc)) == DENIED


def test_an_operator_for_numbers_refuses_a_text(oidc, role, sts):
    arn = role({"NumericEquals": {f"{ISSUER}:sub": "1"}})
    assert refusal(sts, arn, mint(oidc)) == DENIED


def test_a_session_longer_than_the_role_allows(oidc, role, sts):
    arn = role(equals(aud=AUDIENCE), MaxSessionDuration=3600)
    code, message, _ = refusal(sts, arn, mint(oidc), DurationSeconds=7200)
    assert code == "ValidationError"
    assert "MaxSessionDuration" in message


def test_a_token_that_has_expired(start_localaws, tmp_path):
    """An emulated hour passes in a second."""
    with start_localaws(tmp_path, "--time-scale", "3600") as server:
        oidc = f"{server.endpoint_url}/_github/oidc/"
        iam = server.client("iam")
        iam.create_open_id_connect_provider(Url=f"https://{ISSUER}", ClientIDList=[AUDIENCE])
        token = mint(oidc)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with pytest.raises(ClientError) as caught:
                assume(server.client("sts"), "arn:aws:iam::123456789012:role/x", token)
            error = caught.value.response["Error"]
            if error["Code"] == "ExpiredTokenException":
                break
        assert error["Code"] == "ExpiredTokenException"
        assert "must be before the expiration date/time" in error["Message"]
