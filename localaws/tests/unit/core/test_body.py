import io

from localaws.core.body import RequestBody


def body_of(data):
    # More bytes follow on the connection than belong to this request.
    stream = io.BytesIO(data + b"beyond")
    return RequestBody(stream, len(data)), stream


def test_reading_ends_where_the_body_ends():
    body, _ = body_of(b"12345")
    assert body.read(3) == b"123"
    assert body.read() == b"45"
    assert body.read() == b""


def test_content_can_be_read_again():
    body, _ = body_of(b"12345")
    assert body.content() == b"12345"
    assert body.read() == b"12345"
    assert body.content() == b"12345"


def test_discard_takes_what_is_left_and_no_more():
    body, stream = body_of(b"12345")
    body.read(2)
    body.discard()
    assert stream.read() == b"beyond"


def test_discard_keeps_no_large_body_in_memory():
    class Endless:
        largest = 0

        def read(self, size=-1):
            self.largest = max(self.largest, size)
            return b"x" * size

    stream = Endless()
    RequestBody(stream, 50_000_000).discard()
    assert 0 < stream.largest <= 1 << 20


def test_a_chunked_body_has_no_length():
    assert RequestBody(io.BytesIO(b"12345"), None).content() == b"12345"


def test_a_chunked_body_is_discarded_to_its_end():
    stream = io.BytesIO(b"12345")
    RequestBody(stream, None).discard()
    assert stream.read() == b""
