"""The embedded demo."""

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser

from providers import errors
from providers.completion import stream
from providers.routing import resolve
from providers.types import CompletionRequest, Event, Finish, Image, PromptMessage, Text, TextDelta
from tests.providers.conftest import collect, request_for, text_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_delay(settings: object) -> None:
    settings.PROVIDER_DEMO_DELAY = 0.0  # type: ignore[attr-defined]


async def ask(request: CompletionRequest) -> list[Event]:
    route = await sync_to_async(resolve)("demo/demo", user=AnonymousUser())
    return await collect(stream(route, request))


async def test_says_what_it_is_and_how_to_connect_a_provider() -> None:
    events = await ask(request_for("demo", "What is *love*?"))
    text = text_of(events)

    assert "not an AI" in text
    assert "Settings" in text
    assert "OPENAI_API_KEY" in text
    assert "> What is \\*love\\*?" in text
    assert events[-1] == Finish("stop")
    assert sum(isinstance(event, TextDelta) for event in events) > 30, "word by word"


@pytest.mark.parametrize(
    ("question", "shown"),
    [
        ("Show me a table", "| --- |"),
        ("some Python code, please", "```python"),
        ("a formula!", "$$"),
        ("a list", "1. "),
        ("a long essay", "### "),
    ],
)
async def test_shows_what_is_asked_for(question: str, shown: str) -> None:
    assert shown in text_of(await ask(request_for("demo", question)))
    assert shown not in text_of(await ask(request_for("demo", "Hello")))


async def test_counts_images_and_honours_the_limit() -> None:
    parts = (Text("Look"), Image(b"", "image/png"), Image(b"", "image/png"))
    text = text_of(await ask(CompletionRequest("demo", (PromptMessage("user", parts),))))
    assert "2 images" in text

    events = await ask(request_for("demo", max_tokens=5))
    assert len(text_of(events)) == 20
    assert events[-1] == Finish("length")


async def test_has_one_model() -> None:
    with pytest.raises(errors.NotFoundError):
        await ask(request_for("gpt-4o"))


@pytest.mark.parametrize("name", ["", "demo", "nobody/x", "/", "demo/", "../x"])
@pytest.mark.django_db
def test_unknown_connections(name: str) -> None:
    with pytest.raises(errors.NotFoundError):
        resolve(name, user=AnonymousUser())
