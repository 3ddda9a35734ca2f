"""Uploads: whose they are, how many, and that nothing of them stays behind."""

import io
import os
import time
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pytest_django import Settings

from accounts.models import User
from chats import attachments, generation, messages, prompts
from chats.models import Attachment, Conversation
from providers.errors import ImagesTooLargeError


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


def test_only_own_uploads_go_along_in_their_order(owner: User, stranger: User) -> None:
    first, second, foreign = upload(owner), upload(owner), upload(stranger)
    ids = [str(a.id) for a in (second, foreign, first, second)]
    found = attachments.own_drafts(user=owner, ids=[*ids, "-" * 36, "x", ""])
    assert found == [second, first]


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
