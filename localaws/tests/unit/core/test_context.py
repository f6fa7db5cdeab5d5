import threading
from pathlib import Path

from botocore.config import Config

from localaws.core.clock import Clock
from localaws.core.context import ClientCache, Context
from localaws.core.processes import ProcessTable
from localaws.core.shared import SharedObjects

ROLE = "arn:aws:iam::123456789012:role/job"
IMPATIENT = Config(read_timeout=7)


class FakeSts:
    def __init__(self, cache):
        self.cache = cache
        self.calls = 0

    def assume_role(self, **_request):
        # The answer comes from another thread of the same server, which may need a client too.
        helper = threading.Thread(target=self.cache.client, args=("logs", "eu-west-1", None))
        helper.start()
        helper.join(5)
        assert not helper.is_alive(), "a lock is held during a request"
        self.calls += 1
        return {"Credentials": {"AccessKeyId": "k", "SecretAccessKey": "s", "SessionToken": "t"}}


class CacheWithFakeSts(ClientCache):
    def __init__(self):
        super().__init__("http://127.0.0.1:1")
        self.sts = FakeSts(self)

    def _create(self, service_name, region, credentials, config):
        if service_name == "sts":
            return self.sts
        return super()._create(service_name, region, credentials, config)


def test_a_client_is_created_once_for_each_service_region_role_and_configuration():
    cache = CacheWithFakeSts()
    client = cache.client("s3", "eu-west-1", None)
    assert cache.client("s3", "eu-west-1", None) is client
    assert cache.client("s3", "us-east-1", None) is not client
    assert cache.client("s3", "eu-west-1", ROLE) is not client
    impatient = cache.client("s3", "eu-west-1", None, IMPATIENT)
    assert impatient is cache.client("s3", "eu-west-1", None, IMPATIENT) is not client


def test_a_configuration_changes_only_what_it_names():
    config = CacheWithFakeSts().client("s3", "eu-west-1", None, IMPATIENT).meta.config
    assert config.read_timeout == 7
    assert config.s3["addressing_style"] == "path"
    assert config.max_pool_connections == 64


def test_a_role_is_assumed_once():
    cache = CacheWithFakeSts()
    assert cache.credentials(ROLE, "eu-west-1")["SessionToken"] == "t"
    cache.client("s3", "eu-west-1", ROLE)
    assert cache.credentials(ROLE, "us-east-1")["AccessKeyId"] == "k"
    assert cache.sts.calls == 1
    assert cache.credentials(None, "eu-west-1")["AccessKeyId"] == "localaws"


def context_with(event_bus):
    return Context(
        account_id="123456789012", region="eu-west-1", endpoint_url="http://127.0.0.1:1",
        work_dir=Path("unused"), clock=Clock(), processes=ProcessTable(), clients=CacheWithFakeSts(),
        log_store=None, shared_objects=SharedObjects(), event_bus=event_bus,
    )  # fmt: skip


def test_an_event_goes_to_the_bus_of_the_account_and_region():
    published = []
    context = context_with(lambda *arguments: published.append(arguments))
    context.publish("aws.sagemaker", "Job State Change", {"a": 1}, ["arn:job"])
    ((account, region, event),) = published
    assert (account, region) == ("123456789012", "eu-west-1")
    assert event.pop("time").endswith("Z")
    assert event == {
        "source": "aws.sagemaker",
        "detail-type": "Job State Change",
        "detail": {"a": 1},
        "resources": ["arn:job"],
    }


def test_an_event_that_cannot_be_published_fails_nobody(caplog):
    def broken(*_arguments):
        raise RuntimeError("no bus")

    context_with(broken).publish("aws.sagemaker", "Job State Change", {}, [])
    assert "'Job State Change' of aws.sagemaker was not published" in caplog.text
