"""What people and broken clients send: refused in a sentence, nothing lost, nothing kept."""

import struct
import zlib

import pytest

from tests.live.conftest import Asked
from tests.markup import parse
from tests.person import Person, Reply

pytestmark = pytest.mark.server

MEGABYTE = 1_000_000
TOO_LONG = "The message has 1000000 characters; up to 200000 are possible."
EMPTY = "Write something first."


@pytest.fixture
async def reply(ann: Person) -> Reply:
    """A complete reply."""
    reply = await ann.start_chat(ann.own("Hello"), model="openai/ok")
    await ann.ended(reply)
    return reply


@pytest.mark.parametrize("text", ["", " ", "\r\n\r\n", "\x00\x07"])
@pytest.mark.parametrize("htmx", [True, False])
async def test_an_empty_message_is_refused(
    ann: Person, asked: Asked, reply: Reply, text: str, htmx: bool
) -> None:
    for path in ("/c/", f"/c/{reply.conversation_id}/messages/"):
        answer = await ann.submit(path, {"content": text, "model": "openai/ok"}, htmx=htmx)
        assert answer.status_code == 422
        assert EMPTY in answer.text
    assert len(asked.requests) == 1


async def test_a_megabyte_is_refused_and_given_back(
    ann: Person, asked: Asked, reply: Reply
) -> None:
    text = ("word " * (MEGABYTE // 5))[: MEGABYTE - 1] + "!"
    for path in ("/c/", f"/c/{reply.conversation_id}/messages/"):
        answer = await ann.submit(path, {"content": text, "model": "openai/ok"})
        assert answer.status_code == 422
        assert TOO_LONG in answer.text
        (composer,) = [
            e for e in parse(answer.text).by_tag("textarea") if e.attributes["id"] == "composer"
        ]
        assert composer.text.removeprefix("\n") == text
        answer = await ann.submit(path, {"content": text, "model": "openai/ok"}, htmx=True)
        assert (answer.status_code, TOO_LONG in answer.text) == (422, True)
        assert answer.headers["HX-Retarget"] == "#composer-errors"
        assert len(answer.text) < 1000, "the text is still in the page's composer"
    edit = await ann.submit(f"/m/{reply.question_id}/edit/", {"content": text}, htmx=True)
    assert (edit.status_code, TOO_LONG in edit.text, text in edit.text) == (422, True, True)
    assert len(asked.requests) == 1


async def test_a_request_beyond_all_limits_is_refused_unread(ann: Person, reply: Reply) -> None:
    answer = await ann.submit("/c/", {"content": "x" * (40 * MEGABYTE)})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "model", ["nobody/gpt", "gpt", "openai/", "/gpt", "<b>x</b>/y", "openai/" + "x" * 300]
)
async def test_an_unknown_model_is_refused(ann: Person, reply: Reply, model: str) -> None:
    body = {"content": ann.own("My words"), "model": model}
    answer = await ann.submit("/c/", body)
    assert answer.status_code == 422
    assert "is not available. Choose another one." in answer.text
    assert ann.own("My words") in answer.text
    assert "<b>x</b>/y" not in answer.text
    answer = await ann.submit(f"/c/{reply.conversation_id}/model/", {"model": model}, htmx=True)
    assert answer.status_code == 422


async def test_control_characters_are_dropped(ann: Person, asked: Asked) -> None:
    text = ann.own("a\x00b\x1bc\td\r\ne")
    await ann.ended(await ann.start_chat(text, model="openai/ok"))
    assert asked.bodies[0]["messages"][0]["content"] == ann.own("abc\td\ne")


async def test_a_second_message_waits_for_the_reply(ann: Person, asked: Asked) -> None:
    reply = await ann.start_chat(ann.own("Hello"), model="openai/fast-1000@50")
    path = f"/c/{reply.conversation_id}/messages/"
    answer = await ann.submit(path, {"content": ann.own("And?")}, htmx=True)
    assert answer.status_code == 422
    assert "A reply is still being written." in answer.text
    for verb in ("retry", "regenerate", "continue"):
        answer = await ann.submit(f"/m/{reply.id}/{verb}/", {}, htmx=True)
        assert answer.status_code == 422, verb
    await ann.stop(reply)
    await ann.ended(reply)
    assert len(asked.requests) == 1


@pytest.mark.parametrize("field", ["parent", "attachment"])
async def test_ids_that_are_none_are_ignored(ann: Person, reply: Reply, field: str) -> None:
    for value in ("x", "../../etc/passwd", "0" * 10_000, "\x00"):
        fields = {field: value}
        again = await ann.post(reply.conversation_id, ann.own("More"), **fields)
        assert (await ann.ended(again)).status == "complete"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", "2.1"),
        ("temperature", "nan"),
        ("temperature", "warm"),
        ("top_p", "-0.1"),
        ("top_p", "inf"),
        ("max_tokens", "0"),
        ("max_tokens", "99999999999999999999"),
        ("system_prompt", "x" * 100_001),
    ],
)
async def test_parameters_out_of_range_are_refused(
    ann: Person, asked: Asked, reply: Reply, field: str, value: str
) -> None:
    path = f"/c/{reply.conversation_id}/settings/"
    for htmx in (True, False):
        answer = await ann.submit(path, {field: value}, htmx=htmx)
        assert answer.status_code == 422, field
    await ann.ended(await ann.post(reply.conversation_id, ann.own("More")))
    assert set(asked.bodies[1]) == {"model", "messages", "stream", "stream_options"}


async def test_titles_are_checked(ann: Person, reply: Reply) -> None:
    path = f"/c/{reply.conversation_id}/rename/"
    for title in ("", " ", "x" * MEGABYTE):
        assert (await ann.submit(path, {"title": title})).status_code == 422
    assert (await ann.submit(path, {"title": " Two\nlines "})).status_code == 303
    assert "Two lines" in (await ann.get(f"/c/{reply.conversation_id}/")).text


def bomb() -> bytes:
    """A PNG of a few bytes that says it has 60,000 by 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    rows = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + rows + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("empty.png", b"", "is empty."),
        ("program.png", b"\x7fELF\x02\x01\x01\0\0\0", "is of a kind that cannot be read"),
        ("program.txt", b"MZ\x90\x00\x03\x00", "is of a kind that cannot be read"),
        ("archive.docx", b"PK\x03\x04rubbish", "is damaged"),
        ("bomb.png", bomb(), "has too many pixels."),
        ("half.png", bomb()[:30], "is an image that is damaged"),
    ],
)
async def test_files_that_are_harmful_or_no_text_are_refused(
    ann: Person, name: str, data: bytes, sentence: str
) -> None:
    await ann.get("/")
    answer = await ann.submit("/attachments/", {}, htmx=True, files={"file": (name, data)})
    assert answer.status_code == 422
    assert sentence in answer.text
    body = {"content": ann.own("Look"), "model": "openai/ok"}
    answer = await ann.submit("/c/", body, files={"file": (name, data)})
    assert answer.status_code == 422
    assert ann.own("Look") in answer.text


@pytest.mark.parametrize(
    "path", ["/c/x/", "/m/1/", "/m/%2e/", "/c/%00/", "/attachments/..%2f..%2f/"]
)
async def test_addresses_that_are_none_are_404(ann: Person, path: str) -> None:
    assert (await ann.get(path)).status_code == 404
