"""The settings of a chat: its provider's own options, its second model, the form and its page."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from chats import conversations, generation, messages, prompts
from chats.models import Conversation
from providers import registry
from providers.models import ApiKey, ModelList
from providers.options import Option
from tests.chats.pages import HTMX, make_conversation
from tests.markup import parse

OPTIONS = (
    Option("effort", "Effort", "choice", choices=(("low", "Low"), ("high", "High"))),
    Option("budget", "Budget", "integer", minimum=10, maximum=99),
    Option("search", "Search", "boolean"),
    Option("caching", "Caching", "boolean", per_chat=False),
)
PLAIN: dict[str, Any] = {
    "system_prompt": "",
    "temperature": None,
    "top_p": None,
    "max_tokens": None,
    "model": "",
}


@pytest.fixture
def conversation(owner: User, monkeypatch: pytest.MonkeyPatch) -> Conversation:
    """A chat with a provider that has options of its own."""
    monkeypatch.setattr(registry.adapter_class("demo"), "options", OPTIONS)
    return make_conversation(owner)


def path(conversation: Conversation) -> str:
    return f"/c/{conversation.id}/settings/"


def sent(conversation: Conversation) -> dict[str, object]:
    """The options of the next request."""
    conversation.refresh_from_db()
    posted = messages.post_message(conversation=conversation, content="Next")
    job = generation.claim(posted.reply.id, runner="a")
    assert job is not None
    request = prompts.prepare(job, job.model_name).request
    messages.stop_reply(message=posted.reply)
    return dict(request.options)


def test_options_are_drawn_from_their_description(
    conversation: Conversation, owner_client: Client
) -> None:
    page = parse(owner_client.get(f"/c/{conversation.id}/").text)
    (form,) = page.all(lambda e: e.attributes.get("id") == "settings-form")
    names = [e.attributes.get("name") for e in form.by_tag("select") + form.by_tag("input")]
    assert {"option_effort", "option_budget", "option_search"} < set(names)
    assert "option_caching" not in names
    assert "Default of the connection" in form.text


def test_chosen_options_are_kept_shown_and_sent(
    conversation: Conversation, owner_client: Client
) -> None:
    chosen = {"option_effort": "high", "option_budget": "", "option_search": "no"}
    assert owner_client.post(path(conversation), chosen).status_code == 303
    assert sent(conversation) == {"effort": "high", "search": False}
    page = parse(owner_client.get(path(conversation)).text)
    selected = [e for e in page.by_tag("option") if "selected" in e.attributes]
    assert [e.attributes["value"] for e in selected] == ["high", "no"]


def test_a_wrong_option_is_told_beside_its_field(
    conversation: Conversation, owner_client: Client
) -> None:
    for headers in ({}, HTMX):
        answer = owner_client.post(
            path(conversation),
            {"option_budget": "100", "option_effort": "wild", "temperature": "1"},
            headers=headers,
        )
        assert answer.status_code == 422
        assert "Enter a number from 10 to 99." in answer.text
        assert answer.text.count('class="field-error"') == 2
    conversation.refresh_from_db()
    assert (conversation.options, conversation.temperature) == ({}, None)


def test_a_page_that_is_older_than_the_model_unsets_nothing(
    conversation: Conversation, owner_client: Client
) -> None:
    conversations.update_settings(
        conversation=conversation, **PLAIN, options={"effort": "low"}, fallback_model="none"
    )
    assert owner_client.post(path(conversation), {"temperature": "1"}).status_code == 303
    conversation.refresh_from_db()
    assert (conversation.options, conversation.fallback_model) == ({"effort": "low"}, "none")
    assert conversation.temperature == 1


def test_options_of_another_provider_stay_stored_and_are_not_sent(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation.options = {"thinking": "enabled", "effort": "low", "caching": True}
    conversations.update_settings(conversation=conversation, **PLAIN, options={"budget": 20})
    assert conversation.options == {"thinking": "enabled", "caching": True, "budget": 20}
    assert sent(conversation) == {"budget": 20}


def test_options_that_the_model_does_not_have_are_refused(conversation: Conversation) -> None:
    with pytest.raises(ValidationError):
        conversations.update_settings(conversation=conversation, **PLAIN, options={"thinking": 1})
    with pytest.raises(ValidationError):
        conversations.update_settings(conversation=conversation, **PLAIN, options={"caching": True})


def test_options_of_a_connection_that_is_gone(owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner)
    Conversation.objects.filter(id=conversation.id).update(
        provider="gone", options={"effort": "low"}
    )
    answer = owner_client.post(path(conversation), {"temperature": "1", "option_effort": "x"})
    assert answer.status_code == 303
    conversation.refresh_from_db()
    assert conversation.options == {"effort": "low"}


def test_the_settings_have_a_page_for_browsers_without_script(
    owner: User, owner_client: Client, stranger_client: Client
) -> None:
    conversation = make_conversation(owner)
    page = owner_client.get(path(conversation))
    assert page.status_code == 200
    assert f'action="{path(conversation)}"' in page.text
    assert "Second model" in page.text
    assert stranger_client.get(path(conversation)).status_code == 404


def test_a_second_model_is_one_that_can_be_reached(owner: User, owner_client: Client) -> None:
    conversation = make_conversation(owner)
    answer = owner_client.post(path(conversation), {"fallback_model": "nobody/<b>"})
    assert answer.status_code == 422
    assert "“nobody/&lt;b&gt;” is not available" in answer.text
    for model in (" demo/demo ", "none", ""):
        assert owner_client.post(path(conversation), {"fallback_model": model}).status_code == 303
        conversation.refresh_from_db()
        assert conversation.fallback_model == model.strip()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sonnet-9", "lab/maker/sonnet-9"),
        ("The Ninth Sonnet", "lab/maker/sonnet-9"),
        ("SONET-7", "lab/sonnet-7"),
        ("maker/sonnet-8", "lab/maker/sonnet-8"),
        ("lba/sonnet-7", "lab/sonnet-7"),
        ("nothing like it", ""),
        ("/", ""),
    ],
)
def test_a_second_model_that_is_not_there_is_guessed(
    typed: str, meant: str, owner: User, owner_client: Client
) -> None:
    key = ApiKey.objects.create(
        user=owner, provider="openai_compatible", key_name="Lab", slug="lab", encrypted_key="sk"
    )
    offered = [
        {"id": "sonnet-7"},
        {"id": "maker/sonnet-8"},
        {"id": "maker/sonnet-9", "name": "The Ninth Sonnet"},
    ]
    ModelList.objects.create(api_key=key, offered=offered, fetched_at=timezone.now())
    page = owner_client.post(path(make_conversation(owner)), {"fallback_model": typed}).text
    assert f"The model “{typed}” is not available." in page
    assert ("Did you mean" in page) == bool(meant)
    assert f"Did you mean “{meant}”?" in page or not meant


def test_models_are_suggested_when_the_settings_are_opened(
    owner: User, owner_client: Client
) -> None:
    conversation = make_conversation(owner)
    key = ApiKey.objects.create(
        user=owner, provider="openai_compatible", key_name="Lab", slug="lab", encrypted_key="sk"
    )
    offered = [{"id": "one", "name": 'The "First"'}, {"id": "two"}]
    ModelList.objects.create(api_key=key, offered=offered, fetched_at=timezone.now())
    Conversation.objects.create(owner=owner, provider="lab", model="two")

    chat = parse(owner_client.get(f"/c/{conversation.id}/").text)
    (empty,) = chat.all(lambda e: e.attributes.get("id") == "fallback-models")
    assert (empty.attributes["hx-get"], empty.children) == (path(conversation), [])
    page = parse(owner_client.get(path(conversation)).text)
    options = [
        e.attributes for e in page.all(lambda e: e.tag == "option" and "label" in e.attributes)
    ]
    assert [(option["value"], option["label"]) for option in options] == [
        ("lab/two", "two · Lab"),
        ("lab/one", 'The "First" · Lab'),
    ], "what was used lately first, and not the chat's own"


def test_a_second_model_that_is_gone_does_not_hold_up_the_rest(
    owner: User, owner_client: Client
) -> None:
    conversation = make_conversation(owner)
    Conversation.objects.filter(id=conversation.id).update(fallback_model="gone/model")
    values = {"fallback_model": "gone/model", "temperature": "1"}
    assert owner_client.post(path(conversation), values).status_code == 303
    conversation.refresh_from_db()
    assert conversation.temperature == 1


def test_the_form_says_what_the_site_does(
    owner: User, owner_client: Client, settings: Settings
) -> None:
    conversation = make_conversation(owner)
    settings.FALLBACK_MODEL = "demo/second"
    assert "The site&#x27;s: demo/second" in owner_client.get(path(conversation)).text
