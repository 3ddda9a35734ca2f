"""The event parser, fed with data split in every way."""

import itertools
from collections.abc import Iterable

import pytest

from providers.errors import MalformedStreamError
from providers.sse import EventParser

CASES = [
    (b"data: one\n\ndata: two\n\n", [b"one", b"two"]),
    (b"data: one\r\n\r\ndata: two\r\n\r\n", [b"one", b"two"]),
    (b"data: one\r\rdata: two\r\r", [b"one", b"two"]),
    (b"data: mixed\r\n\ndata: ends\n\r\n", [b"mixed", b"ends"]),
    (b"event: delta\nid: 7\nretry: 9\ndata: named\n\n", [b"named"]),
    (b"data: first\ndata: second\n\n", [b"first\nsecond"]),
    (b"data:no space\n\ndata:  two spaces\n\n", [b"no space", b" two spaces"]),
    (b": comment\n\n\n\ndata: after\n\n", [b"after"]),
    (b"\xef\xbb\xbfdata: after a byte order mark\n\n", [b"after a byte order mark"]),
    (b"data\n\ndata:\n\n", [b"", b""]),
    (b"datax: no\nxdata: no\n\n", []),
    (b"data: cut off\n", []),
    (
        "data: a\u2028b\u2029c\x85d\x0be\x0cf\n\n".encode(),
        ["a\u2028b\u2029c\x85d\x0be\x0cf".encode()],
    ),
    (b"data: a: b\n\n", [b"a: b"]),
]


def parse(chunks: Iterable[bytes], **options: int) -> list[bytes]:
    parser = EventParser(**options)
    return [data for chunk in chunks for data in parser.feed(chunk)]


@pytest.mark.parametrize(("stream", "events"), CASES)
def test_whole(stream: bytes, events: list[bytes]) -> None:
    assert parse([stream]) == events


@pytest.mark.parametrize(("stream", "events"), CASES)
def test_one_byte_at_a_time(stream: bytes, events: list[bytes]) -> None:
    assert parse([stream[at : at + 1] for at in range(len(stream))]) == events


@pytest.mark.parametrize(("stream", "events"), CASES)
def test_split_at_every_two_places(stream: bytes, events: list[bytes]) -> None:
    for one, two in itertools.combinations(range(len(stream) + 1), 2):
        assert parse([stream[:one], stream[one:two], b"", stream[two:]]) == events


def test_a_line_without_end_is_refused_before_it_is_kept() -> None:
    pieces = iter([b"x" * 64] * 100)
    with pytest.raises(MalformedStreamError):
        parse(pieces, max_event_bytes=1000)

    assert len(list(pieces)) == 100 - 16


def test_an_event_of_many_lines_is_refused() -> None:
    with pytest.raises(MalformedStreamError):
        parse([b"data: 0123456789\n" * 100], max_event_bytes=1000)


def test_the_limit_is_for_one_event_and_what_is_passed_over_does_not_count() -> None:
    events = parse([b": ping ping ping\n" * 100, b"data: 1\n\n" * 500], max_event_bytes=100)

    assert len(events) == 500
