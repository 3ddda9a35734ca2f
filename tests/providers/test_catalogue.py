"""Which models there are, and which one is chosen."""

import asyncio
import threading
import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from providers import catalogue, keys, refresh, schedule
from providers.adapters.openai import OpenAIAdapter
from providers.availability import Call, flush, note
from providers.connections import Source, sources_for
from providers.errors import OverloadedError
from providers.models import ApiKey, ModelList, ModelOverride
from providers.types import ModelInfo
from tests.providers.conftest import KEY
from tests.upstream import Upstream
from tests.upstream_modes import LISTED
from tests.waiting import until


@pytest.fixture(autouse=True)
def _settings(settings: Any) -> None:
    settings.PROVIDER_ALLOW_PRIVATE = True
    settings.PROVIDER_ENVIRONMENT = {}
    settings.DEFAULT_MODEL = ""


@pytest.fixture
def environment(settings: Any, upstream: Upstream) -> dict[str, dict[str, str]]:
    settings.PROVIDER_ENVIRONMENT = {
        "openai": {"api_key": KEY, "base_url": upstream.url + "/v1"},
        "anthropic": {"api_key": "", "base_url": ""},
    }
    return settings.PROVIDER_ENVIRONMENT  # type: ignore[no-any-return]


def offer(*models: str) -> None:
    ModelList.objects.create(
        environment="openai", offered=[{"id": m} for m in models], fetched_at=timezone.now()
    )


def test_without_anything_there_is_the_demo(owner: User) -> None:
    [demo] = catalogue.models_for(owner)

    assert [entry.info.id for entry in demo.models] == ["demo"]
    assert catalogue.default_model(owner) == "demo/demo"


def test_the_environment_becomes_the_default(owner: User, environment: object) -> None:
    assert [entry.slug for entry in catalogue.models_for(owner)] == ["openai", "demo"]
    assert catalogue.default_model(owner).startswith("openai/gpt-")

    offer("my-own", "gpt-4o", "gpt-4.1")
    assert catalogue.default_model(owner) == "openai/gpt-4.1"

    ModelList.objects.all().delete()
    offer("my-own", "another")
    assert catalogue.default_model(owner) == "openai/my-own"


def test_the_administrators_choice_comes_first(
    owner: User, environment: object, settings: Any
) -> None:
    settings.DEFAULT_MODEL = "demo/demo"

    assert catalogue.default_model(owner) == "demo/demo"


def test_a_users_own_key_comes_before_the_demo(owner: User, stranger: User) -> None:
    keys.add_key(user=owner, provider="anthropic", key_name="Mine", key=KEY)

    assert catalogue.default_model(owner).startswith("anthropic/claude-")
    assert catalogue.default_model(stranger) == "demo/demo"


async def test_the_server_asks_what_the_environment_sets(
    transactional_db: None, environment: dict[str, dict[str, str]], upstream: Upstream
) -> None:
    await sync_to_async(offer)("of-the-last-start")
    task = asyncio.ensure_future(schedule.keep_asking())
    await until(ModelList.objects.filter(total__gt=1).aexists)
    task.cancel()

    row = await ModelList.objects.aget()
    assert (row.environment, row.error, row.total) == ("openai", "", len(row.offered))
    assert {"id": "ok"} in row.offered
    assert len(upstream.requests) == 1


async def test_a_provider_that_hangs_is_given_up(
    transactional_db: None,
    environment: dict[str, dict[str, str]],
    settings: Any,
    owner: User,
) -> None:
    settings.PROVIDER_ENVIRONMENT = {"openai": environment["openai"] | {"api_key": "patient"}}
    settings.PROVIDER_LIST_TIMEOUT = 0.2

    [source, _demo] = await sync_to_async(sources_for)(owner)
    await refresh.refresh_models(source)

    assert "did not answer in time" in (await ModelList.objects.aget()).error


def test_a_missing_list_is_fetched_in_the_background(
    transactional_db: None, environment: object, upstream: Upstream, owner: User
) -> None:
    began = time.monotonic()
    [first, _demo] = catalogue.models_for(owner)
    assert time.monotonic() - began < 0.5, "no page waits for a provider"
    assert first.checked_at is None
    catalogue.models_for(owner)

    wait_for_threads()

    [second, _demo] = catalogue.models_for(owner)
    assert second.models[0].info.id == "ok"
    assert len(upstream.requests) == 1, "asked once, though the page was shown twice"


def wait_for_threads() -> None:
    for thread in threading.enumerate():
        if thread.name == "models":
            thread.join(20)


@pytest.mark.parametrize("page", ["/", "/settings/providers/", "/settings/providers/status/"])
@pytest.mark.usefixtures("transactional_db")
def test_no_page_waits_for_a_provider_that_hangs(
    page: str,
    owner: User,
    owner_client: Client,
    upstream: Upstream,
    settings: Any,
) -> None:
    settings.PROVIDER_LIST_TIMEOUT = 2.0
    key = keys.add_key(
        user=owner,
        provider="openai_compatible",
        key_name="Slow",
        key="patient",
        base_url=upstream.url + "/v1",
    )
    source = keys.source_of(key)
    refresh.refresh_later(source)
    asyncio.run(until(lambda: upstream.requests))

    assert owner_client.get(page).status_code == 200
    assert refresh.is_under_way(source), "the provider still holds the question"

    wait_for_threads()
    assert "did not answer in time" in ModelList.objects.get(api_key=key).error
    assert len(upstream.requests) == 1, "the page asked nothing itself"


def test_only_so_many_are_asked_at_once(
    transactional_db: None,
    owner: User,
    upstream: Upstream,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.PROVIDER_LIST_TIMEOUT = 1.0
    monkeypatch.setattr(refresh, "MAX_THREADS", 3)
    base_url = upstream.url + "/v1"
    for number in range(6):
        keys.add_key(
            user=owner,
            provider="openai_compatible",
            key_name=f"Slow {number}",
            key="patient",
            base_url=base_url,
        )
    site = keys.add_key(user=None, provider="openai", key_name="Site", key=KEY, base_url=base_url)

    catalogue.models_for(owner)
    alive = [thread for thread in threading.enumerate() if thread.name == "models"]
    assert len(alive) <= 3
    wait_for_threads()

    assert ModelList.objects.count() == 7, "all had their turn"
    bearers = [request["headers"]["authorization"] for request in upstream.requests]
    assert bearers.index(f"Bearer {KEY}") < 6, "the site's own is among the next three"
    assert ModelList.objects.get(api_key=site).error == ""


def test_a_person_with_many_that_hang_keeps_nobody_waiting(
    transactional_db: None, owner: User, stranger: User, upstream: Upstream, settings: Any
) -> None:
    settings.PROVIDER_LIST_TIMEOUT = 1.0
    base_url = upstream.url + "/v1"
    for number in range(refresh.MAX_THREADS + 1):
        keys.add_key(
            user=owner,
            provider="openai_compatible",
            key_name=f"Slow {number}",
            key="patient",
            base_url=base_url,
        )
    keys.add_key(user=stranger, provider="openai", key_name="Quick", key=KEY, base_url=base_url)

    catalogue.models_for(owner)
    catalogue.models_for(stranger)
    wait_for_threads()

    bearers = [request["headers"]["authorization"] for request in upstream.requests]
    assert bearers.index(f"Bearer {KEY}") <= refresh.MAX_THREADS_OF_USER, "not after all the others"
    assert ModelList.objects.count() == refresh.MAX_THREADS + 2, "all had their turn"


def test_very_many_models_are_cut_off_and_counted(owner: User, environment: object) -> None:
    [source, _demo] = sources_for(owner)
    models = [ModelInfo(id=f"model-{number}") for number in range(refresh.MAX_MODELS)]
    refresh.store(source, models, "", total=10_000)

    [listed, _demo_models] = catalogue.models_for(owner)
    assert (len(listed.models), listed.total) == (2000, 10_000)

    refresh.store(source, [], "It is away.")
    [listed, _demo_models] = catalogue.models_for(owner)
    assert (len(listed.models), listed.total) == (2000, 10_000), "the last good list stays"


async def test_a_provider_with_very_many_models(
    transactional_db: None, environment: object, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "MAX_MODELS", 3)
    [source, _demo] = await sync_to_async(sources_for)(owner)

    assert await refresh.refresh_models(source) == ""

    row = await ModelList.objects.aget()
    assert (len(row.offered), row.total) == (3, len(LISTED))


@pytest.mark.parametrize(("age", "error", "due"), [(5, "", False), (7, "", True), (0.1, "x", True)])
@pytest.mark.usefixtures("environment")
def test_old_lists_and_failures_are_asked_for_again(
    age: float, error: str, due: bool, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = old_list(monkeypatch, timedelta(hours=age), error)

    catalogue.models_for(owner)

    assert bool(asked) is due


@pytest.mark.parametrize(
    ("seconds", "error", "due"), [(50, "", False), (70, "", True), (5, "x", False), (15, "x", True)]
)
@pytest.mark.usefixtures("environment")
def test_a_page_that_is_watched_asks_more_often(
    seconds: int, error: str, due: bool, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = old_list(monkeypatch, timedelta(seconds=seconds), error)

    catalogue.models_for(owner, watched=True)

    assert bool(asked) is due


@pytest.mark.parametrize(("slug", "seconds", "due"), [("", 15, 1), ("", 5, 0), ("other", 15, 0)])
@pytest.mark.usefixtures("environment")
def test_asking_on_demand(
    slug: str, seconds: int, due: int, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = old_list(monkeypatch, timedelta(seconds=seconds), "")

    catalogue.ask_now(owner, slug=slug)

    assert len(asked) == due


def old_list(monkeypatch: pytest.MonkeyPatch, age: timedelta, error: str) -> list[Source]:
    """A list of that age; what is asked because of it."""
    asked: list[Source] = []
    monkeypatch.setattr(refresh, "refresh_later", asked.append)
    ModelList.objects.create(
        environment="openai", fetched_at=timezone.now() - age, error=error, total=1
    )
    return asked


def test_how_models_do_is_told_with_them(owner: User, environment: object) -> None:
    offer("good", "bad", "new")
    [source, _demo] = sources_for(owner)
    note(Call(source, "good", first_token_ms=100))
    note(Call(source, "bad", first_token_ms=300))
    note(Call(source, "bad", error=OverloadedError()))
    flush()

    [models, demo] = catalogue.models_for(owner)

    good, bad, new = models.models
    assert (good.state, good.reason, good.first_token_ms) == ("ok", "", 100)
    assert (bad.state, bad.reason) == ("failing", "The provider has a problem of its own.")
    assert (new.state, new.first_token_ms, new.checked_at) == ("unknown", None, None)
    assert (models.state, models.first_token_ms) == ("ok", 200)
    assert (demo.state, demo.models[0].state) == ("ok", "ok"), "it always works"


def test_what_the_administrator_says_of_a_model_wins(owner: User, environment: object) -> None:
    known = {"context_window": 10, "input_price": "1", "priced_up_to": 5}
    ModelList.objects.create(
        environment="openai",
        offered=[{"id": "a", **known}, {"id": "b", **known}],
        fetched_at=timezone.now(),
    )
    override = ModelOverride.objects.create
    override(provider="openai", model="a", context_window=20, accepts_images=False)
    override(provider="anthropic", model="a", context_window=30)
    override(provider="openai", model="b", input_price=0)
    keys.add_key(user=owner, provider="openai", key_name="Mine", key=KEY)

    models, mine, _demo = catalogue.models_for(owner)

    a, b = (entry.info for entry in models.models)
    assert (a.context_window, a.accepts_images, a.input_price) == (20, False, Decimal(1))
    assert (b.context_window, b.input_price, b.priced_up_to) == (10, Decimal(0), None)
    assert catalogue.model_info(sources_for(owner)[0], "a") == a
    assert mine.slug == "mine"
    assert catalogue.model_info(sources_for(owner)[1], "a").context_window == 20, "of the kind"


def test_a_connections_own_row_wins_over_its_kinds(owner: User, upstream: Upstream) -> None:
    values: dict[str, Any] = {
        "provider": "openai_compatible",
        "base_url": upstream.url + "/v1",
        "key": "",
    }
    site = keys.source_of(keys.add_key(user=None, key_name="vLLM", **values))
    mine = keys.source_of(keys.add_key(user=owner, key_name="vLLM 2", **values))
    for provider, window, price in [("openai_compatible", 10, 1), ("vllm", 20, None)]:
        ModelOverride.objects.create(
            provider=provider, model="m", context_window=window, input_price=price
        )
    ModelOverride.objects.create(provider="vllm-2", model="m", context_window=30)

    info = catalogue.model_info(site, "m")
    assert (info.context_window, info.input_price) == (20, Decimal(1))
    assert catalogue.model_info(mine, "m").context_window == 10, "slugs name the site's own"


def test_queries_do_not_grow_with_the_keys(
    owner: User, environment: object, django_assert_num_queries: Any
) -> None:
    for number in range(10):
        keys.add_key(user=owner, provider="openai", key_name=f"Key {number}", key=KEY)

    # Connections, their lists, how their models do, what the administrator says of them.
    with django_assert_num_queries(4):
        catalogue.models_for(owner)
    with django_assert_num_queries(2):
        catalogue.default_model(owner)


async def test_models_of_a_provider_that_never_answered_have_their_prices(
    transactional_db: None, owner: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(adapter: OpenAIAdapter) -> None:
        raise OverloadedError

    monkeypatch.setattr(OpenAIAdapter, "list_models", refuse)
    settings.PROVIDER_ENVIRONMENT = {"openai": {"api_key": KEY, "base_url": ""}}
    source = (await sync_to_async(sources_for)(owner))[0]
    await refresh.refresh_models(source)

    [openai, *_rest] = await sync_to_async(catalogue.models_for)(owner)
    models = {entry.info.id: entry.info for entry in openai.models}
    assert set(models) == set(OpenAIAdapter.preferred_models)
    assert models["gpt-4.1"].context_window
    assert models["gpt-4.1"].input_price == Decimal(2)
    info = await sync_to_async(catalogue.model_info)(source, "gpt-4.1")
    assert info == models["gpt-4.1"]
    row = await ModelList.objects.aget()
    assert (row.offered, row.total) == ([], 0), "nothing was told"

    await sync_to_async(refresh.store)(source, [ModelInfo(id="told")], "")
    await refresh.refresh_models(source)
    [openai, *_rest] = await sync_to_async(catalogue.models_for)(owner)
    assert [entry.info.id for entry in openai.models] == ["told"]


def test_prices_need_no_readable_key(owner: User, environment: object) -> None:
    row = keys.add_key(user=owner, provider="anthropic", key_name="Mine", key=KEY)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE providers_apikey SET encrypted_key = 'broken'")
    row = ApiKey.objects.get(pk=row.pk)

    assert "not encrypted" in keys.check_key(key=row)
    infos = [ModelInfo.from_json(each) for each in ModelList.objects.get(api_key=row).presumed]
    assert any(info.input_price for info in infos)
