"""Personal preferences: the page and the rules behind it."""

import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.preferences import update_preferences

HTMX = {"HX-Request": "true"}


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
        {"language": "xx"},
        {"language": "de"},
        {"language": "en\x00"},
        {"send_key": "space"},
        {"send_key": ""},
        {"text_size": "200%"},
        {"text_size": '"><script>alert(1)</script>'},
    ],
)
def test_malformed_preferences_change_nothing(
    changes: dict[str, str], owner: User, owner_client: Client
) -> None:
    body = {"theme": "dark", "default_model": "demo/demo"} | changes
    response = owner_client.post("/settings/", body)
    assert response.status_code == 422
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
        {"language": "de"},
        {"language": "e" * 30},
        {"send_key": "space"},
        {"text_size": "huge"},
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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("theme", "dark"),
        ("text_size", "largest"),
        ("language", "en"),
        ("send_key", "mod-enter"),
        ("default_model", "demo/demo"),
    ],
)
def test_a_control_alone_saves_itself_and_nothing_else(
    name: str, value: str, owner: User, owner_client: Client
) -> None:
    update_preferences(user=owner, makes_titles=False)
    before = {field.name: getattr(owner, field.name) for field in User._meta.fields}
    answer = owner_client.post("/settings/", {name: value}, headers=HTMX)
    assert answer.status_code == 200
    assert "Saved" in answer.text
    assert "<html" not in answer.text
    assert ("HX-Refresh" in answer.headers) == (name == "language")
    saved = User.objects.values(*before).get()
    assert {key: saved[key] for key in before if saved[key] != before[key]} == {name: value}


def test_a_box_without_a_tick_is_told_from_one_that_was_not_sent(
    owner: User, owner_client: Client, settings: Settings
) -> None:
    settings.TITLES = "model"
    owner_client.post("/settings/", {"makes_titles": [""]}, headers=HTMX)
    owner.refresh_from_db()
    assert not owner.makes_titles
    owner_client.post("/settings/", {"makes_titles": ["", "on"]}, headers=HTMX)
    owner_client.post("/settings/", {"theme": "dark"}, headers=HTMX)
    owner.refresh_from_db()
    assert owner.makes_titles


def test_what_is_wrong_is_said_beside_the_control(owner: User, owner_client: Client) -> None:
    answer = owner_client.post("/settings/", {"default_model": "gpt<4"}, headers=HTMX)
    assert answer.status_code == 422
    assert "Write it as provider/model" in answer.text
    assert "Saved" not in answer.text
    assert "gpt<4" not in answer.text
    owner.refresh_from_db()
    assert owner.default_model == ""


def test_two_tabs_do_not_undo_each_other(owner: User, owner_client: Client) -> None:
    owner_client.post("/settings/", {"theme": "dark"}, headers=HTMX)
    owner_client.post("/settings/", {"text_size": "large"}, headers=HTMX)
    owner.refresh_from_db()
    assert (owner.theme, owner.text_size) == ("dark", "large")


def test_who_is_signed_out_meanwhile_gets_no_page_into_this_one(owner: User) -> None:
    answer = Client().post("/settings/", {"theme": "dark"}, headers=HTMX)
    assert (answer.status_code, answer.content) == (401, b"")
    assert Client().post("/settings/", {"theme": "dark"})["Location"].startswith("/accounts/login/")
    owner.refresh_from_db()
    assert owner.theme == "system"


def test_a_foreign_form_saves_nothing(owner: User) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(owner)
    assert careful.post("/settings/", {"theme": "dark"}, headers=HTMX).status_code == 403


@pytest.mark.parametrize("path", ["/settings/", "/settings/account/", "/"])
def test_what_pages_look_like_comes_with_the_page(
    path: str, owner: User, owner_client: Client
) -> None:
    plain = owner_client.get(path).text.partition("<head>")[0]
    assert "data-" not in plain
    update_preferences(user=owner, theme="dark", text_size="large", send_key="mod-enter")
    chosen = owner_client.get(path).text.partition("<head>")[0]
    assert 'data-theme="dark" data-text-size="large" data-send-key="mod-enter"' in chosen


def test_the_keys_are_listed_alike_in_the_dialog_and_the_settings(
    owner: User, owner_client: Client
) -> None:
    def keys(path: str) -> dict[str, str]:
        found = re.findall(r"<dt>(.*?)</dt><dd[^>]*>(.*?)</dd>", owner_client.get(path).text)
        return {name: re.sub("<.*?>", "", shown) for name, shown in found}

    assert keys("/settings/") == keys("/")
    assert keys("/")["Send the message"] == "Enter"
    assert keys("/")["A new line"] == "Shift Enter"
    assert 'title="Send (Enter)"' in owner_client.get("/").text
    update_preferences(user=owner, send_key="mod-enter")
    assert keys("/settings/") == keys("/")
    assert keys("/")["Send the message"] == "Ctrl Enter"
    assert keys("/")["A new line"] == "Enter"
    assert 'title="Send (Ctrl+Enter)"' in owner_client.get("/").text


def test_an_administrator_sees_and_changes_them(owner: User, stranger: User) -> None:
    owner.is_staff = owner.is_superuser = True
    owner.save()
    client = Client()
    client.force_login(owner)
    path = f"/admin/accounts/user/{stranger.pk}/change/"
    form = client.get(path).context["adminform"].form
    names = ("theme", "language", "text_size", "send_key", "default_model", "makes_titles")
    assert set(names) <= set(form.fields)
    body = {name: form.initial[name] or "" for name in form.fields if name in form.initial}
    body = {name: value for name, value in body.items() if value and isinstance(value, str | bool)}
    body |= {"language": "xx", "text_size": "large"}
    assert "Select a valid choice" in client.post(path, body).text
    client.post(path, body | {"language": "en"})
    stranger.refresh_from_db()
    assert (stranger.language, stranger.text_size) == ("en", "large")
