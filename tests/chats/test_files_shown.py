"""How files look on pages: kinds, sizes, names, the room of pictures; the page of a file's text."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from pytest_django import Settings

from accounts.models import User
from chats import conversations
from chats.models import Attachment, Conversation
from chats.templatetags import files

_OFFICE = "application/vnd.openxmlformats-officedocument."


def attach(owner: User, conversation: Conversation | None = None, **fields: Any) -> Attachment:
    """A file, in the first message of a conversation."""
    values: dict[str, Any] = {
        "owner": owner,
        "name": "notes.txt",
        "file": "attachments/x.txt",
        "media_type": "text/plain",
        "size": 1234,
        "text": "Some words.",
        "tokens": 3,
        **fields,
    }
    attachment = Attachment.objects.create(**values)
    if conversation is not None:
        question = conversation.messages.filter(role="user").get()
        attachment.messages.add(question)
    return attachment


@pytest.fixture
def conversation(owner: User) -> Conversation:
    """With one question."""
    posted = conversations.start_conversation(user=owner, content="Look", model="demo/demo")
    return posted.question.conversation


@pytest.mark.parametrize(
    ("name", "media_type", "label"),
    [
        ("a.pdf", "application/pdf", "PDF"),
        ("a.exe", f"{_OFFICE}wordprocessingml.document", "Document"),
        ("a.xlsx", f"{_OFFICE}spreadsheetml.sheet", "Spreadsheet"),
        ("a.pptx", f"{_OFFICE}presentationml.presentation", "Presentation"),
        ("a.csv", "text/plain", "Spreadsheet"),
        ("a.PY", "text/plain", "Code"),
        ("py", "text/plain", "Text"),
        ("a.py", "application/x-thing", "File"),
        ("a.epub", "application/epub+zip", "Book"),
        ("a.txt", "image/png", "Image"),
    ],
)
def test_kind_is_that_of_the_bytes(name: str, media_type: str, label: str) -> None:
    assert files.file_kind(Attachment(name=name, media_type=media_type)).label == label


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (1, "0.1 kB"),
        (9_949, "9.9 kB"),
        (9_950, "10 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (1_234_567_890, "1,234.6 MB"),
    ],
)
def test_sizes(size: int, words: str) -> None:
    assert files.file_size(size) == words


def test_sizes_follow_the_language() -> None:
    with translation.override("de"):
        assert files.file_size(1_500_000).startswith("1,5")


def test_long_names_are_cut_in_the_middle_and_between_characters() -> None:
    name = "quarterly report of the northern branch.pdf"
    start, end = files.name_parts(name)
    assert (start + end, len(end)) == (name, 12)
    accented = "x" * 30 + "e\u0301" + "y" * 11
    start, end = files.name_parts(accented)
    assert (start + end, end[:2]) == (accented, "e\u0301")
    assert files.name_parts("short.pdf") == ("short.pdf", "")


@pytest.mark.parametrize(
    ("width", "height", "box"),
    [
        (1600, 1200, 'width="288" height="216"'),
        (40, 30, 'width="40" height="30"'),
        (20_000, 1, 'width="288" height="1"'),
        (None, None, 'width="288" height="288"'),
    ],
)
def test_pictures_have_their_room_before_they_come(
    width: int | None, height: int | None, box: str
) -> None:
    assert files.image_box(Attachment(width=width, height=height)).strip() == box


def test_composer_knows_the_limits(owner_client: Client, settings: Settings) -> None:
    settings.MAX_UPLOAD_SIZE = 12_345_678
    page = owner_client.get("/").text
    assert 'data-max-size="12345678" data-max-count="10"' in page


def test_page_of_a_file_shows_its_text_as_words(
    owner: User, owner_client: Client, conversation: Conversation
) -> None:
    attachment = attach(
        owner, conversation, name="<b>.txt", text="<script>alert(1)</script>", pages=1200
    )
    page = owner_client.get(f"/attachments/{attachment.id}/text/").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "<b>" not in page
    assert "<dd>1,200</dd>" in page
    message = attachment.messages.get()
    assert f'href="/c/{conversation.id}/#message-{message.id}"' in page


def test_page_of_a_draft_leads_nowhere_else(owner: User, owner_client: Client) -> None:
    attachment = attach(owner, state="failed", error="It is locked.", text="")
    page = owner_client.get(f"/attachments/{attachment.id}/text/").text
    assert "It is locked." in page
    assert "Back to the chat" not in page


def test_page_of_a_file_leads_to_no_deleted_chat(
    owner: User, owner_client: Client, conversation: Conversation
) -> None:
    attachment = attach(owner, conversation)
    conversations.delete_conversation(conversation=conversation)
    page = owner_client.get(f"/attachments/{attachment.id}/text/").text
    assert "Back to the chat" not in page


def test_page_of_a_file_is_its_owners(
    owner: User, stranger_client: Client, conversation: Conversation
) -> None:
    attachment = attach(owner, conversation)
    assert stranger_client.get(f"/attachments/{attachment.id}/text/").status_code == 404
    assert stranger_client.get(f"/attachments/{uuid4()}/text/").status_code == 404


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"state": "reading", "tokens": None, "pages": 80, "pages_read": 12}, "Reading page 12 of"),
        ({"state": "reading", "tokens": None, "pages": None}, "Reading…"),
        ({"state": "failed", "error": "It is locked."}, "It is locked."),
        ({"state": "ready", "tokens": 12_300}, "12,300 tokens"),
        ({"state": "ready", "tokens": 1}, "1 token"),
        ({"state": "ready", "error": "Only its beginning was read."}, "Only its beginning was"),
    ],
)
def test_preview_says_how_far_it_is(
    owner: User, owner_client: Client, fields: dict[str, Any], says: str
) -> None:
    """It asks again while the file is read, and never after."""
    attachment = attach(owner, **fields)
    preview = owner_client.get(
        f"/attachments/{attachment.id}/state/", headers={"HX-Request": "true"}
    ).text
    assert says in preview
    assert ('hx-trigger="every 1s"' in preview) == (attachment.state == "reading")


def test_messages_show_many_files_in_as_many_queries_as_one(
    owner: User, owner_client: Client, conversation: Conversation
) -> None:
    """An image that could not be read stands among the files, by its name."""
    attach(owner, conversation, name="torn.png", media_type="image/png", state="failed")
    owner_client.get("/")
    with CaptureQueriesContext(connection) as one:
        page = owner_client.get(f"/c/{conversation.id}/").text
    assert "torn.png" in page
    assert "/thumbnail/" not in page
    for number in range(5):
        attach(owner, conversation, name=f"{number}.txt")
    with CaptureQueriesContext(connection) as many:
        assert "4.txt" in owner_client.get(f"/c/{conversation.id}/").text
    assert len(many) == len(one)
