"""Uploads: whose they are, how many, and that nothing of them stays behind."""

import io
import os
import re
import time
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client
from PIL import Image
from pytest_django import Settings

from accounts.models import User
from chats import attachments, conversations, generation, messages, prompts, reading, temporary
from chats.models import Attachment, Conversation, Message
from chats.views import pages
from providers.errors import ImagesTooLargeError
from tests.chats.pages import HTMX, png, read
from tests.files import image as make_image
from tests.files import pdf as make_pdf


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    """Where uploads of this test are kept."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def upload(user: User) -> Attachment:
    """A small picture."""
    picture = io.BytesIO()
    Image.new("RGB", (4, 3), "teal").save(picture, "PNG")
    file = SimpleUploadedFile("holiday.png", picture.getvalue(), "text/html")
    return attachments.store_upload(user=user, upload=file)


def files(media: Path) -> list[Path]:
    """All files kept."""
    return [path for path in media.rglob("*") if path.is_file()]


def age(path: Path) -> None:
    """Make a file two hours old."""
    past = time.time() - 7200
    os.utime(path, (past, past))


def test_the_type_is_told_by_the_bytes(owner: User) -> None:
    attachment = upload(owner)
    assert (attachment.media_type, attachment.width, attachment.height) == ("image/png", 4, 3)
    assert "holiday" not in str(attachment.file.name)


def test_files_of_a_deleted_user_are_removed(owner: User, stranger: User, media: Path) -> None:
    kept = upload(stranger)
    upload(owner)
    owner.delete()
    for path in files(media):
        age(path)
    assert attachments.delete_orphan_files() == 1
    assert files(media) == [Path(kept.file.path)]


def test_a_file_whose_row_may_still_come_is_spared(owner: User, media: Path) -> None:
    Attachment.objects.filter(id=upload(owner).id).delete()
    assert attachments.delete_orphan_files() == 0
    assert len(files(media)) == 1


def test_without_any_upload_there_is_nothing_to_remove(db: None) -> None:
    assert attachments.delete_orphan_files() == 0


def test_a_discarded_upload_is_gone(
    owner: User, media: Path, django_capture_on_commit_callbacks: object
) -> None:
    attachment = upload(owner)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        attachments.discard_attachment(attachment=attachment)
    assert (files(media), Attachment.objects.count()) == ([], 0)


def test_an_upload_that_a_message_took_stays(conversation: Conversation, media: Path) -> None:
    attachment = upload(conversation.owner)
    messages.post_message(conversation=conversation, content="", attachments=[attachment])
    attachments.discard_attachment(attachment=attachment)
    assert (len(files(media)), Attachment.objects.count()) == (1, 1)


def test_own_uploads_go_along_in_their_order(owner: User) -> None:
    first, second = upload(owner), upload(owner)
    ids = [str(a.id) for a in (second, first, second)]
    found = attachments.own_drafts(user=owner, ids=[*ids, "-" * 36, "x", ""])
    assert found == [second, first]


@pytest.mark.parametrize("whose", ["gone", "somebody else's"])
def test_nothing_is_sent_without_a_file_that_belongs_to_it(
    conversation: Conversation, owner_client: Client, stranger: User, whose: str
) -> None:
    """The sentence is the same, so nobody learns what others have."""
    kept = upload(conversation.owner)
    missing = upload(stranger if whose != "gone" else conversation.owner)
    if whose == "gone":
        attachments.discard_attachment(attachment=missing)
    form = {"content": "Sum up both files", "attachment": [str(kept.id), str(missing.id)]}
    for path in ("/c/", f"/c/{conversation.id}/messages/"):
        for headers in (HTMX, {}):
            response = owner_client.post(path, form, headers=headers)
            assert response.status_code == 422
            assert "A file is not there any more. Add it again." in response.text
            assert headers or "Sum up both files</textarea>" in response.text
    assert not Message.objects.filter(content="Sum up both files").exists()


@pytest.mark.django_db(transaction=True)
def test_a_file_that_is_removed_while_it_is_sent_is_said_to_be_gone(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at it and the message that takes it."""
    user = User.objects.create_user(username="una", email="una@example.org", password="x")
    client.force_login(user)
    attachment = upload(user)

    def late(**values: object) -> object:
        attachments.discard_attachment(attachment=attachment)
        return original(**values)  # type: ignore[arg-type]

    original = conversations.start_conversation
    monkeypatch.setattr(pages, "start_conversation", late)
    response = client.post("/c/", {"content": "Sum up", "attachment": str(attachment.id)})
    assert response.status_code == 422
    assert "A file is not there any more." in response.text
    assert not Conversation.objects.exists()


def test_words_that_are_edited_keep_their_files_in_order(conversation: Conversation) -> None:
    given = [upload(conversation.owner) for _number in range(8)]
    posted = messages.post_message(conversation=conversation, content="a", attachments=given)
    edited = messages.edit_message(message=posted.question, content="b").question
    links = Attachment.messages.through.objects.filter(message=edited).order_by("id")
    assert [link.attachment for link in links] == given


def test_of_too_many_files_none_is_left_out_silently(owner: User) -> None:
    ids = [str(upload(owner).id) for _number in range(attachments.MAX_PER_MESSAGE + 1)]
    with pytest.raises(ValidationError, match="Up to 10 files"):
        attachments.own_drafts(user=owner, ids=ids)


def test_uploads_that_wait_to_be_sent_are_limited(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chats.attachments._MAX_DRAFTS", 1)
    upload(owner)
    with pytest.raises(ValidationError, match="Too many files"):
        upload(owner)


def test_more_images_than_a_request_may_hold_are_an_error_in_words(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    attachment = upload(conversation.owner)
    posted = messages.post_message(conversation=conversation, content="", attachments=[attachment])
    job = generation.claim(posted.reply.id, runner="a")
    assert job is not None
    assert len(prompts.prepare(job, job.model_name).request.messages[-1].parts) == 1
    monkeypatch.setattr(prompts, "MAX_IMAGE_BYTES", attachment.size - 1)
    with pytest.raises(ImagesTooLargeError):
        prompts.prepare(job, job.model_name)


def test_more_files_than_a_message_may_have_are_refused_in_words(owner_client: Client) -> None:
    given = [png(f"{number}.png") for number in range(attachments.MAX_PER_MESSAGE + 1)]
    response = owner_client.post("/c/", {"content": "My words", "file": given})
    assert response.status_code == 422
    assert "Up to 10 files" in response.content.decode()
    assert not Attachment.objects.exists()


def test_files_of_a_page_without_script_go_along(owner_client: Client) -> None:
    text = SimpleUploadedFile("../../notes.txt", b"Some notes")
    owner_client.post("/c/", {"content": "", "file": [png(), text]})
    names = Message.objects.get(role="user").attachments.values_list("name", "media_type")
    assert sorted(names) == [("cat.png", "image/png"), ("notes.txt", "text/plain")]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\evil.exe", "evil.exe"),
        ("a\0b.txt", "ab.txt"),
        ("%2e%2e%2fx", "%2e%2e%2fx"),
        ("\u202egnp.exe", "gnp.exe"),
        ("/", "file"),
        ("x" * 500, "x" * 200),
    ],
)
def test_names_are_words_to_show_and_never_paths(
    owner: User, media: Path, name: str, shown: str
) -> None:
    assert attachments.clean_file_name(name) == shown
    file = SimpleUploadedFile("x", b"words")
    file._name = name  # type: ignore[attr-defined]  # Django cleans names, but not all ways in.
    made = attachments.store_upload(user=owner, upload=file)
    assert made.name == shown
    assert re.fullmatch(r"attachments/\d{4}/\d\d/[0-9a-f]{32}\.txt", str(made.file.name))
    assert [path.resolve().is_relative_to(media) for path in files(media)] == [True]


def test_a_chat_without_words_is_named_after_its_first_file(
    owner: User, owner_client: Client
) -> None:
    """At most 60 characters; so is a temporary one that is kept."""
    names = ["Contract.pdf", f"{'long name ' * 9}.pdf"]
    given = [
        SimpleUploadedFile(name, make_pdf([f"Words of {name}"]), "application/pdf")
        for name in names
    ]
    kept = {}
    for form in ({}, {"temporary": "1"}):
        for file in given:
            file.seek(0)
        owner_client.post("/c/", {"content": " ", "file": given, **form})
        conversation = Conversation.objects.latest("created_at")
        temporary.keep_conversation(conversation=conversation)
        kept[conversation.id] = Conversation.objects.get(id=conversation.id).title
    assert list(kept.values()) == ["Contract.pdf"] * 2
    owner_client.post("/c/", {"content": "", "file": SimpleUploadedFile(names[1], b"words")})
    assert len(Conversation.objects.latest("created_at").title) <= 60
    owner_client.post("/c/", {"content": " " * 2000 + "Late words"})
    assert Conversation.objects.latest("created_at").title == "Late words"


def test_a_large_upload_is_moved_and_never_copied(
    owner: User, media: Path, settings: Settings
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(media)
    file = TemporaryUploadedFile("notes.txt", "text/plain", 5, None)
    file.write(b"words")
    file.seek(0)
    before = os.stat(file.temporary_file_path()).st_ino
    made = attachments.store_upload(user=owner, upload=file)
    file.close()  # As Django does at the end of the request.
    found = os.stat(made.file.path)
    assert found.st_ino == before
    assert (found.st_size, found.st_mode & 0o777) == (5, 0o600)


def test_a_file_over_the_limit_is_refused_unread(owner: User, settings: Settings) -> None:
    settings.MAX_UPLOAD_SIZE = 10

    class Unread(SimpleUploadedFile):
        def read(self, *args: object) -> bytes:
            raise AssertionError("It must not be read.")

    with pytest.raises(ValidationError, match="is possible"):
        attachments.store_upload(user=owner, upload=Unread("x.txt", b"x" * 11))


def test_a_thumbnail_is_the_image_itself_until_there_is_one(
    owner: User, owner_client: Client
) -> None:
    picture = make_image(1500, 20)
    made = attachments.store_upload(user=owner, upload=SimpleUploadedFile("x.jpg", picture))
    response = owner_client.get(f"/attachments/{made.id}/thumbnail/")
    assert (read(response), response["Cache-Control"]) == (picture, "private, no-store")
    assert reading.read_next()
    response = owner_client.get(f"/attachments/{made.id}/thumbnail/")
    assert (response["Content-Type"], response["X-Content-Type-Options"]) == (
        "image/webp",
        "nosniff",
    )
    assert len(read(response)) < len(picture)


def test_the_state_and_the_text_of_a_file_are_pages(owner: User, owner_client: Client) -> None:
    upload = SimpleUploadedFile("n.html", b"<b onclick=x>Some notes</b>")
    made = attachments.store_upload(user=owner, upload=upload)
    state = owner_client.get(f"/attachments/{made.id}/state/", headers=HTMX).content.decode()
    assert 'data-state="reading"' in state
    assert reading.read_next()
    state = owner_client.get(f"/attachments/{made.id}/state/", headers=HTMX).content.decode()
    assert 'data-state="ready"' in state
    page = owner_client.get(f"/attachments/{made.id}/text/").content.decode()
    assert "&lt;b onclick=x&gt;Some notes&lt;/b&gt;" in page
    assert "<b onclick" not in page
