"""Web pages and other users of the machine are refused before anything runs; AWS clients are not."""

import hashlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from localaws.testing import REGION, running
from server.browser import BlockedError, Page

EVIL = "http://evil.example"
APP = "http://app.example:3000"
OTHER_USER = 54321
EVERY_PATH = [
    "/",
    "/_localaws/health",
    "/_localaws/other",
    "/moto-api/reset",
    "/bucket/key",
    "/%2F",
]
FORM = "application/x-www-form-urlencoded"
JSON = "application/x-amz-json-1.1"
EMPTY = hashlib.sha256(b"").hexdigest()

needs_root = pytest.mark.skipif(
    os.getuid() != 0, reason="only root can run a process as another user"
)


@pytest.fixture(scope="module")
def open_localaws(tmp_path_factory):
    """A server with every setting that lets somebody in."""
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("LOCALAWS_ALLOWED_ORIGINS", f"{APP}, https://other.example")
            environment.setenv("LOCALAWS_ALLOWED_HOSTS", "build.example,.build.example")
            environment.setenv("LOCALAWS_ALLOW_OTHER_USERS", "1")
            server = stack.enter_context(running(tmp_path_factory.mktemp("open")))
        yield server


def signed(service, **headers):
    """A signature that is wrong, for requests that are refused before it counts."""
    credential = f"any/20260101/{REGION}/{service}/aws4_request"
    signature = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"
    return {"Authorization": signature, **headers}


def correctly_signed(page, service, method, path, body, **headers):
    host = page.host or urlsplit(page.endpoint_url).netloc
    request = AWSRequest(
        method, f"http://{host}{path}", headers={"Host": host, **headers}, data=body
    )
    SigV4Auth(Credentials("test", "test"), service, REGION).add_auth(request)
    return {name: value for name, value in request.headers.items() if name != "Host"}


def create_role(page, name):
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                            "Principal": {"Service": "sagemaker.amazonaws.com"}}]}  # fmt: skip
    form = {"Action": "CreateRole", "Version": "2010-05-08", "RoleName": name,
            "AssumeRolePolicyDocument": json.dumps({"Version": "2012-10-17", **trust})}  # fmt: skip
    body = urlencode(form).encode()
    headers = correctly_signed(page, "iam", "POST", "/", body, **{"Content-Type": FORM})
    return page.fetch("POST", "/", headers, body)


def create_job(page, name):
    image = f"141502667606.dkr.ecr.{REGION}.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
    document = {
        "ProcessingJobName": name,
        "RoleArn": f"arn:aws:iam::123456789012:role/{name}",
        "AppSpecification": {"ImageUri": image, "ContainerEntrypoint": ["id"]},
        "ProcessingResources": {"ClusterConfig": cluster},
    }
    body = json.dumps(document).encode()
    headers = {"X-Amz-Target": "SageMaker.CreateProcessingJob", "Content-Type": JSON}
    return page.fetch(
        "POST", "/", correctly_signed(page, "sagemaker", "POST", "/", body, **headers), body
    )


def upload_form(boundary, key):
    return (
        f'--{boundary}\r\nContent-Disposition: form-data; name="key"\r\n\r\n{key}\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        f"print(1)\r\n--{boundary}--\r\n"
    ).encode()


# --- web pages ---


def test_a_page_of_another_origin_cannot_run_a_job(localaws, aws):
    page = Page(localaws.endpoint_url, EVIL)
    with pytest.raises(BlockedError):
        create_role(page, "evil-job")
    with pytest.raises(BlockedError):
        create_job(page, "evil-job")
    assert page.sent == ["OPTIONS", "OPTIONS"]
    # Not even when a browser sends the request without asking.
    page.site, page.sent = "same-origin", []
    headers = signed("iam", Origin=EVIL, **{"Content-Type": FORM})
    form = {"Action": "CreateUser", "Version": "2010-05-08", "UserName": "evil-job"}
    answer = page._send("POST", "/", headers, urlencode(form).encode(), mode="cors")
    assert answer.status == 403
    assert (
        aws("sagemaker").list_processing_jobs(NameContains="evil")["ProcessingJobSummaries"] == []
    )
    for roles_or_users in (aws("iam").list_roles()["Roles"], aws("iam").list_users()["Users"]):
        assert not [found for found in roles_or_users if "evil" in found["Arn"]]


def test_a_form_of_another_origin_cannot_upload_code(localaws, aws):
    aws("s3").create_bucket(
        Bucket="form-target", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    for origin in (EVIL, None, "http://localhost:8888"):
        page = Page(localaws.endpoint_url, origin)
        kind, body = "multipart/form-data; boundary=x", upload_form("x", "code/preprocess.py")
        assert page.submit_form("/form-target", kind, body).status == 403
        page.origin = origin or "null"
        assert page.fetch_no_cors("POST", "/form-target", kind, body).status == 403
        assert page.fetch("POST", "/form-target", {"Content-Type": kind}, body).status == 403
    assert "Contents" not in aws("s3").list_objects_v2(Bucket="form-target")


@pytest.mark.parametrize("path", EVERY_PATH)
@pytest.mark.parametrize("origin", [EVIL, "null", "https://127.0.0.1", "http://localhost"])
def test_no_path_answers_a_page_of_another_origin(localaws, origin, path):
    page = Page(localaws.endpoint_url, origin)
    answers = [
        page.fetch("GET", path),
        page.fetch_no_cors("GET", path, "", b""),
        page.fetch_no_cors("POST", path, "text/plain", b'{"x": 1}'),
        page.submit_form(path, FORM, b"Action=ListUsers&Version=2010-05-08"),
        page.follow_link(path),
    ]
    assert [answer.status for answer in answers] == [403] * len(answers)
    assert not any(answer.readable for answer in answers)
    for method in ("PUT", "DELETE", "PATCH"):
        with pytest.raises(BlockedError):
            page.fetch(method, path)
    with pytest.raises(BlockedError):
        page.fetch("GET", path, {"X-Amz-Target": "SageMaker.ListModels"})


@pytest.mark.parametrize("path", EVERY_PATH)
@pytest.mark.parametrize(
    "name", ["evil.example", "127.0.0.1.evil.example", "notlocalhost", "0.0.0.0", ""]
)
def test_a_name_that_was_rebound_to_this_machine_is_refused(localaws, name, path):
    port = urlsplit(localaws.endpoint_url).port
    host = f"{name}:{port}"
    # For the browser, the page and this server are one site.
    page = Page(localaws.endpoint_url, f"http://{host}", host=host, site="same-origin")
    answers = [
        page.follow_link(path),
        page.fetch_no_cors("GET", path, "", b""),
        page.submit_form(path, "text/plain", b"x"),
        page._send("POST", path, signed("sagemaker"), b"{}", mode="cors"),
    ]
    assert [answer.status for answer in answers] == [403] * len(answers)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_link_on_a_page_of_another_origin_is_refused(localaws, site):
    page = Page(localaws.endpoint_url, None, site=site)
    assert page.follow_link("/_localaws/health").status == 403


def test_an_address_that_a_person_opens_is_answered(localaws):
    page = Page(localaws.endpoint_url, None, site="none")
    assert page.follow_link("/_localaws/health").status == 200
    own = Page(localaws.endpoint_url, localaws.endpoint_url, site="same-origin")
    assert own.fetch_no_cors("POST", "/_localaws/health", "text/plain", b"").status == 200


def test_no_response_has_a_cors_header(localaws):
    page = Page(localaws.endpoint_url, None, site="none")
    answers = [page._send(method, path, {}, b"", mode="cors")
               for method in ("GET", "OPTIONS", "HEAD") for path in EVERY_PATH]  # fmt: skip
    answers.append(create_role(page, "no-cors"))
    answers.append(create_job(page, "no-cors"))
    assert {answer.status for answer in answers} >= {200}
    named = {name for answer in answers for name in answer.headers}
    assert not [name for name in named if name.startswith("access-control-")]


def test_a_request_cannot_hide_its_host(localaws):
    page = Page(localaws.endpoint_url, None, site="none")
    health = "/_localaws/health"
    assert page._send("GET", f"http://evil.example{health}", {}, b"", mode="cors").status == 403
    page.host = "127.0.0.1, evil.example"
    assert page.follow_link(health).status == 403


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost:1", "LOCALHOST", "[::1]:4566", "a-bucket.s3.localhost:4566"]
)
def test_every_local_name_is_answered(localaws, host):
    assert (
        Page(localaws.endpoint_url, None, host, "none").follow_link("/_localaws/health").status
        == 200
    )


# --- settings ---


def test_a_page_of_an_allowed_origin_may_send_and_read(open_localaws):
    page = Page(open_localaws.endpoint_url, APP)
    answer = create_role(page, "from-the-app")
    assert (answer.status, answer.readable, page.sent) == (200, True, ["OPTIONS", "POST"])
    health = page.fetch("GET", "/_localaws/health")
    assert (health.status, health.readable) == (200, True)
    assert health.headers["vary"] == "Origin"
    path = "/no-such-bucket"
    headers = correctly_signed(page, "s3", "GET", path, b"", **{"X-Amz-Content-Sha256": EMPTY})
    error = page.fetch("GET", path, headers)
    assert (error.status, error.readable) == (404, True)
    for other in (EVIL, "http://app.example", f"{APP}0", "null"):
        with pytest.raises(BlockedError):
            create_role(Page(open_localaws.endpoint_url, other), "other")


def test_an_allowed_host_is_answered(open_localaws):
    for host, status in (
        ("build.example:80", 200),
        ("a.build.example", 200),
        ("xbuild.example", 403),
    ):
        page = Page(open_localaws.endpoint_url, None, host, "none")
        assert page.follow_link("/_localaws/health").status == status


def test_a_setting_that_is_not_allowed_stops_the_start(tmp_path):
    answer = subprocess.run(
        [sys.executable, "-m", "localaws", "start", "--port", "0", "--state-dir", tmp_path],
        env={**os.environ, "LOCALAWS_ALLOWED_ORIGINS": "*"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert answer.returncode == 2
    assert "LOCALAWS_ALLOWED_ORIGINS contains '*', but must list origins" in answer.stderr


# --- users of the machine ---

# Another user may not be able to read the interpreter's modules: all are imported before.
_CALL = """
import encodings.idna, os, sys, urllib.error, urllib.request
if sys.argv[2] != "same":
    os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
try:
    answer = urllib.request.urlopen(sys.argv[1])
except urllib.error.HTTPError as error:
    answer = error
print(answer.status, answer.read().decode())
"""


def call_as(url, user, *before):
    done = subprocess.run(
        [*before, sys.executable, "-I", "-c", _CALL, url, str(user)],
        cwd="/", capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_root
@pytest.mark.parametrize("path", ["/", "/_localaws/health"])
def test_another_user_is_refused(localaws, path):
    said = call_as(f"{localaws.endpoint_url}{path}", OTHER_USER)
    assert said.startswith("403 ")
    assert f"from user {OTHER_USER}" in said
    assert "LOCALAWS_ALLOW_OTHER_USERS=1" in said


@needs_root
def test_another_user_who_hangs_up_at_once_is_refused(localaws, aws):
    # The kernel shows a socket without a process as one of root.
    code = (
        "import os, socket, sys; os.setuid(int(sys.argv[2])); bucket = sys.argv[3]; "
        "s = socket.socket(); s.connect(('127.0.0.1', int(sys.argv[1]))); "
        "s.send(f'PUT /{bucket} HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n'.encode()); s.close()"
    )
    port = str(urlsplit(localaws.endpoint_url).port)
    for number in range(20):
        arguments = [port, str(OTHER_USER), f"hung-up-{number}"]
        subprocess.run([sys.executable, "-I", "-c", code, *arguments], cwd="/", check=True)
    time.sleep(0.5)
    assert not [b for b in aws("s3").list_buckets()["Buckets"] if b["Name"].startswith("hung-up")]


@needs_root
def test_other_users_can_be_allowed(open_localaws):
    url = f"{open_localaws.endpoint_url}/_localaws/health"
    assert call_as(url, OTHER_USER).startswith("200 ")


def test_the_same_user_in_a_user_namespace_is_answered(localaws):
    url = f"{localaws.endpoint_url}/_localaws/health"
    said = call_as(url, "same", "unshare", "--user", "--map-root-user", "--mount")
    assert said.startswith("200 ")


# --- AWS clients ---


def test_boto3_and_the_aws_cli_go_on_working(localaws, aws):
    assert aws("sts").get_caller_identity()["Account"] == "123456789012"
    with pytest.raises(ClientError, match="NoSuchBucket"):
        aws("s3").list_objects_v2(Bucket="never-created")
    port = urlsplit(localaws.endpoint_url).port
    for endpoint_url in (localaws.endpoint_url, f"http://localhost:{port}"):
        done = subprocess.run(
            [Path(sys.executable).parent / "aws", "sts", "get-caller-identity"],
            env=localaws.environment | {"AWS_ENDPOINT_URL": endpoint_url},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


def test_a_presigned_url_opens_without_headers(localaws, aws):
    s3 = aws("s3")
    bucket = {"LocationConstraint": REGION}
    s3.create_bucket(Bucket="presigned-target", CreateBucketConfiguration=bucket)
    s3.put_object(Bucket="presigned-target", Key="report.html", Body=b"<p>report</p>")
    target = {"Bucket": "presigned-target", "Key": "report.html"}
    url = s3.generate_presigned_url("get_object", Params=target)
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"<p>report</p>"
