"""The site with a plug-in: its keys, its replies, and the time after it."""

from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from accounts.models import User
from chats import conversations
from chats.models import Message
from chats.pacing import Pacer
from chats.run import Run
from providers import catalogue, connections, keys, refresh, registry
from providers.models import ApiKey, ModelList
from providers.plugins import Plugins
from tests.providers.packages import Install, with_change


@pytest.fixture
def parrot_key(owner: User, settings: Any) -> Callable[[], ApiKey]:
    """Adds a key for the plug-in that is installed by then."""
    settings.PROVIDER_ALLOW_PRIVATE = True
    return lambda: keys.add_key(
        user=owner, provider="parrot", key_name="Bird", key="", base_url="https://parrot.test"
    )


@pytest.mark.django_db(transaction=True)
def test_a_refresh_stores_why_a_plugin_failed(
    install: Install, parrot_key: Callable[[], ApiKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "_start", lambda source: None)
    install(
        with_change('return [ModelInfo(id="polly", name="Polly")]', "raise ValueError('moult')")
    )
    key = parrot_key()

    assert keys.check_key(key=key) == "The plug-in failed. ValueError: moult"
    assert ModelList.objects.get(api_key=key).error == "The plug-in failed. ValueError: moult"


@pytest.mark.django_db(transaction=True)
async def test_a_reply_says_that_the_plugin_failed(
    install: Install, owner: User, owner_client: Client, parrot_key: Callable[[], ApiKey]
) -> None:
    install(with_change("yield Usage(input_tokens=3, output_tokens=4)", "1 / 0"))
    await sync_to_async(parrot_key)()

    def ask() -> Message:
        posted = conversations.start_conversation(user=owner, content="Hi", model="parrot/polly")
        return posted.reply

    reply = await sync_to_async(ask)()
    await Run(reply.id, runner_id="here", pacer=Pacer()).execute()
    ended = await Message.objects.aget(id=reply.id)
    assert ended.status == Message.Status.FAILED
    assert ended.content == "Polly says: Hi"
    assert ended.error is not None
    assert ended.error["kind"] == "plugin_failed"
    assert ended.error["message"] == "The plug-in failed."
    assert ended.error["detail"] == "ZeroDivisionError: division by zero"


def test_pages_live_on_when_a_plugin_was_removed(
    install: Install,
    owner: User,
    owner_client: Client,
    parrot_key: Callable[[], ApiKey],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(refresh, "_start", lambda source: None)
    install()
    key = parrot_key()
    model = f"{key.slug}/polly"
    posted = conversations.start_conversation(user=owner, content="Hi", model=model)
    monkeypatch.setattr(registry, "plugins", Plugins(reserved=(), path=[]))

    assert key.slug not in [source.slug for source in connections.sources_for(owner)]
    assert catalogue.models_for(owner)
    assert connections.find_source(key.slug, user=owner) is None
    for page in ("/", f"/c/{posted.question.conversation_id}/", "/settings/providers/"):
        assert owner_client.get(page).status_code == 200, page
    assert keys.check_key(key=key) == "The plug-in failed. It is not installed."
    for verb in ("test", "disable", "enable", "default"):
        response = owner_client.post(f"/settings/providers/{key.pk}/{verb}/")
        assert response.status_code in (302, 303), verb
    assert owner_client.get(f"/settings/providers/{key.pk}/").status_code == 404
    assert "Bird" in owner_client.get("/settings/providers/").content.decode()
    owner_client.post(f"/settings/providers/{key.pk}/delete/")
    assert not ApiKey.objects.exists()
