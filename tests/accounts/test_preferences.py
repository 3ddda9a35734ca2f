"""Personal preferences: the page and the rules behind it."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import User
from accounts.preferences import update_preferences


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_owner_chooses_a_theme_and_sees_it_at_once(
    theme: str, owner: User, owner_client: Client
) -> None:
    response = owner_client.post("/settings/", {"theme": theme, "default_model": ""}, follow=True)
    assert f'data-theme="{theme}"' in response.text
    assert "Saved." in response.text
    owner.refresh_from_db()
    assert owner.theme == theme


def test_the_system_theme_leaves_the_choice_to_the_browser(owner_client: Client) -> None:
    assert "data-theme=" not in owner_client.get("/settings/").text


@pytest.mark.parametrize(
    "name", ["demo/demo", "openrouter/meta-llama/llama-3-70b", "my-server_2/gpt-oss:20b", ""]
)
def test_the_owner_chooses_a_default_model(name: str, owner: User, owner_client: Client) -> None:
    owner_client.post("/settings/", {"theme": "system", "default_model": f" {name} "})
    owner.refresh_from_db()
    assert owner.default_model == name


@pytest.mark.parametrize(
    "changes",
    [
        {"theme": "sepia"},
        {"theme": ""},
        {"default_model": "gpt-4o"},
        {"default_model": "openai/"},
        {"default_model": "/gpt-4o"},
        {"default_model": "open ai/gpt"},
        {"default_model": "openai/gpt 4"},
        {"default_model": '"><script>alert(1)</script>'},
        {"default_model": "openai/" + "x" * 194},
    ],
)
def test_malformed_preferences_change_nothing(
    changes: dict[str, str], owner: User, owner_client: Client
) -> None:
    body = {"theme": "dark", "default_model": "demo/demo"} | changes
    response = owner_client.post("/settings/", body)
    assert response.status_code == 200
    assert 'class="errorlist"' in response.text
    assert "<script>alert" not in response.text
    assert "data-theme=" not in response.text
    owner.refresh_from_db()
    assert (owner.theme, owner.default_model) == ("system", "")


def test_the_rules_hold_for_every_caller(owner: User) -> None:
    wrong: list[dict[str, Any]] = [
        {"theme": "sepia"},
        {"default_model": "gpt"},
        {"default_model": "a/" * 101},
    ]
    for changes in wrong:
        with pytest.raises(ValidationError) as error:
            update_preferences(user=owner, **changes)
        assert list(error.value.message_dict) == list(changes)
    owner.refresh_from_db()
    assert (owner.theme, owner.default_model) == ("system", "")


def test_what_is_not_given_stays(owner: User) -> None:
    update_preferences(user=owner, theme="dark", default_model="demo/demo")
    update_preferences(user=owner, theme="light")
    update_preferences(user=owner)
    owner.refresh_from_db()
    assert (owner.theme, owner.default_model) == ("light", "demo/demo")


def test_the_stranger_keeps_their_own(owner_client: Client, owner: User, stranger: User) -> None:
    body = {"theme": "dark", "default_model": "", "id": stranger.pk, "user": stranger.pk}
    owner_client.post("/settings/", body)
    stranger.refresh_from_db()
    assert stranger.theme == "system"


@pytest.mark.parametrize(
    "field", ["is_staff", "is_superuser", "username", "email", "session_epoch", "password", "id"]
)
def test_a_body_sets_nothing_else(field: str, owner: User, owner_client: Client) -> None:
    before = getattr(owner, field)
    body = {"theme": "dark", "default_model": "", field: "7"}
    assert owner_client.post("/settings/", body).status_code == 302
    after = User.objects.get()
    assert (after.theme, getattr(after, field)) == ("dark", before)


def test_only_staff_is_shown_the_way_to_administration(owner: User, owner_client: Client) -> None:
    assert "/admin/" not in owner_client.get("/settings/account/").text
    owner.is_staff = True
    owner.save()
    assert "/admin/" in owner_client.get("/settings/account/").text


def test_whether_the_model_names_chats_is_kept_with_the_rest(owner: User) -> None:
    update_preferences(user=owner, makes_titles=False)
    update_preferences(user=owner, theme="light")
    owner.refresh_from_db()
    assert (owner.theme, owner.makes_titles) == ("light", False)
