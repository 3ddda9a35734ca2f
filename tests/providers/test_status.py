"""The status page: how one's connections do, and nobody else's."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from providers import keys, refresh
from providers.availability import Call, flush, note
from providers.connections import Source
from providers.errors import AuthenticationError, OverloadedError
from providers.models import ApiKey, ModelList
from providers.types import ModelInfo
from tests.markup import parse
from tests.providers.conftest import KEY

PAGE = "/settings/providers/status/"
REFRESH = f"{PAGE}refresh/"
LIVE = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[str]:
    """Connections that are asked in the background."""
    settings.PROVIDER_ENVIRONMENT = {}
    asked: list[str] = []
    monkeypatch.setattr(refresh, "refresh_later", lambda source: asked.append(source.slug))
    return asked


def connect(user: User | None, name: str, *models: ModelInfo, error: str = "") -> Source:
    """A connection that has been asked."""
    key = keys.add_key(user=user, provider="openai", key_name=name, key=KEY)
    source = keys.source_of(key)
    refresh.store(source, models, "")
    if error:
        refresh.store(source, [], error)
    return source


def text(client: Client, **headers: str) -> str:
    response = client.get(PAGE, headers=headers)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_a_connection_that_works(owner_client: Client, owner: User) -> None:
    source = connect(owner, "Mine", ModelInfo(id="a", context_window=128_000), ModelInfo(id="b"))
    note(Call(source, "a", first_token_ms=840))
    flush()

    page = text(owner_client)
    for words in (
        *("Mine", "Working", "just now</time>", "2 models", "0.8 s to the first word"),
        *("1 model called within the hour", "128k context", "price unknown"),
    ):
        assert words in page
    assert "Failing" not in page
    assert 'status-model-name">b' not in page, "nobody called it"


def test_what_costs_nothing_is_free(owner_client: Client, owner: User) -> None:
    free = ModelInfo(id="a", input_price=Decimal(0), output_price=Decimal(0))
    note(Call(connect(owner, "Mine", free), "a"))
    flush()

    page = text(owner_client)
    assert "<span>free</span>" in page
    assert "per million" not in page


def test_what_fails_says_why_and_comes_first(owner_client: Client, owner: User) -> None:
    source = connect(owner, "Mine", ModelInfo(id="good"), ModelInfo(id="bad"), error="It is away.")
    note(Call(source, "bad", error=OverloadedError("Sorry, busy.")))
    note(Call(source, "good"))
    flush()

    page = text(owner_client)
    assert "It is away." in page
    assert "The provider has a problem of its own. Sorry, busy." in page
    assert "1 failing" in page
    assert page.index(">bad<") < page.index(">good<")


def test_what_models_can_and_cost(owner_client: Client, owner: User) -> None:
    refresh_values = {"input_price": "2.5", "output_price": "0", "accepts_images": True}
    source = connect(
        owner, "Mine", ModelInfo.from_json({"id": "a", "reasons": True, **refresh_values})
    )
    note(Call(source, "a"))
    flush()

    page = text(owner_client)
    assert "$2.50 in, free out per million tokens" in page
    assert "images, reasoning" in page


def test_never_asked(owner_client: Client, owner: User, asked: list[str]) -> None:
    keys.add_key(user=owner, provider="openai", key_name="Mine", key=KEY)

    page = text(owner_client)
    assert "Unknown" in page
    assert "not asked yet" in page
    assert asked == ["openai"], "in the background"


def test_very_many_models(owner_client: Client, owner: User) -> None:
    connect(owner, "Mine", ModelInfo(id="a"))
    ModelList.objects.update(total=10_000)

    assert "the first 1 of 10,000 models are shown" in text(owner_client)


def test_without_connections(owner_client: Client) -> None:
    page = text(owner_client)
    assert "Nothing is connected yet" in page
    assert "/settings/providers/" in page


def test_the_live_part_alone(owner_client: Client, owner: User) -> None:
    connect(owner, "Mine")

    part = text(owner_client, **LIVE)
    assert part.startswith('<div id="status"')
    assert "Mine" in part
    assert "<html" not in part


def test_other_peoples_connections_are_not_shown(
    owner_client: Client, stranger: User, stranger_client: Client
) -> None:
    theirs = connect(stranger, "Theirs", ModelInfo(id="their-model"), error="their error")
    note(Call(theirs, "their-model", error=AuthenticationError("their account")))
    connect(None, "Ours")
    flush()

    page = text(owner_client)
    assert "Ours" in page
    assert "Shared" in page
    assert "Theirs" in text(stranger_client)
    for words in ("Theirs", "their-model", "their error", "their account"):
        assert words not in page


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onfocus=alert(1) x='"],
)
def test_hostile_words_are_shown_as_words(hostile: str, owner_client: Client, owner: User) -> None:
    name = ModelInfo(id=hostile, name=hostile)
    source = connect(owner, f"Mine {hostile}", name, error=hostile)
    note(Call(source, hostile, error=OverloadedError(hostile)))
    flush()

    page = parse(owner_client.get(PAGE).content.decode())
    [card] = page.by_class("status-card")
    assert card.text.count(hostile) >= 4, "the connection, the model, both errors"
    assert not card.by_tag("img") + card.by_tag("script")
    assert not [e for e in card.elements() if any(a.startswith("on") for a in e.attributes)]


def test_the_number_of_queries_does_not_grow(
    owner_client: Client, owner: User, django_assert_num_queries: Any
) -> None:
    def fill(first: int) -> None:
        for number in range(first, first + 3):
            models = [ModelInfo(id=f"model-{n}") for n in range(20)]
            source = connect(owner, f"Key {number}", *models)
            for model in models:
                note(Call(source, model.id, first_token_ms=1))
        flush()

    fill(0)
    owner_client.get(PAGE)
    # The session, the user, connections, lists of the environment, models, overrides.
    with django_assert_num_queries(6):
        owner_client.get(PAGE)
    fill(3)
    with django_assert_num_queries(6):
        owner_client.get(PAGE)


def test_asking_again(owner_client: Client, owner: User, asked: list[str]) -> None:
    connect(owner, "One")
    connect(owner, "Two")
    ModelList.objects.update(fetched_at=timezone.now() - timedelta(seconds=20))

    assert owner_client.post(REFRESH, {"slug": "two"}).headers["Location"] == PAGE
    assert asked == ["two"]
    assert owner_client.post(REFRESH, headers=LIVE).status_code == 204
    assert sorted(asked) == ["openai", "two", "two"]

    ModelList.objects.update(fetched_at=timezone.now())
    owner_client.post(REFRESH)
    assert len(asked) == 3, "it has just answered"


def test_nobody_asks_with_other_peoples_keys(
    owner_client: Client, stranger: User, asked: list[str]
) -> None:
    connect(stranger, "Theirs")
    ModelList.objects.update(fetched_at=timezone.now() - timedelta(hours=9))

    owner_client.post(REFRESH, {"slug": "openai"})
    owner_client.post(REFRESH)
    owner_client.get(PAGE)

    assert asked == []


def test_reading_asks_for_nothing_at_once(owner_client: Client, owner: User) -> None:
    assert owner_client.get(REFRESH).status_code == 405
    assert owner_client.post(PAGE).status_code == 405


def test_csrf(owner: User, asked: list[str]) -> None:
    keys.add_key(user=owner, provider="openai", key_name="Mine", key=KEY)
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)

    assert client.post(REFRESH).status_code == 403
    assert asked == []


def test_nobody_without_an_account(client: Client, db: None) -> None:
    for response in (client.get(PAGE), client.post(REFRESH)):
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/accounts/login/")


def test_keys_that_are_switched_off_are_left_alone(
    owner_client: Client, owner: User, asked: list[str]
) -> None:
    connect(owner, "Mine")
    ApiKey.objects.update(is_active=False)
    ModelList.objects.update(fetched_at=timezone.now() - timedelta(hours=9))

    assert "Mine" not in text(owner_client)
    assert asked == []
