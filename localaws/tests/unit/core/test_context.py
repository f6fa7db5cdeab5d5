import threading

from botocore.config import Config

from localaws.core.context import ClientCache

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
