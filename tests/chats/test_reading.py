"""Files being read in the background: in which order, and that none is read for ever."""

from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pytest_django import Settings
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import User
from chats import attachments, reading
from chats.extraction import Answer, call
from chats.models import Attachment
from tests import files


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    """Where uploads of this test are kept."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def give(user: User, data: bytes, name: str = "file") -> Attachment:
    """An upload."""
    return attachments.store_upload(user=user, upload=SimpleUploadedFile(name, data))


def stored(attachment: Attachment) -> Attachment:
    """Its row."""
    return Attachment.objects.with_text().get(id=attachment.id)


def test_a_document_is_ready_with_its_text_and_tokens(owner: User) -> None:
    given = give(owner, files.pdf(["Hello world"]))
    assert given.is_reading
    assert reading.read_next()
    row = stored(given)
    assert (row.state, row.text) == ("ready", "[Page 1]\nHello world")
    assert (row.tokens, row.pages, row.pages_read, row.error) == (5, 1, 1, "")
    assert not reading.read_next()


def test_an_image_gets_both_versions_which_go_with_it(
    owner: User, media: Path, django_capture_on_commit_callbacks: object
) -> None:
    given = give(owner, files.image(3000, 2000))
    assert reading.read_next()
    row = stored(given)
    assert (row.state, row.reduced_media_type) == ("ready", "image/jpeg")
    assert len([path for path in media.rglob("*") if path.is_file()]) == 3
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        attachments.discard_attachment(attachment=given)
    assert not [path for path in media.rglob("*") if path.is_file()]


def test_a_small_image_needs_no_process(owner: User) -> None:
    assert not give(owner, files.image(30, 20, "PNG")).is_reading
    assert not reading.read_next()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%PDF-1.7\nrubbish", "is damaged"),
        (b"x" * 70_000 + b"\0", "no text"),
        (files.image(2000, 2000)[:9000], "is damaged"),
        (files.image(20, 20, "PNG").replace(b"IDATx", b"IDATy"), "is damaged"),
    ],
)
def test_what_cannot_be_read_says_why(owner: User, data: bytes, words: str) -> None:
    given = give(owner, data, "n" * 300)
    assert reading.read_next()
    row = stored(given)
    assert row.state == "failed"
    assert words in row.error


def test_a_storage_that_fails_fails_the_file_alone(owner: User, media: Path) -> None:
    given = give(owner, b"words")
    Path(given.file.path).unlink()
    assert reading.read_next()
    assert stored(given).state == "failed"


def test_a_file_that_hangs_is_cut_off(owner: User, settings: Settings) -> None:
    settings.EXTRACTION_TIMEOUT = 1
    given = give(owner, files.hanging_pdf())
    assert reading.read_next()
    assert "took too long" in stored(given).error


def test_text_that_is_long_or_missing_is_said(owner: User, settings: Settings) -> None:
    settings.MAX_FILE_TEXT = 10
    long, blank = give(owner, b"many words of text"), give(owner, files.pdf([""]))
    assert reading.read_next()
    assert reading.read_next()
    assert (stored(long).text, "beginning" in stored(long).error) == ("many words", True)
    assert (stored(blank).state, "a scan" in stored(blank).error) == ("ready", True)


def test_a_file_that_is_removed_meanwhile_leaves_nothing(
    owner: User, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = give(owner, files.image(3000, 20))

    def removed(*args: object, **options: object) -> Answer:
        answer = original(*args, **options)  # type: ignore[arg-type]
        Attachment.objects.filter(id=given.id).delete()
        return answer

    original = call.extract
    monkeypatch.setattr(reading, "extract", removed)
    assert reading.read_next()
    assert [path.name for path in media.rglob("*") if path.is_file()] == [
        Path(str(given.file.name)).name
    ]


def test_users_take_turns_and_read_one_document_at_a_time(owner: User, stranger: User) -> None:
    first, second = give(owner, b"one"), give(owner, b"two")
    other, picture = give(stranger, b"three"), give(owner, files.image(2000, 9))
    Attachment.objects.filter(id=first.id).update(heartbeat_at=timezone.now())
    assert reading.read_next()
    assert reading.read_next()
    # The owner's first is being read, by somebody else: of the owner only the image may be.
    assert {stored(each).state for each in (other, picture)} == {"ready"}
    assert stored(second).is_reading
    assert not reading.read_next()


def test_what_a_dead_process_left_is_taken_up(owner: User) -> None:
    given = give(owner, b"words")
    Attachment.objects.update(heartbeat_at=timezone.now())
    assert not reading.read_next()
    Attachment.objects.update(heartbeat_at=timezone.now() - 2 * reading.SILENT_FOR)
    assert reading.read_next()
    assert stored(given).state == "ready"


def test_what_waited_while_the_site_was_down_is_read(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = give(owner, b"words")
    past = timezone.now() - 2 * reading.MAX_WAIT
    Attachment.objects.filter(id=given.id).update(created_at=past, heartbeat_at=past)
    monkeypatch.setattr(reading, "wake", lambda: None)
    monkeypatch.setattr(reading, "_begun_at", past)
    monkeypatch.setattr(reading, "_is_open", Event())
    reading.resume()
    reading.open_readers()
    reading.sweep()
    assert stored(given).is_reading
    assert reading.read_next()
    assert stored(given).state == "ready"


def test_what_waits_too_long_fails(
    owner: User,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given, fresh = give(owner, b"words"), give(owner, b"words")
    past = timezone.now() - reading.MAX_WAIT - timedelta(seconds=1)
    monkeypatch.setattr(reading, "_begun_at", past)
    Attachment.objects.filter(id=given.id).update(created_at=past)
    reading.sweep()
    assert "too many files wait" in stored(given).error
    assert stored(fresh).is_reading
    with django_assert_num_queries(2):
        reading.sweep()


def test_lists_leave_texts_in_the_database(owner: User) -> None:
    give(owner, b"words")
    assert reading.read_next()
    assert "text" in Attachment.objects.get().get_deferred_fields()
    assert "text" in owner.attachments.get().get_deferred_fields()
    assert Attachment.objects.get().text == "words"
