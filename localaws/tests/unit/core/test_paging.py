import base64
import json
from datetime import UTC, datetime
from operator import itemgetter

import pytest

from localaws.core.errors import AwsError
from localaws.core.paging import page


def invalid(token):
    return AwsError("InvalidToken", f"Invalid Token: '{token}'")


def pages(items, size, **options):
    token, found = None, []
    while True:
        chosen, token = listed(items, size, token, **options)
        found.append(chosen)
        if token is None:
            return found


def listed(items, size, token=None, listing="letters", position=lambda item: item, **options):
    return page(
        items, position, listing=listing, token=token, size=size, invalid_token=invalid, **options
    )


def test_items_are_sorted_by_their_position_and_cut_into_pages():
    assert pages("cabed", 2) == [["a", "b"], ["c", "d"], ["e"]]
    assert pages("cabed", 2, descending=True) == [["e", "d"], ["c", "b"], ["a"]]
    assert pages("cab", 3) == [["a", "b", "c"]]
    assert pages("", 3) == [[]]


def test_an_empty_token_asks_for_the_first_page():
    assert listed("ab", 1, token="")[0] == ["a"]


@pytest.mark.parametrize("descending", [False, True])
def test_a_page_follows_the_one_before_it_while_items_come_and_go(descending):
    items = [10, 20, 30, 40]
    _, token = listed(items, 2, descending=descending)
    last = 30 if descending else 20
    changed = [5, *(item for item in items if item != last), 45]
    following = [20, 10] if descending else [30, 40]
    assert listed(changed, 2, token, descending=descending)[0] == following


def test_equal_values_are_told_apart_by_a_second_one():
    items = [("x", 2), ("x", 1), ("w", 3)]
    chosen, token = listed(items, 2, position=itemgetter(0, 1))
    assert chosen == [("w", 3), ("x", 1)]
    assert listed(items, 2, token, position=itemgetter(0, 1)) == ([("x", 2)], None)


def test_a_float_position_survives_the_token_exactly():
    items = [0.1 + 0.2, 0.3, 1 / 3]
    assert pages(items, 1) == [[0.3], [0.1 + 0.2], [1 / 3]]


@pytest.mark.parametrize("other", ["numbers", ["letters", {"status": "FAILED"}]])
def test_a_token_of_another_listing_is_refused_in_the_services_words(other):
    _, token = listed("abc", 1, listing=["letters", {}])
    with pytest.raises(AwsError) as caught:
        listed("abc", 1, token, listing=other)
    assert caught.value.code == "InvalidToken"
    assert token in caught.value.message


def test_filters_may_hold_times():
    since = {"CreationTimeAfter": datetime(2026, 1, 2, tzinfo=UTC)}
    _, token = listed("abc", 1, listing=["letters", since])
    assert listed("abc", 1, token, listing=["letters", dict(since)])[0] == ["b"]


def made_up(document):
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode()


@pytest.mark.parametrize(
    "token", ["nonsense", "é", "MQ==", made_up(7), made_up([]), made_up(["a", "b", "c"]), made_up({})]
)  # fmt: skip
def test_what_is_no_token_is_refused(token):
    with pytest.raises(AwsError, match="InvalidToken"):
        listed("abc", 1, token)


def test_a_token_whose_position_was_changed_is_refused():
    _, token = listed("abc", 1)
    digest, _ = json.loads(base64.urlsafe_b64decode(token))
    for position in (7, None, [1], {}):
        with pytest.raises(AwsError, match="InvalidToken"):
            listed("abc", 1, made_up([digest, position]))
