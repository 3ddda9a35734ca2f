"""Shared templates and presets in the administration."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from chats.models import PromptTemplate
from tests.chats.test_library import preset, template
from tests.conftest import make_user

TEMPLATES, PRESETS = "/admin/chats/prompttemplate/", "/admin/chats/preset/"


@pytest.fixture
def administrator(db: None) -> Client:
    """Who may do everything."""
    client = Client()
    client.force_login(make_user("ada", is_staff=True, is_superuser=True))
    return client


def page(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_private_ones_are_not_read_by_administrators(administrator: Client, owner: User) -> None:
    hidden, own = template(owner, "Diary", "Dear diary"), preset(owner, "Quiet")
    template(owner, "Open", "Dear all", is_shared=True)
    listed = page(administrator.get(TEMPLATES))
    assert "Open" in listed
    assert "Diary" not in listed
    assert "Quiet" not in page(administrator.get(PRESETS))
    assert "Diary" not in page(administrator.get(TEMPLATES, {"q": "Diar"}))
    for path, entry in ((TEMPLATES, hidden), (PRESETS, own)):
        for verb in ("change", "delete", "history"):
            answer = administrator.get(f"{path}{entry.id}/{verb}/", follow=True)
            assert "Dear diary" not in page(answer)
            assert "Be brief" not in page(answer)
            assert str(entry) not in page(answer)
        administrator.post(f"{path}{entry.id}/delete/", {"post": "yes"})
        chosen = {"action": "delete_selected", "_selected_action": str(entry.id), "post": "yes"}
        administrator.post(path, chosen)
        assert type(entry).objects.filter(id=entry.id).exists()


def test_correct_take_back_and_delete(administrator: Client, owner: User) -> None:
    made = template(owner, "Open", "Dear all", is_shared=True)
    path = f"{TEMPLATES}{made.id}/change/"
    assert "Dear all" in page(administrator.get(path))
    body = {"name": "Opened", "content": "Dear {{who}}", "is_shared": "on", "owner": "x"}
    assert administrator.post(path, body).status_code == 302
    made.refresh_from_db()
    assert (made.name, made.content, made.owner) == ("Opened", "Dear {{who}}", owner)
    administrator.post(TEMPLATES, {"action": "unshare", "_selected_action": str(made.id)})
    made.refresh_from_db()
    assert not made.is_shared
    other = template(owner, "Other", is_shared=True)
    administrator.post(f"{TEMPLATES}{other.id}/delete/", {"post": "yes"})
    assert PromptTemplate.objects.get() == made


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "taken"}, "There is one by that name already."),
        ({"name": "\u200b"}, "at least one character"),
        ({"content": "x" * 200_001}, "up to 200000 are possible"),
        ({"content": "".join(f"{{{{v{n}}}}}" for n in range(51))}, "at most 50 different"),
    ],
)
def test_the_same_rules_hold(
    changed: dict[str, str], said: str, administrator: Client, owner: User
) -> None:
    template(owner, "Taken")
    made = template(owner, "Open", "Dear all", is_shared=True)
    body = {"name": "Open", "content": "x", "is_shared": "on", **changed}
    assert said in page(administrator.post(f"{TEMPLATES}{made.id}/change/", body))
    made.refresh_from_db()
    assert made.content == "Dear all"


def test_presets_keep_their_ranges_and_model(administrator: Client, owner: User) -> None:
    made = preset(owner)
    made.is_shared = True
    made.save()
    path = f"{PRESETS}{made.id}/change/"
    body = {"name": "Brief", "system_prompt": "Be kind.", "is_shared": "on", "model": "x/y"}
    assert "between 0 and 2" in page(administrator.post(path, {**body, "temperature": "3"}))
    assert administrator.post(path, {**body, "temperature": "1"}).status_code == 302
    made.refresh_from_db()
    assert (made.model, made.system_prompt, made.temperature) == ("demo/demo", "Be kind.", 1)


def test_nothing_is_added_here(administrator: Client) -> None:
    for path in (TEMPLATES, PRESETS):
        assert administrator.get(f"{path}add/").status_code == 403
