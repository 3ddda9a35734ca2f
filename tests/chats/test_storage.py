"""Uploads in a bucket, over real HTTP: kept, served, read and removed like those on disk."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from chats import attachments, conversations, messages, reading
from chats.models import Attachment, Conversation
from config.env import Environment
from config.storages import storage
from tests import files
from tests.chats.pages import read
from tests.s3 import SECRET_KEY, Bucket
from tests.server import manage


@pytest.fixture
def bucket(settings: Settings) -> Iterator[Bucket]:
    """Where uploads of this test are kept."""
    with Bucket() as running:
        made = storage(Environment(running.environment))
        settings.STORAGES = {**settings.STORAGES, "default": made}
        yield running
        connection = storages["default"].connection.meta.client  # type: ignore[attr-defined]
        connection.close()


def give(user: User, data: bytes, name: str = "report") -> Attachment:
    """An upload."""
    return attachments.store_upload(user=user, upload=SimpleUploadedFile(name, data))


def test_files_are_kept_served_and_read(owner: User, owner_client: Client, bucket: Bucket) -> None:
    data = files.pdf(["Words in a bucket"], padding=20_000_000)
    given = give(owner, data, "report.pdf")
    assert list(bucket.objects) == [f"parley/files/{given.file.name}"]
    response = owner_client.get(f"/attachments/{given.id}/")
    assert read(response) == data
    assert response["Content-Disposition"].startswith("attachment")
    assert reading.read_next()
    assert "Words in a bucket" in Attachment.objects.get().text


def test_images_get_their_versions_and_thumbnails_are_served(
    owner: User, owner_client: Client, bucket: Bucket
) -> None:
    given = give(owner, files.image(1500, 900))
    assert reading.read_next()
    assert len(bucket.objects) == 3
    response = owner_client.get(f"/attachments/{given.id}/thumbnail/")
    assert response["Content-Type"] == "image/webp"
    assert read(response)[8:12] == b"WEBP"


def test_files_go_with_the_last_message(
    conversation: Conversation, bucket: Bucket, django_capture_on_commit_callbacks: Any
) -> None:
    given = give(conversation.owner, files.image(1500, 900))
    assert reading.read_next()
    messages.post_message(conversation=conversation, content="Look", attachments=[given])
    conversations.delete_conversation(conversation=conversation)
    with django_capture_on_commit_callbacks(execute=True):
        conversations.purge_deleted(older_than=timedelta(0))
    assert bucket.objects == {}


def test_files_without_a_row_are_removed_and_those_with_one_stay(
    owner: User, bucket: Bucket
) -> None:
    give(owner, files.image(1500, 900))
    assert reading.read_next()
    kept = set(bucket.objects)
    for name in ("old", "new"):
        bucket.put(f"parley/files/attachments/2026/01/{name}", b"x")
    bucket.put("elsewhere/attachments/2026/01/old", b"x")
    for key in bucket.modified:
        if not key.endswith("new"):
            bucket.modified[key] -= timedelta(hours=2)
    assert attachments.delete_orphan_files() == 1
    assert set(bucket.objects) == kept | {
        "parley/files/attachments/2026/01/new",
        "elsewhere/attachments/2026/01/old",
    }


def test_a_file_that_is_gone_is_not_found(
    owner: User, owner_client: Client, bucket: Bucket
) -> None:
    given = give(owner, b"words")
    bucket.objects.clear()
    assert owner_client.get(f"/attachments/{given.id}/").status_code == 404
    assert reading.read_next()
    assert Attachment.objects.get().state == "failed"


def refused(**values: str) -> list[str]:
    """What is said of such an environment."""
    env = Environment(values)
    storage(env)
    return env.problems


def test_variables_that_do_not_fit_together_are_refused() -> None:
    assert "STORAGE_S3_BUCKET" in refused(STORAGE_S3_REGION="x")[0]
    assert "together" in refused(STORAGE_S3_BUCKET="b", STORAGE_S3_ACCESS_KEY="k")[0]
    assert "PREFIX" in refused(STORAGE_S3_BUCKET="b", STORAGE_S3_PREFIX="a/../b")[0]
    for none in ("", "/"):
        assert "for this site alone" in refused(STORAGE_S3_BUCKET="b", STORAGE_S3_PREFIX=none)[0]
    assert not refused()


def test_without_the_extra_the_start_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.storages.find_spec", lambda name: None)
    assert "django-storages[s3]" in refused(STORAGE_S3_BUCKET="b", STORAGE_S3_PREFIX="p")[0]


def test_the_key_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(SECRET_KEY)
    with Bucket() as running:
        values = dict(running.environment, STORAGE_S3_SECRET_KEY_FILE=str(file))
        del values["STORAGE_S3_SECRET_KEY"]
        assert storage(Environment(values))["OPTIONS"]["secret_key"] == SECRET_KEY
        done = manage("check", DATA_DIR=str(tmp_path), **values)
        assert done.returncode == 0, done.stderr
        assert SECRET_KEY not in done.stdout + done.stderr
