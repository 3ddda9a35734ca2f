"""A server that is found on this machine by itself. Never the one of whoever runs the tests."""

import asyncio
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from accounts.models import User
from providers import catalogue, connections, discovered, discovery, keys, refresh, routing
from providers.adapters.ollama import OllamaAdapter
from providers.clients import close_clients
from providers.errors import NetworkError, NotFoundError
from providers.models import ModelList
from tests.ollama_upstream import OllamaUpstream
from tests.providers.conftest import KEY
from tests.server import free_port


@pytest.fixture(autouse=True)
def _settings(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.OLLAMA_DISCOVERY = True
    settings.PROVIDER_ENVIRONMENT = {}
    settings.PROVIDER_ALLOW_PRIVATE = True
    settings.DEFAULT_MODEL = ""
    monkeypatch.setattr(OllamaAdapter, "usual_base_url", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setattr(discovery, "_last_look", -discovery.LOOK_AGAIN_AFTER)
    discovered.forget_copy()
    yield
    discovered.forget_copy()


@pytest.fixture
async def found(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    """A server at the usual address, and found."""
    with OllamaUpstream() as server:
        monkeypatch.setattr(OllamaAdapter, "usual_base_url", server.url)
        await discovery.look()
        yield server
    await close_clients()


async def slugs(user: User) -> list[str]:
    return [source.slug for source in await sync_to_async(connections.sources_for)(user)]


async def test_a_server_that_answers_is_there_for_everybody(
    found: OllamaUpstream, owner: User, stranger: User
) -> None:
    assert await slugs(owner) == await slugs(stranger) == ["ollama", "demo"]

    models = (await sync_to_async(catalogue.models_for)(stranger))[0]
    assert (models.label, models.state) == ("Ollama", "ok")
    assert "plain:1b" in [entry.info.id for entry in models.models]
    route = await sync_to_async(routing.resolve)("ollama/plain:1b", user=stranger)
    assert route.adapter.connection.base_url == found.url
    assert route.adapter.connection.trusted
    assert route.info.context_window == 4_096


async def test_it_becomes_the_default_before_the_demo_only(
    found: OllamaUpstream, owner: User, settings: Any
) -> None:
    default = sync_to_async(catalogue.default_model)
    assert await default(owner) == "ollama/ok"

    await sync_to_async(keys.add_key)(user=owner, provider="openai", key_name="Mine", key=KEY)
    assert (await default(owner)).startswith("openai/")
    assert await slugs(owner) == ["openai", "ollama", "demo"]


async def test_without_models_the_demo_stays_the_default(
    transactional_db: None, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with OllamaUpstream() as server:
        monkeypatch.setattr("tests.ollama_upstream.MODELS", {})
        monkeypatch.setattr(OllamaAdapter, "usual_base_url", server.url)
        await discovery.look()

    assert await slugs(owner) == ["ollama", "demo"]
    assert await sync_to_async(catalogue.default_model)(owner) == "demo/demo"


async def test_a_users_own_of_that_name_is_used_instead(
    found: OllamaUpstream, owner: User, stranger: User
) -> None:
    await sync_to_async(keys.add_key)(
        user=owner, provider="ollama", key_name="Ollama", key="", base_url="http://127.0.0.1:10"
    )

    find = sync_to_async(connections.find_source)
    own, shared = await find("ollama", user=owner), await find("ollama", user=stranger)
    assert own is not None
    assert own.connect().base_url == "http://127.0.0.1:10"
    assert not own.connect().trusted
    assert shared is not None
    assert shared.connect().base_url == found.url


async def test_what_the_environment_sets_is_not_looked_for(
    found: OllamaUpstream, owner: User, settings: Any
) -> None:
    found.reset()
    settings.PROVIDER_ENVIRONMENT = {"ollama": {"api_key": "", "base_url": "http://127.0.0.1:10"}}
    await discovery.look()

    assert found.requests == []
    assert await ModelList.objects.filter(environment="ollama").aexists(), "what is set stays"
    [source, _demo] = await sync_to_async(connections.sources_for)(owner)
    assert source.connect().base_url == "http://127.0.0.1:10"


async def test_it_can_be_turned_off(found: OllamaUpstream, owner: User, settings: Any) -> None:
    found.reset()
    settings.OLLAMA_DISCOVERY = False
    await discovery.look()

    assert found.requests == []
    assert await slugs(owner) == ["demo"]
    with pytest.raises(NotFoundError):
        await sync_to_async(routing.resolve)("ollama/ok", user=owner)


async def test_an_absent_server_is_not_missed(
    transactional_db: None, owner: User, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        await discovery.look()

    assert [record for record in caplog.records if record.name.startswith("providers")] == []
    assert await slugs(owner) == ["demo"]
    assert not await ModelList.objects.aexists()


def test_looking_where_nobody_listens_loads_no_client() -> None:
    """A site without Ollama pays no memory for it."""
    code = f"""
import asyncio, sys, django
django.setup()
from providers import discovery
assert not asyncio.run(discovery._listens("http://127.0.0.1:{free_port()}"))
print(sorted({{"httpx2", "httpcore2", "openai", "anthropic"}} & set(sys.modules)))
"""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


async def test_it_disappears_when_it_stops_answering(
    transactional_db: None, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with OllamaUpstream() as server:
        monkeypatch.setattr(OllamaAdapter, "usual_base_url", server.url)
        await discovery.look()
        assert await slugs(owner) == ["ollama", "demo"]
    await discovery.look()

    assert await slugs(owner) == ["demo"]


async def test_a_conversation_with_it_tells_and_the_next_try_finds_it(
    transactional_db: None, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = sync_to_async(routing.resolve)
    with OllamaUpstream() as server:
        monkeypatch.setattr(OllamaAdapter, "usual_base_url", server.url)
        with pytest.raises(NetworkError) as caught:
            await resolve("ollama/ok", user=owner)
        assert caught.value.detail == f"Ollama does not answer at {server.url}."

        for thread in threading.enumerate():
            if thread.name == "discovery":
                await asyncio.to_thread(thread.join, 10)
        assert (await resolve("ollama/ok", user=owner)).slug == "ollama"


async def test_another_program_on_that_port_is_no_server(
    transactional_db: None, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with OllamaUpstream() as server:
        monkeypatch.setattr(OllamaAdapter, "usual_base_url", server.url + "/elsewhere")
        await discovery.look()

    assert await slugs(owner) == ["demo"]
    assert not await ModelList.objects.aexists()


async def test_a_busy_server_stays(
    found: OllamaUpstream, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(_adapter: OllamaAdapter) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(OllamaAdapter, "check_key", busy)
    monkeypatch.setattr(discovery, "ANSWER_LIMIT", 0.1)
    await discovery.look()

    assert await slugs(owner) == ["ollama", "demo"]


async def test_a_port_that_takes_and_never_answers_costs_little(
    transactional_db: None, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setattr(OllamaAdapter, "usual_base_url", url)
        monkeypatch.setattr(discovery, "ANSWER_LIMIT", 0.1)
        async with asyncio.timeout(5):
            await discovery.look()

    assert await slugs(owner) == ["demo"]


async def test_an_error_that_comes_too_late_brings_nothing_back(
    transactional_db: None, owner: User
) -> None:
    source = connections.discovered_source("ollama")
    await sync_to_async(refresh.store)(source, [], "It did not answer.")

    assert await slugs(owner) == ["demo"]


async def test_the_server_keeps_looking(
    transactional_db: None,
    owner: User,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(discovery, "INTERVAL", 0.05)
    monkeypatch.setattr(discovery, "LOOK_AGAIN_AFTER", 0.0)
    looks = 0

    async def look() -> None:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise RuntimeError("The database is locked.")

    monkeypatch.setattr(discovery, "look", look)
    task = asyncio.create_task(discovery.keep_looking())
    async with asyncio.timeout(5):
        while looks < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert "could not be looked for" in caplog.text


def test_pages_pay_no_query_for_it(owner: User, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        connections.sources_for(owner)
    for _ in range(3):
        with django_assert_num_queries(1):
            connections.sources_for(owner)
        with django_assert_num_queries(1):
            connections.find_source("ollama", user=owner)
