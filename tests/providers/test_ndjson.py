"""The parser of lines, fed with data split in every way."""

import itertools
from collections.abc import Iterable

import pytest

from providers.errors import MalformedStreamError
from providers.ndjson import LineParser

CASES = [
    (b'{"a":1}\n{"b":2}\n', [b'{"a":1}', b'{"b":2}']),
    (b'{"a":1}\r\n{"b":2}\r\n', [b'{"a":1}', b'{"b":2}']),
    (b'\n\n{"a":1}\n\r\n \n', [b'{"a":1}']),
    (b'{"a":1}\n{"no":"end"}', [b'{"a":1}', b'{"no":"end"}']),
    ('{"a":"\u2028\u2029\x85\x0b"}\n'.encode(), ['{"a":"\u2028\u2029\x85\x0b"}'.encode()]),
    (b"", []),
]


def parse(chunks: Iterable[bytes], **options: int) -> list[bytes]:
    parser = LineParser(**options)
    return [*(line for chunk in chunks for line in parser.feed(chunk)), *parser.end()]


@pytest.mark.parametrize(("stream", "lines"), CASES)
def test_whole(stream: bytes, lines: list[bytes]) -> None:
    assert parse([stream]) == lines


@pytest.mark.parametrize(("stream", "lines"), CASES)
def test_one_byte_at_a_time(stream: bytes, lines: list[bytes]) -> None:
    assert parse([stream[at : at + 1] for at in range(len(stream))]) == lines


@pytest.mark.parametrize(("stream", "lines"), CASES)
def test_split_at_every_two_places(stream: bytes, lines: list[bytes]) -> None:
    for one, two in itertools.combinations(range(len(stream) + 1), 2):
        assert parse([stream[:one], stream[one:two], b"", stream[two:]]) == lines


def test_a_line_without_end_is_refused_before_it_is_kept() -> None:
    pieces = iter([b"x" * 64] * 100)
    with pytest.raises(MalformedStreamError):
        parse(pieces, max_line_bytes=1000)

    assert len(list(pieces)) == 100 - 16


def test_the_limit_is_for_one_line() -> None:
    assert len(parse([b"0123456789\n" * 500], max_line_bytes=10)) == 500
