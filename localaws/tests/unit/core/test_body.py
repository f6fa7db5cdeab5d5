import io

from localaws.core.body import RequestBody


def environ(data, **more):
    # More bytes follow on the socket than belong to this request.
    return {"wsgi.input": io.BytesIO(data + b"beyond"), "CONTENT_LENGTH": str(len(data)), **more}


def test_reading_ends_where_the_body_ends():
    variables = environ(b"12345")
    RequestBody(variables)
    assert variables["wsgi.input"].read(3) == b"123"
    assert variables["wsgi.input"].read() == b"45"
    assert variables["wsgi.input"].read() == b""


def test_content_can_be_read_again():
    variables = environ(b"12345")
    body = RequestBody(variables)
    assert body.content() == b"12345"
    assert variables["wsgi.input"].read() == b"12345"
    assert body.content() == b"12345"


def test_discard_takes_what_is_left_and_no_more():
    variables = environ(b"12345")
    stream = variables["wsgi.input"]
    body = RequestBody(variables)
    body.read(2)
    body.discard()
    assert stream.read() == b"beyond"


def test_a_chunked_body_has_no_length():
    variables = {"wsgi.input": io.BytesIO(b"12345"), "wsgi.input_terminated": True}
    assert RequestBody(variables).content() == b"12345"
