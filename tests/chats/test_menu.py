"""The menu of a row of the sidebar: one for all of them, fetched when it is opened."""

import re

from django.test import Client
from django.utils import timezone

from accounts.models import User
from chats.models import Conversation, Folder
from tests.chats.pages import HTMX, make_conversation

POSTS = ("pin/", "archive/", "delete/")
LEADS = ("rename/", "folder/", "tags/", "share/", "people/", "export/")


def test_rows_lead_to_it_and_have_none_of_their_own(owner: User, owner_client: Client) -> None:
    rows = [make_conversation(owner, title=f"Chat {n}") for n in range(30)]
    part = owner_client.get("/sidebar/", headers=HTMX).content.decode()
    for row in rows:
        assert part.count(f'href="/c/{row.id}/menu/"') == 1
    assert "csrfmiddlewaretoken" not in part
    assert len(part) / len(rows) < 1200, "a weight on phones"
    page = owner_client.get("/").content.decode()
    assert page.count('id="chat-menu"') == 1


def test_it_acts_on_the_row(owner: User, owner_client: Client) -> None:
    chat = make_conversation(owner)
    path = f"/c/{chat.id}/"
    part = owner_client.get(f"{path}menu/", headers=HTMX).content.decode()
    assert "<html" not in part
    assert f'hx-get="{path}rename/" hx-target="#conversation-{chat.id}"' in part
    assert f'hx-post="{path}pin/" hx-target="#sidebar-items"' in part
    for name in ("archive", "delete"):
        assert f'hx-post="{path}{name}/" hx-target="#conversation-{chat.id}"' in part
    assert part.count("csrfmiddlewaretoken") == len(POSTS)
    Conversation.objects.filter(id=chat.id).update(is_pinned=True)
    assert f'"{path}unpin/"' in owner_client.get(f"{path}menu/", headers=HTMX).content.decode()


def test_as_a_page_it_has_plain_links_and_forms(owner: User, owner_client: Client) -> None:
    """They work without a script; each address answers."""
    chat = make_conversation(owner, title="A <chat>")
    path = f"/c/{chat.id}/"
    page = owner_client.get(f"{path}menu/").content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    assert "A &lt;chat&gt;" in main
    assert "hx-" not in main
    assert "data-action" not in main
    assert re.findall(rf'action="{path}([^"]+)"', main) == list(POSTS)
    assert re.findall(rf'href="{path}([^"]+)"', main) == list(LEADS)
    for name in LEADS:
        assert owner_client.get(path + name).status_code == 200
    for name in POSTS:
        assert owner_client.post(path + name).status_code == 303


def test_folders_have_one_as_well(owner: User, owner_client: Client) -> None:
    folder = Folder.objects.create(owner=owner, name="Work")
    address = f"/folders/{folder.id}/"
    part = owner_client.get("/sidebar/", headers=HTMX).content.decode()
    assert f'href="{address}menu/"' in part
    assert f"{address}settings/" not in part
    menu = owner_client.get(f"{address}menu/", headers=HTMX).content.decode()
    assert "<html" not in menu
    page = owner_client.get(f"{address}menu/").content.decode()
    for lead in (f"/?folder={folder.id}", address, f"{address}settings/"):
        assert f'href="{lead}"' in menu
        assert f'href="{lead}"' in page
        assert owner_client.get(lead).status_code == 200


def test_an_archived_one_is_brought_back_by_it(owner: User, owner_client: Client) -> None:
    chat = make_conversation(owner)
    Conversation.objects.filter(id=chat.id).update(archived_at=timezone.now())
    page = owner_client.get(f"/c/{chat.id}/menu/").content.decode()
    assert re.findall(rf'action="/c/{chat.id}/([^"]+)"', page) == ["unarchive/", "delete/"]
    assert owner_client.post(f"/c/{chat.id}/unarchive/").status_code == 303
