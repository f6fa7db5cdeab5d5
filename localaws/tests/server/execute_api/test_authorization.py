"""Who may call a route: signatures, tokens and Lambda authorizers."""

import http.server
import json
import shutil
import subprocess
import threading
import time

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from localaws.core.jwt import SigningKey
from server.execute_api.client import ACCOUNT, TEST_KEYS, send

FORBIDDEN = (403, {"message": "Forbidden"})
CURL = shutil.which("curl")


def credentials(world, name, *statements):
    """Temporary credentials of a new role with these statements as its policy."""
    iam = world.localaws.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    if statements:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)
    session = world.localaws.client("sts").assume_role(RoleArn=role, RoleSessionName="caller")
    keys = session["Credentials"]
    return Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def statement(api, resource, effect="Allow", **more):
    arn = f"arn:aws:execute-api:eu-west-1:{ACCOUNT}:{api.id}/{resource}"
    return {"Effect": effect, "Action": "execute-api:Invoke", "Resource": arn, **more}


def test_a_request_without_a_signature(api):
    reply = api.post("/signed", {})
    assert (reply.status, reply.json) == FORBIDDEN


def test_a_signed_request(api):
    reply = api.post("/v1/signed?b=2&a=1%20x", {"a": 1}, keys=TEST_KEYS)
    assert reply.status == 200
    caller = reply.json["requestContext"]["authorizer"]["iam"]
    assert caller["userArn"] == f"arn:aws:iam::{ACCOUNT}:root"
    assert caller["accountId"] == ACCOUNT
    assert "authorization" not in reply.json["headers"]


def test_a_signature_for_something_else(api):
    def headers(
        service="execute-api", region="eu-west-1", body=b"{}", path="/signed", keys=TEST_KEYS
    ):
        request = AWSRequest("POST", api.url + path, data=body)
        SigV4Auth(keys, service, region).add_auth(request)
        return dict(request.headers.items())

    url = api.url + "/signed"
    assert send(url, "POST", b"{}", headers()).status == 200
    wrong = {
        "service": headers(service="lambda"),
        "region": headers(region="us-east-1"),
        "body": headers(body=b"[]"),
        "path": headers(path="/echo"),
        "secret": headers(keys=Credentials("test", "guess")),
        "key": headers(keys=Credentials("AKIAUNKNOWN", "guess")),
        "unsigned header": {**headers(), "X-Amz-Security-Token": "token"},
        "characters": {**headers(), "Authorization": headers()["Authorization"][:-1] + "\xe9"},
        "time": {**headers(), "X-Amz-Date": "20200101T000000Z"},
        "form": {"Authorization": "AWS4-HMAC-SHA256 Credential=test"},
    }
    for reason, given in wrong.items():
        reply = send(url, "POST", b"{}", given)
        assert (reply.status, reply.json) == FORBIDDEN, reason


@pytest.mark.skipif(CURL is None, reason="curl is not installed")
def test_curl_signs(api):
    def curl(user):
        command = [CURL, "-sS", "--noproxy", "*", "--aws-sigv4", "aws:amz:eu-west-1:execute-api"]
        command += ["--user", user, "-H", "Content-Type: application/json", "-d", "{}"]
        return json.loads(
            subprocess.run([*command, api.url + "/signed"], capture_output=True, check=True).stdout
        )

    assert curl("test:test")["body"] == "{}"
    assert curl("test:guess") == {"message": "Forbidden"}


def test_the_policies_of_a_role_decide(world, api):
    allowed = credentials(world, "api-allowed", statement(api, "*/POST/signed"))
    reply = api.post("/v1/signed", {}, keys=allowed)
    caller = reply.json["requestContext"]["authorizer"]["iam"]
    assert caller["userArn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/api-allowed/caller"
    assert caller["userId"].endswith(":caller")
    stolen = Credentials(allowed.access_key, allowed.secret_key, "another token")
    nothing = credentials(world, "api-nothing")
    other = credentials(world, "api-other", statement(api, "v2/POST/*"))
    denied = credentials(
        world, "api-denied", statement(api, "*"), statement(api, "v1/POST/signed", effect="Deny")
    )
    for keys in (stolen, nothing, other, denied):
        refused = api.post("/v1/signed", {}, keys=keys)
        assert (refused.status, refused.json) == FORBIDDEN
    ledger = send(f"{world.localaws.endpoint_url}/_iam/ledger?principal=api-nothing").json
    assert [entry["missing"] for entry in ledger["entries"]] == [statement(api, "v1/POST/signed")]


def test_a_boundary_and_the_policy_of_a_session_limit_the_role(world, api):
    iam, sts = world.localaws.client("iam"), world.localaws.client("sts")
    allowed, other = (
        json.dumps({"Version": "2012-10-17", "Statement": statement(api, resource)})
        for resource in ("*/POST/signed", "*/GET/*")
    )
    answers = {}
    for name, boundary, session in (
        ("both", allowed, allowed), ("boundary", other, allowed), ("session", allowed, other),
    ):  # fmt: skip
        arn = iam.create_policy(PolicyName=f"api-{name}", PolicyDocument=boundary)["Policy"]["Arn"]
        role = iam.create_role(
            RoleName=f"api-limit-{name}", AssumeRolePolicyDocument="{}", PermissionsBoundary=arn
        )["Role"]
        iam.put_role_policy(RoleName=role["RoleName"], PolicyName="p", PolicyDocument=allowed)
        keys = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="one", Policy=session)
        found = keys["Credentials"]
        signer = Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
        answers[name] = api.post("/signed", {}, keys=signer).status
    assert answers == {"both": 200, "boundary": 403, "session": 403}


def test_the_policies_of_a_user_and_its_groups_decide(world, api):
    iam = world.localaws.client("iam")
    iam.create_user(UserName="api-user")
    key = iam.create_access_key(UserName="api-user")["AccessKey"]
    keys = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    assert api.post("/signed", {}, keys=keys).status == 403
    iam.create_group(GroupName="api-callers")
    document = json.dumps({"Version": "2012-10-17", "Statement": statement(api, "$default/*")})
    policy = iam.create_policy(PolicyName="api-call", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_group_policy(GroupName="api-callers", PolicyArn=policy)
    iam.add_user_to_group(GroupName="api-callers", UserName="api-user")
    assert api.post("/signed", {}, keys=keys).status == 200
    iam.update_access_key(UserName="api-user", AccessKeyId=keys.access_key, Status="Inactive")
    assert api.post("/signed", {}, keys=keys).status == 403


@pytest.fixture(scope="module")
def issuer():
    """An issuer of tokens, with its key and its address."""
    key = SigningKey()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            documents = {
                "/.well-known/openid-configuration": {"jwks_uri": f"{url}/keys"},
                "/keys": {"keys": [key.jwk]},
            }
            data = json.dumps(documents[self.path]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield key, url
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def jwt_api(world, issuer):
    api = world.api("jwt")
    authorizer = world.gateway.create_authorizer(
        ApiId=api.id, Name="jwt", AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": issuer[1], "Audience": ["predictions"]},
    )["AuthorizerId"]  # fmt: skip
    settings = {"AuthorizationType": "JWT", "AuthorizerId": authorizer}
    api.route("GET /any", **settings)
    api.route("GET /scoped", AuthorizationScopes=["read", "admin"], **settings)
    api.stage()
    return api


def claims(issuer, **more):
    now = int(time.time())
    base = {"iss": issuer[1], "aud": "predictions", "exp": now + 60, "iat": now, "sub": "me"}
    return {**base, **more}


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def test_a_valid_token(jwt_api, issuer):
    token = issuer[0].sign(claims(issuer, scope="read write", groups=["a", "b"], admin=True))
    found = jwt_api.get("/any", headers=bearer(token)).json["requestContext"]["authorizer"]["jwt"]
    assert found["claims"]["sub"] == "me"
    assert (found["claims"]["groups"], found["claims"]["admin"]) == ("[a b]", "true")
    assert found["scopes"] is None
    found = jwt_api.get("/scoped", headers=bearer(token)).json["requestContext"]["authorizer"]
    assert found["jwt"]["scopes"] == ["read", "write"]


@pytest.mark.parametrize(
    ("change", "description"),
    [
        ({"exp": 1}, "the token has expired"),
        ({"aud": "others"}, "the token does not have a valid audience"),
        ({"iss": "https://example.com"}, "the token does not have a valid issuer"),
        ({"nbf": 9_999_999_999}, "the token is not valid yet"),
        ({"exp": None}, "the token does not have a valid exp"),
    ],
)
def test_a_token_that_is_not_valid(jwt_api, issuer, change, description):
    reply = jwt_api.get("/any", headers=bearer(issuer[0].sign(claims(issuer, **change))))
    assert (reply.status, reply.json) == (401, {"message": "Unauthorized"})
    assert 'error="invalid_token"' in reply.headers["www-authenticate"]
    assert description in reply.headers["www-authenticate"]


def test_a_token_of_somebody_else(jwt_api, issuer):
    reply = jwt_api.get("/any", headers=bearer(SigningKey().sign(claims(issuer))))
    assert reply.status == 401
    assert jwt_api.get("/any", headers=bearer("nonsense")).status == 401
    missing = jwt_api.get("/any")
    assert (missing.status, missing.headers["www-authenticate"]) == (401, "Bearer")


def test_a_token_without_the_scope(jwt_api, issuer):
    token = issuer[0].sign(claims(issuer, scope="write"))
    reply = jwt_api.get("/scoped", headers=bearer(token))
    assert (reply.status, reply.json) == FORBIDDEN
    assert 'error="insufficient_scope"' in reply.headers["www-authenticate"]


def with_authorizer(world, name, version, **settings):
    api = world.api(name)
    arn = world.function(name)
    uri = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    authorizer = world.gateway.create_authorizer(
        ApiId=api.id, Name="a", AuthorizerType="REQUEST", AuthorizerUri=uri,
        AuthorizerPayloadFormatVersion=version, **settings,
    )["AuthorizerId"]  # fmt: skip
    api.route("GET /", AuthorizationType="CUSTOM", AuthorizerId=authorizer)
    api.stage()
    return api


def test_an_authorizer_with_simple_responses_is_cached(world):
    api = with_authorizer(
        world, "simple", "2.0", EnableSimpleResponses=True, AuthorizerResultTtlInSeconds=300,
        IdentitySource=["$request.header.X-Key"],
    )  # fmt: skip
    first = api.get("/", headers={"X-Key": "allow"})
    assert first.json["requestContext"]["authorizer"]["lambda"] == {"calls": 1}
    again = api.get("/", headers={"X-Key": "allow"})
    assert again.json["requestContext"]["authorizer"]["lambda"] == {"calls": 1}
    denied = api.get("/", headers={"X-Key": "deny"})
    assert (denied.status, denied.json) == FORBIDDEN
    missing = api.get("/")
    assert (missing.status, missing.json) == (401, {"message": "Unauthorized"})
    failed = api.get("/", headers={"X-Key": "fail"})
    assert (failed.status, failed.json) == (500, {"message": "Internal Server Error"})


def test_an_authorizer_with_policies(world):
    api = with_authorizer(world, "policy", "1.0", IdentitySource=["$request.querystring.key"])
    for calls in (1, 2):
        found = api.get("/?key=allow").json["requestContext"]["authorizer"]["lambda"]
        assert found == {"calls": calls, "principalId": "me"}
    assert api.get("/?key=deny").status == 403
    assert api.get("/").status == 401
