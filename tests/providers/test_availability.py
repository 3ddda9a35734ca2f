"""What real calls say of models: noted at once, written later, old soon."""

import threading
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError

from accounts.models import User
from providers import availability, errors, keys, refresh
from providers.availability import Call, flush, note
from providers.clients import close_clients
from providers.completion import RetryPolicy, stream
from providers.connections import Source
from providers.health import Health, health_of
from providers.models import ApiKey, ModelStatus
from providers.routing import resolve
from tests.providers.conftest import KEY, request_for
from tests.upstream import Upstream

SITE = Source(slug="openai", kind="openai", label="OpenAI")
ONCE = RetryPolicy(attempts=1)


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[Source]:
    """Connections whose models were asked for because of an error."""
    settings.PROVIDER_ALLOW_PRIVATE = True
    settings.PROVIDER_ENVIRONMENT = {}
    asked: list[Source] = []
    monkeypatch.setattr(refresh, "refresh_later", asked.append)
    return asked


@pytest.fixture
def mine(owner: User, upstream: Upstream) -> Source:
    key = keys.add_key(
        user=owner, provider="openai", key_name="Mine", key=KEY, base_url=upstream.url + "/v1"
    )
    return keys.source_of(key)


@pytest.fixture
async def _clients() -> AsyncIterator[None]:
    yield
    await close_clients()


def health(source: Source, model: str = "ok") -> Health:
    flush()
    found = health_of([source]).get(source.slug)
    return found.models.get(model, Health()) if found else Health()


async def call(user: User, model: str, *, stop_after: int | None = None) -> None:
    """Make one real call, and end it after so many events."""
    route = await sync_to_async(resolve)(f"openai/{model}", user=user)
    async with aclosing(stream(route, request_for(model), policy=ONCE)) as events:
        number = 0
        async for _event in events:
            number += 1
            if number == stop_after:
                break


@pytest.mark.usefixtures("_clients")
async def test_a_call_that_worked(transactional_db: None, owner: User, mine: Source) -> None:
    await call(owner, "slow-first-0.3")

    found = await sync_to_async(health)(mine, "slow-first-0.3")
    assert (found.state, found.reason) == ("ok", "")
    assert found.first_token_ms is not None
    assert 300 <= found.first_token_ms < 5000
    assert found.checked_at is not None


@pytest.mark.usefixtures("_clients")
@pytest.mark.parametrize("model", ["empty", "reasoning"])
async def test_no_text_is_no_fault(
    model: str, transactional_db: None, owner: User, mine: Source
) -> None:
    await call(owner, model)

    found = await sync_to_async(health)(mine, model)
    assert found.state == "ok"
    assert (found.first_token_ms is None) == (model == "empty")


@pytest.mark.usefixtures("_clients")
@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("error-401", "The provider did not accept the key."),
        ("error-403", "This key may not use that model."),
        ("error-404", "The provider does not know this model."),
        ("error-429", "The provider asks for a pause."),
        ("error-500", "The provider has a problem of its own."),
        ("cut-after-2", "The provider's answer was cut off."),
        ("malformed", "The provider sent something that could not be read."),
    ],
)
async def test_a_call_that_failed(
    model: str, words: str, transactional_db: None, owner: User, mine: Source
) -> None:
    with pytest.raises(errors.ProviderError):
        await call(owner, model)

    found = await sync_to_async(health)(mine, model)
    assert found.state == "failing"
    assert found.reason.startswith(words)


@pytest.mark.usefixtures("_clients")
@pytest.mark.parametrize("model", ["error-400", "error-context", "error-filter"])
async def test_what_lies_in_the_request_says_nothing_of_the_model(
    model: str, transactional_db: None, owner: User, mine: Source, asked: list[Source]
) -> None:
    with pytest.raises(errors.ProviderError):
        await call(owner, model)

    assert await sync_to_async(health)(mine, model) == Health()
    assert not asked


@pytest.mark.usefixtures("_clients")
async def test_stopping_says_nothing_of_the_model(
    transactional_db: None, owner: User, mine: Source
) -> None:
    await call(owner, "fast-50@100", stop_after=1)

    found = await sync_to_async(health)(mine, "fast-50@100")
    assert found.state == "ok", "it had begun"


@pytest.mark.parametrize(("limit", "state"), [(60.0, "unknown"), (0.05, "failing")])
def test_given_up_before_the_first_token(
    limit: float, state: str, mine: Source, settings: Any
) -> None:
    settings.REPLY_FIRST_TOKEN_TIMEOUT = limit
    with suppress(GeneratorExit), availability.Watch(mine, "hang"):
        time.sleep(0.06)
        raise GeneratorExit

    assert health(mine, "hang").state == state


def test_the_latest_call_counts(mine: Source) -> None:
    note(Call(mine, "ok", error=errors.OverloadedError()))
    note(Call(mine, "ok", first_token_ms=100))
    assert health(mine).state == "ok"

    note(Call(mine, "ok", error=errors.OverloadedError("busy")))
    found = health(mine)
    assert found.reason == "The provider has a problem of its own. busy"
    assert found.first_token_ms == 100, "of the calls that worked"

    note(Call(mine, "ok", first_token_ms=300, at=time.time() - 100))
    assert health(mine).state == "failing", "an older word came later"


def test_results_grow_old(mine: Source) -> None:
    now = time.time()
    note(Call(mine, "old-failure", error=errors.OverloadedError(), at=now - 11 * 60))
    note(Call(mine, "failure", error=errors.OverloadedError(), at=now - 9 * 60))
    note(Call(mine, "success", first_token_ms=5, at=now - 59 * 60))
    note(Call(mine, "old-success", first_token_ms=5, at=now - 61 * 60))
    flush()

    found = health_of([mine])["openai"].models
    assert {name: h.state for name, h in found.items()} == {
        "old-failure": "unknown",
        "failure": "failing",
        "success": "ok",
    }
    assert found["old-failure"].reason == ""


def test_results_of_yesterday_are_removed(mine: Source) -> None:
    note(Call(mine, "old", at=time.time() - 25 * 3600))
    flush()
    note(Call(mine, "new"))
    flush()

    assert [row.model for row in ModelStatus.objects.all()] == ["new"]


def test_the_median_is_of_the_last_hour_and_of_so_many_calls(mine: Source) -> None:
    now = time.time()
    note(Call(mine, "ok", first_token_ms=90_000, at=now - 3700))
    flush()
    for number in range(availability.MAX_SAMPLES + 10):
        note(Call(mine, "ok", first_token_ms=number, at=now - 1000 + number))
        if number % 7 == 0:
            flush()
    note(Call(mine, "other", first_token_ms=1000))
    flush()

    row = ModelStatus.objects.get(model="ok")
    assert [ms for _at, ms in row.samples] == list(range(10, availability.MAX_SAMPLES + 10))
    found = health_of([mine])["openai"]
    assert found.models["ok"].first_token_ms == 24
    assert found.first_token_ms == 25, "over all models of the connection"


def test_nothing_is_written_before_the_flush(mine: Source, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        note(Call(mine, "ok"))
        note(Call(mine, "ok", error=errors.NetworkError()))
    assert not ModelStatus.objects.exists()


def test_a_flush_is_few_queries_however_much_there_is(
    mine: Source, django_assert_max_num_queries: Any
) -> None:
    flush()
    for _round in range(2):
        for number in range(100):
            note(Call(mine, f"model-{number}", first_token_ms=number))
            note(Call(SITE, f"model-{number}", first_token_ms=number))
        with django_assert_max_num_queries(7):  # With those that begin and end a transaction.
            flush()
    assert ModelStatus.objects.count() == 200


def test_reading_is_one_query(mine: Source, django_assert_num_queries: Any) -> None:
    for number in range(100):
        note(Call(mine, f"model-{number}"))
        note(Call(SITE, f"model-{number}"))
    flush()

    with django_assert_num_queries(1):
        found = health_of([mine, Source(slug="site", kind="openai", label="x"), SITE])
    assert len(found["openai"].models) == 100


def test_another_persons_connection_of_the_same_name(
    mine: Source, stranger: User, upstream: Upstream
) -> None:
    theirs = keys.source_of(
        keys.add_key(user=stranger, provider="openai", key_name="Mine", key=KEY)
    )
    assert theirs.slug == mine.slug
    note(Call(theirs, "ok", error=errors.AuthenticationError("secret organisation")))

    assert health(mine) == Health()
    assert health(SITE) == Health()
    assert health(theirs).state == "failing"


@pytest.mark.parametrize(
    "error", [errors.OverloadedError, errors.MalformedStreamError, errors.PluginFailedError]
)
def test_words_that_may_quote_a_chat_are_not_shown_to_others(
    error: type[errors.ProviderError], mine: Source, db: None
) -> None:
    site_key = keys.source_of(keys.add_key(user=None, provider="openai", key_name="Ours", key=KEY))
    for source in (mine, site_key, SITE):
        note(Call(source, "ok", error=error("you said: my secret")))

    assert "my secret" in health(mine).reason, "one's own connection"
    assert "my secret" not in health(SITE).reason
    assert "my secret" not in health(site_key).reason


def test_what_the_former_key_did_says_nothing_of_the_new_one(mine: Source) -> None:
    assert mine.key is not None
    note(Call(mine, "before", error=errors.AuthenticationError("Who are you?")))
    changed = keys.update_key(
        key=mine.key, key_name="Mine", new_key="another-key-0123", base_url=mine.key.base_url
    )
    note(Call(mine, "after", error=errors.AuthenticationError("Who are you?")))
    new = keys.source_of(changed)
    note(Call(new, "new"))

    assert [health(new, model).state for model in ("before", "after", "new")] == [
        "unknown",
        "unknown",
        "ok",
    ]


def test_a_removed_key_takes_its_results_along(mine: Source) -> None:
    note(Call(mine, "ok"))
    note(Call(SITE, "ok"))
    ApiKey.objects.all().delete()
    flush()

    assert [row.environment for row in ModelStatus.objects.all()] == ["openai"]


@pytest.mark.parametrize("model", ["half \ud83d", "nul \x00", "x" * 300])
def test_names_that_cannot_be_stored_hold_up_nothing(model: str, mine: Source) -> None:
    note(Call(mine, model, error=errors.OverloadedError("nul \x00 \ud83d " + "y" * 2000)))
    note(Call(mine, "ok"))

    assert health(mine).state == "ok"


def test_the_buffer_is_bounded(mine: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(availability, "MAX_BUFFERED", 5)
    for number in range(10):
        note(Call(mine, f"model-{number}"))
    note(Call(mine, "model-0", error=errors.OverloadedError()))
    flush()

    assert ModelStatus.objects.count() == 5
    assert health(mine, "model-0").state == "failing", "what is remembered goes on being"


def test_a_database_that_is_away_loses_nothing(
    mine: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(Call(mine, "ok", first_token_ms=1))

    def locked(*_: object) -> None:
        note(Call(mine, "ok", first_token_ms=3))  # A reply goes on meanwhile.
        raise OperationalError("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(availability, "_write", locked)
        with pytest.raises(OperationalError):
            flush()

    assert health(mine).first_token_ms == 2


def test_many_threads_at_once(transactional_db: None) -> None:
    def work(number: int) -> None:
        for _ in range(200):
            note(Call(SITE, f"model-{number % 4}", first_token_ms=1))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        flush()
    flush()

    assert ModelStatus.objects.count() == 4
    assert all(len(row.samples) == availability.MAX_SAMPLES for row in ModelStatus.objects.all())


@pytest.mark.parametrize(
    ("error", "due"),
    [
        (errors.AuthenticationError, True),
        (errors.PermissionDeniedError, True),
        (errors.NotFoundError, True),
        (errors.NetworkError, True),
        (errors.RateLimitedError, False),
        (errors.OverloadedError, False),
    ],
)
def test_some_errors_have_the_models_asked_for(
    error: type[errors.ProviderError], due: bool, mine: Source, asked: list[Source]
) -> None:
    note(Call(mine, "ok", error=error()))
    assert not asked, "not in the call's own task"
    flush()
    assert asked == ([mine] if due else [])

    note(Call(mine, "ok", error=error()))
    flush()
    assert len(asked) == due, "once a minute"


def test_a_connection_that_works_again_is_given_another_chance(mine: Source) -> None:
    refresh.store(mine, [], "No connection.")
    note(Call(mine, "failing", error=errors.NetworkError()))
    note(Call(mine, "ok"))
    note(Call(SITE, "failing", error=errors.NetworkError()))
    flush()
    refresh.store(mine, [], "")

    assert health(mine, "failing").state == "unknown"
    assert health(mine, "ok").state == "ok"
    assert health(SITE, "failing").state == "failing", "another connection"

    note(Call(mine, "failing", error=errors.OverloadedError()))
    flush()
    refresh.store(mine, [], "")
    assert health(mine, "failing").state == "failing", "the list had not failed"


def test_another_key_gives_all_models_another_chance(mine: Source) -> None:
    refresh.store(mine, [], "")
    note(Call(mine, "ok", error=errors.AuthenticationError()))
    flush()
    assert mine.key
    keys.update_key(key=mine.key, key_name="Mine", new_key="another", base_url=mine.key.base_url)
    refresh.store(mine, [], "")

    assert health(mine).state == "unknown"
