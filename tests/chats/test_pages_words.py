"""What pages say about models and replies, in words that a person can act on."""

import pytest
from django.test import Client

from accounts.models import User
from chats.picker import chosen_model
from providers.connections import demo_source
from tests.chats.pages import make_conversation, reply_of


def test_a_provider_is_called_by_its_name(owner: User) -> None:
    assert chosen_model("demo/demo", user=owner).provider == demo_source().label
    assert chosen_model("gone/model", user=owner).provider == "gone"


def test_the_default_model_can_be_chosen_from_a_list(owner_client: Client) -> None:
    page = owner_client.get("/settings/").text
    assert 'list="model-names"' in page
    assert '<option value="demo/demo"></option>' in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"content": ""}, "The model wrote nothing."),
        ({"finish_reason": "content_filter"}, "because of its rules on content"),
    ],
)
def test_an_odd_end_is_told(
    fields: dict[str, str], words: str, owner: User, owner_client: Client
) -> None:
    conversation = make_conversation(owner)
    reply = reply_of(conversation)
    assert words not in owner_client.get(f"/c/{conversation.id}/").text
    for name, value in fields.items():
        setattr(reply, name, value)
    reply.save()
    assert words in owner_client.get(f"/c/{conversation.id}/").text
