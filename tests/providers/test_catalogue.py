"""Which models there are, and which one is chosen."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from providers import catalogue, keys, refresh
from providers.models import ModelList
from tests.providers.conftest import KEY
from tests.upstream import Upstream


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


async def test_refresh_all_asks_what_the_environment_sets(
    transactional_db: None, environment: dict[str, dict[str, str]], upstream: Upstream
) -> None:
    await refresh.refresh_all()

    row = await ModelList.objects.aget()
    assert (row.environment, row.error) == ("openai", "")
    assert {"id": "ok"} in row.offered
    assert len(upstream.requests) == 1


async def test_a_provider_that_hangs_is_given_up(
    transactional_db: None,
    environment: dict[str, dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> None:
    settings.PROVIDER_ENVIRONMENT = {"openai": environment["openai"] | {"api_key": "patient"}}
    monkeypatch.setattr(refresh, "TIME_LIMIT", 0.2)

    await refresh.refresh_all()

    assert "did not answer in time" in (await ModelList.objects.aget()).error


def test_a_missing_list_is_fetched_in_the_background(
    transactional_db: None, environment: object, upstream: Upstream, owner: User
) -> None:
    began = time.monotonic()
    [first, _demo] = catalogue.models_for(owner)
    assert time.monotonic() - began < 0.5, "no page waits for a provider"
    assert first.checked_at is None
    catalogue.models_for(owner)

    for thread in threading.enumerate():
        if thread.name == "models":
            thread.join(10)

    [second, _demo] = catalogue.models_for(owner)
    assert second.models[0].info.id == "ok"
    assert len(upstream.requests) == 1, "asked once, though the page was shown twice"


@pytest.mark.parametrize(("age", "error", "due"), [(5, "", False), (7, "", True), (0.1, "x", True)])
@pytest.mark.usefixtures("environment")
def test_old_lists_and_failures_are_asked_for_again(
    age: float, error: str, due: bool, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(refresh, "refresh_later", asked.append)
    ModelList.objects.create(
        environment="openai",
        fetched_at=timezone.now() - timedelta(hours=age),
        error=error,
    )

    catalogue.models_for(owner)

    assert bool(asked) is due


def test_queries_do_not_grow_with_the_keys(
    owner: User, environment: object, django_assert_num_queries: Any
) -> None:
    for number in range(10):
        keys.add_key(user=owner, provider="openai", key_name=f"Key {number}", key=KEY)

    with django_assert_num_queries(2):
        catalogue.models_for(owner)
    with django_assert_num_queries(2):
        catalogue.default_model(owner)
    with django_assert_num_queries(3):
        catalogue.connections_for(owner)
