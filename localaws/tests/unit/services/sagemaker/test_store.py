"""Records and how they are listed."""

from datetime import UTC, datetime, timedelta

import pytest

from localaws.core.errors import AwsError
from localaws.services.sagemaker.listing import list_page
from localaws.services.sagemaker.store import Record, Store, tag_list, tag_map

START = datetime(2026, 1, 1, tzinfo=UTC)


class FakeContext:
    def arn(self, service, resource):
        return f"arn:aws:{service}:eu-west-1:1:{resource}"


def record(name, minutes):
    moment = START + timedelta(minutes=minutes)
    return Record(name, f"arn:{name}", {}, moment, moment)


RECORDS = [record("b", 0), record("a", 1), record("c", 2)]


def names(**params):
    return [r.name for r in list_page("ListModels", RECORDS, params)[0]]


def test_order():
    assert names() == ["b", "a", "c"]
    assert names(SortBy="Name") == ["a", "b", "c"]
    assert names(SortBy="Name", SortOrder="Descending") == ["c", "b", "a"]
    assert [r.name for r in list_page("ListModels", RECORDS, {}, descending=True)[0]] == [
        "c",
        "a",
        "b",
    ]


def test_filters():
    assert names(NameContains="A") == ["a"]
    assert names(CreationTimeAfter=START) == ["a", "c"]
    assert names(LastModifiedTimeBefore=START + timedelta(minutes=1)) == ["b"]
    page, _ = list_page(
        "ListModels", RECORDS, {"StatusEquals": "x"}, status=lambda r: "x" if r.name == "c" else "y"
    )
    assert [r.name for r in page] == ["c"]


def test_pages():
    first, token = list_page("ListModels", RECORDS, {"MaxResults": 2})
    second, end = list_page("ListModels", RECORDS, {"MaxResults": 2, "NextToken": token})
    assert ([r.name for r in first], [r.name for r in second], end) == (["b", "a"], ["c"], None)


@pytest.mark.parametrize("token", ["x", "bm90IGEgbnVtYmVy"])
def test_a_token_that_is_none(token):
    with pytest.raises(AwsError) as raised:
        list_page("ListModels", RECORDS, {"NextToken": token})
    assert raised.value.code == "ValidationException"


def test_tags_and_arns():
    assert tag_list(tag_map([{"Key": "a", "Value": "1"}])) == [{"Key": "a", "Value": "1"}]
    store = Store(FakeContext())
    store.table("model").put(RECORDS[0])
    assert store.by_arn("arn:b") is RECORDS[0]
    assert store.by_arn("arn:z") is None
    store.table("model").remove("b")
    assert store.table("model").get("b") is None
    assert store.table("model").arn("Mine") == "arn:aws:sagemaker:eu-west-1:1:model/mine"
