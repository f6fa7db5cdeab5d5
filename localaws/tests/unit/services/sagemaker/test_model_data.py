"""Model data is compared with what was recorded before it is unpacked."""

import hashlib
import io
import tarfile

import pytest

from localaws.core.errors import AwsError
from localaws.services.sagemaker.errors import ModelDataChangedError
from localaws.services.sagemaker.serving.downloads import Downloads
from localaws.services.sagemaker.serving.model_data import download_model, model_data_of

URI = "s3://bucket/models/model.tar.gz"


def archive(text):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        info = tarfile.TarInfo("code/inference.py")
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text))
    return buffer.getvalue()


class FakeS3:
    def __init__(self):
        self.objects = {}

    def get_object(self, Bucket, Key):  # noqa: N803 - boto3's names
        body = self.objects[f"s3://{Bucket}/{Key}"]
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        return {"Body": io.BytesIO(body), "ETag": f'"{etag}"'}


class FakeContext:
    region = "eu-west-1"

    def __init__(self):
        self.s3 = FakeS3()

    def client(self, service, role_arn=None):
        return self.s3


GOOD = archive(b"good")
SHA256 = hashlib.sha256(GOOD).hexdigest()
ETAG = hashlib.md5(GOOD, usedforsecurity=False).hexdigest()
SOURCE = {"S3Uri": URI, "S3DataType": "S3Object", "CompressionType": "Gzip"}
RECORDED = {
    "MODEL_SHA256": {"ModelDataUrl": URI, "Environment": {"MODEL_SHA256": SHA256}},
    "ModelDataETag": {"ModelDataUrl": URI, "ModelDataETag": ETAG},
    "ETag of the S3DataSource": {"ModelDataSource": {"S3DataSource": {**SOURCE, "ETag": ETAG}}},
    "quoted ETag": {"ModelDataUrl": URI, "ModelDataETag": f'"{ETAG}"'},
}


@pytest.fixture
def context():
    return FakeContext()


@pytest.fixture
def download(context, tmp_path):
    def run(container):
        data = model_data_of(container, "arn:package")
        download_model(context, "arn:role", data, tmp_path / "model", tmp_path)
        return tmp_path / "model"

    return run


@pytest.mark.parametrize("container", RECORDED.values(), ids=RECORDED)
def test_unchanged_model_data_is_unpacked(context, download, container):
    context.s3.objects[URI] = GOOD
    assert (download(container) / "code" / "inference.py").read_bytes() == b"good"


@pytest.mark.parametrize(("where", "container"), RECORDED.items(), ids=RECORDED)
def test_changed_model_data_is_not_unpacked(context, download, tmp_path, where, container):
    context.s3.objects[URI] = archive(b"bad")
    with pytest.raises(ModelDataChangedError) as raised:
        download(container)
    text = str(raised.value)
    assert text.startswith(f"{URI} is not the model that was registered: found ")
    assert (SHA256 if where == "MODEL_SHA256" else ETAG) in text
    assert where.removeprefix("quoted ETag") in text
    assert text.endswith("Restore the object, or train and register again.")
    assert not list((tmp_path / "model").iterdir())


def test_without_a_recorded_value_nothing_is_compared(context, download):
    context.s3.objects[URI] = archive(b"new")
    container = {"ModelDataUrl": URI, "Environment": {"MODEL_SHA256": ""}}
    assert (download(container) / "code" / "inference.py").read_bytes() == b"new"
    assert not list(download({}).glob("*.tar.gz"))


def test_a_prefix_cannot_be_compared():
    source = {"S3Uri": "s3://b/p/", "S3DataType": "S3Prefix", "CompressionType": "None"}
    for more in ({"ETag": ETAG}, {}):
        container = {
            "ModelDataSource": {"S3DataSource": {**source, **more}},
            "Environment": {} if more else {"MODEL_SHA256": SHA256},
        }
        with pytest.raises(AwsError, match="all objects under s3://b/p/, which cannot be compared"):
            model_data_of(container)


def test_a_second_download_gets_the_same_bytes(context, tmp_path):
    downloads = Downloads(context, None, tmp_path / "downloads")
    context.s3.objects[URI] = b"first"
    downloads.fetch(URI, tmp_path / "one")
    context.s3.objects[URI] = b"second"
    downloads.fetch(URI, tmp_path / "two")
    assert (tmp_path / "two").read_bytes() == (tmp_path / "one").read_bytes() == b"first"
