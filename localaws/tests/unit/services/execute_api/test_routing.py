import pytest

from localaws.core.errors import AwsError
from localaws.services.apigatewayv2.checks import check_route_key
from localaws.services.execute_api.routing import select


def routes(*keys):
    return [{"RouteKey": key} for key in keys]


@pytest.mark.parametrize(
    ("keys", "request_line", "wanted", "variables"),
    [
        # The examples of "Working with routes for HTTP APIs" in the developer guide.
        (["GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default"],
         "GET /pets/dog/1", "GET /pets/dog/1", {}),
        (["GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default"],
         "GET /pets/dog/2", "GET /pets/dog/{id}", {"id": "2"}),
        (["GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default"],
         "GET /pets/cat/1", "GET /pets/{proxy+}", {"proxy": "cat/1"}),
        (["GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default"],
         "POST /test/5", "ANY /{proxy+}", {"proxy": "test/5"}),
        (["GET /pets", "$default"], "POST /pets", "$default", {}),
        (["ANY /", "$default"], "GET /", "ANY /", {}),
        (["GET /{proxy+}"], "GET /", None, None),
        (["GET /a/{b}/c", "GET /a/b/{c}"], "GET /a/b/c", "GET /a/b/{c}", {"c": "c"}),
        (["GET /pets"], "GET /pets/", "GET /pets", {}),
    ],
)  # fmt: skip
def test_the_best_match(keys, request_line, wanted, variables):
    method, path = request_line.split()
    for order in (keys, keys[::-1]):
        found = select(routes(*order), method, path)
        assert (found and found.key, found and found.path_parameters) == (wanted, variables)


@pytest.mark.parametrize("key", ["$default", "GET /", "ANY /{proxy+}", "POST /a/{b}/c-d_e.f"])
def test_route_keys(key):
    check_route_key(key)


@pytest.mark.parametrize(
    "key", ["", "GET", "/pets", "get /pets", "GET pets", "GET /a//b", "GET /{a+}/b"]
)
def test_malformed_route_keys(key):
    with pytest.raises(AwsError, match="route key is not formatted properly"):
        check_route_key(key)
