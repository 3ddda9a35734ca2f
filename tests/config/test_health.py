"""Probes: what they touch, what they tell, and whom they answer."""

import pytest
from channels.layers import InMemoryChannelLayer
from django.core.cache.backends.locmem import LocMemCache
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from pytest_django import Settings


def test_alive_needs_no_database(client: Client) -> None:
    """Without the `db` fixture any query fails the test."""
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.content == b"ok"
    assert response.headers["Cache-Control"] == "no-store"
    assert not response.cookies


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_answer_whatever_host_they_call(client: Client, db: None, path: str) -> None:
    assert client.get(path, headers={"host": "10.0.0.7:8000"}).status_code == 200
    assert client.post(path).status_code == 405


def test_ready_when_all_parts_work(client: Client, db: None) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "failing": []}
    assert not response.cookies


def failing(client: Client) -> list[str]:
    """The parts that `/readyz` names with status 503."""
    response = client.get("/readyz")
    assert response.status_code == 503
    parts: list[str] = response.json()["failing"]
    return parts


def test_missing_migrations_are_named(client: Client, db: None) -> None:
    [(_app, newest)] = MigrationLoader(connection).graph.leaf_nodes("chats")
    MigrationRecorder(connection).record_unapplied("chats", newest)
    assert failing(client) == ["migrations"]


def test_a_cache_that_forgets_is_named(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocMemCache, "get", lambda self, key, *args, **kwargs: None)
    assert failing(client) == ["cache"]


def test_a_broken_channel_layer_is_named_without_its_words(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(self: InMemoryChannelLayer, channel: str, message: object) -> None:
        raise ConnectionError("redis at 10.0.0.9 refused")

    monkeypatch.setattr(InMemoryChannelLayer, "send", refuse)
    assert failing(client) == ["channel layer"]
    assert b"10.0.0.9" not in client.get("/readyz").content


def test_a_wrong_encryption_key_is_named(client: Client, db: None, settings: Settings) -> None:
    assert client.get("/readyz").status_code == 200
    settings.ENCRYPTION_KEYS = [bytes(range(32))]
    assert failing(client) == ["encryption key"]
