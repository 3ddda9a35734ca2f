"""The pages of imports: upload, report, start, result, undo; nobody else's."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from chats.importing import worker
from chats.models import Conversation, Transfer
from config.limits import SIGNED_OUT, TOO_LARGE, refusal
from tests.chats.imports import as_json, bring_in, chat, chatgpt, fixture, upload
from tests.chats.pages import HTMX

pytestmark = pytest.mark.django_db


def post_file(client: Client, data: bytes, name: str = "conversations.json") -> str:
    """Upload on the page; the address that follows."""
    answer = client.post("/import/", {"file": SimpleUploadedFile(name, data)})
    assert answer.status_code == 303
    return str(answer["Location"])


def test_from_upload_to_undo(owner_client: Client) -> None:
    address = post_file(owner_client, fixture("chatgpt.json"))
    reading = owner_client.get(address).content.decode()
    assert 'http-equiv="refresh"' in reading
    assert 'hx-trigger="every 1s"' in reading
    worker.work()
    report = owner_client.get(address).content.decode()
    assert "Import 2 chats" in report
    assert "Baking bread" in report
    assert "openai/gpt-4o-mini" in report
    assert "It has no messages." in report
    assert 'http-equiv="refresh"' not in report
    assert not Conversation.objects.exists()

    owner_client.post(f"{address}start/", {"archive": "1", "folder": "1"})
    worker.work()
    result = owner_client.get(address, headers=HTMX).content.decode()
    assert result.lstrip().startswith('<div id="import-state"')
    assert "2 chats were imported." in result
    bread = Conversation.objects.get(title="Baking bread")
    assert bread.folder
    assert bread.folder.name == "ChatGPT"
    assert bread.archived_at

    owner_client.post(f"{address}undo/")
    worker.work()
    assert "2 chats were deleted." in owner_client.get(address).content.decode()
    assert not Conversation.objects.exists()


def test_a_cancelled_upload_leaves_no_file(owner: User, owner_client: Client) -> None:
    transfer = upload(owner, fixture("claude.json"))
    storage, name = transfer.file.storage, transfer.file.name
    assert owner_client.post(f"/import/{transfer.id}/cancel/").status_code == 303
    assert name
    assert not storage.exists(name)
    worker.work()
    assert not Conversation.objects.exists()


def test_one_import_is_open_at_a_time(owner: User, owner_client: Client) -> None:
    upload(owner, fixture("claude.json"))
    file = SimpleUploadedFile("more.json", fixture("claude.json"))
    answer = owner_client.post("/import/", {"file": file})
    assert answer.status_code == 422
    assert "Another import is still open" in answer.content.decode()
    assert Transfer.objects.count() == 1


@pytest.mark.parametrize("address", ["/import/", "/settings/data/"])
def test_one_that_waits_is_shown_in_place_of_the_form(
    owner: User, owner_client: Client, address: str
) -> None:
    assert "Earlier imports" not in owner_client.get(address).content.decode()
    assert 'type="file"' in owner_client.get(address).content.decode()
    waiting = upload(owner, fixture("claude.json"), "waiting.json")
    shown = owner_client.get(address).content.decode()
    assert 'type="file"' not in shown
    assert "waiting.json" in shown
    assert f'href="/import/{waiting.id}/"' in shown
    assert f'action="/import/{waiting.id}/cancel/"' in shown
    owner_client.post(f"/import/{waiting.id}/cancel/")
    shown = owner_client.get(address).content.decode()
    assert 'type="file"' in shown
    assert "Earlier imports" in shown


def test_a_cancelled_one_did_not_fail(owner: User, owner_client: Client) -> None:
    transfer = upload(owner, fixture("claude.json"))
    owner_client.post(f"/import/{transfer.id}/cancel/")
    listed = owner_client.get("/import/").content.decode()
    assert "Cancelled" in listed
    assert "Failed" not in listed
    assert "notice-danger" not in owner_client.get(f"/import/{transfer.id}/").content.decode()


def test_only_what_is_new_is_offered(owner: User, owner_client: Client) -> None:
    bring_in(owner, as_json(chatgpt("First")))
    both = upload(owner, as_json([*chatgpt("First"), *chatgpt("Second")]))
    assert "Import 1 chat<" in owner_client.get(f"/import/{both.id}/").content.decode()
    owner_client.post(f"/import/{both.id}/cancel/")
    known = upload(owner, as_json(chatgpt("First")))
    shown = owner_client.get(f"/import/{known.id}/").content.decode()
    assert "All of them are here already; only new messages are added." in shown
    assert "Look for new messages" in shown
    assert "Import 1 chat" not in shown


def test_what_does_not_come_in_stands_above_the_titles(owner: User, owner_client: Client) -> None:
    transfer = upload(owner, as_json([*chatgpt("Fine"), chat("Bad", [])]))
    shown = owner_client.get(f"/import/{transfer.id}/").content.decode()
    assert shown.index("It has no messages.") < shown.index("First chats")


@pytest.mark.parametrize("data", [{}, {"file": SimpleUploadedFile("nothing.json", b"")}])
def test_no_file_and_an_empty_one_are_told(owner_client: Client, data: dict[str, object]) -> None:
    assert owner_client.post("/import/", data).status_code == 422
    assert not Transfer.objects.exists()


def test_an_import_is_nobody_elses(owner: User, stranger_client: Client) -> None:
    transfer = upload(owner, fixture("claude.json"))
    for name in ("import", "start_import", "cancel_import", "undo_import"):
        address = reverse(f"chats:{name}", args=[transfer.id])
        answer = stranger_client.get(address) if name == "import" else stranger_client.post(address)
        assert answer.status_code == 404
    transfer.refresh_from_db()
    assert transfer.state == "ready"
    assert str(transfer.id) not in stranger_client.get("/import/").content.decode()


def test_hostile_names_are_shown_as_text(owner: User, owner_client: Client) -> None:
    payload = "<script>alert(1)</script>"
    transfer = upload(owner, as_json([*chatgpt(payload), chat(payload + "2", [])]), payload)
    for address in ("/import/", f"/import/{transfer.id}/"):
        shown = owner_client.get(address).content.decode()
        assert "<script>alert" not in shown
    assert "&lt;script&gt;alert" in shown


def test_the_page_costs_the_same_for_every_number_of_problems(
    owner: User, owner_client: Client
) -> None:
    transfer = upload(owner, as_json([*chatgpt("Fine"), *[chat("Bad", [])] * 40]))
    assert transfer.report["problem_count"] == 40
    shown = owner_client.get(f"/import/{transfer.id}/").content.decode()
    assert shown.count("It has no messages.") == 40


def test_large_bodies_are_taken_where_imports_are_and_from_people_with_a_session() -> None:
    size, cookies = 400_000_000, "sessionid=abc"
    assert refusal(length=size, path="/import/", cookies=cookies) is None
    assert refusal(length=size, path="/import/", cookies="") == SIGNED_OUT
    assert refusal(length=600_000_000, path="/import/", cookies=cookies) == TOO_LARGE
    assert refusal(length=size, path="/import/x/start/", cookies=cookies) == TOO_LARGE
    assert refusal(length=size, path="/attachments/", cookies=cookies) == TOO_LARGE
