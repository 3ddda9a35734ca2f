"""Exports of other products come in with their branches, dates, models, reasoning and files."""

import json
from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts.models import User
from chats.models import Attachment, Conversation, Message, Transfer
from tests.chats.imports import as_json, bring_in, chat, fixture, png, run, tree, upload, zipped

pytestmark = pytest.mark.django_db


def moment(text: str) -> datetime:
    """In UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def said(text: str) -> Message:
    """The message that says so."""
    return Message.objects.get(content=text)


def test_the_report_says_what_will_come_in_before_anything_does(owner: User) -> None:
    transfer = upload(owner, fixture("chatgpt.json"))
    assert (transfer.state, transfer.source, transfer.total) == ("ready", "chatgpt", 2)
    report = transfer.report
    assert report["titles"] == ["Baking bread", "In circles"]
    assert (report["messages"], report["branched"], report["missing"]) == (8, 2, 2)
    assert set(report["models"]) == {"openai/o3", "openai/gpt-4o-mini", "openai/gpt-4o"}
    assert [each["title"] for each in report["problems"]] == ["Nothing in it"]
    assert not Conversation.objects.exists()


def test_chatgpt(owner: User) -> None:
    data = zipped(
        {
            "conversations.json": fixture("chatgpt.json"),
            "file-Bread1-loaf.png": png(),
            "user.json": b'{"email": "olivia@example.org"}',
        }
    )
    transfer = bring_in(owner, data, "chatgpt.zip")
    assert transfer.report["new"] == 2
    bread = Conversation.objects.get(title="Baking bread")
    assert tree(bread) == [
        ["How do I bake bread?", ["Take flour"]],
        ["Which bread is this?", ["A rye loaf."], ["A sourdough loaf."]],
    ]
    assert bread.is_pinned
    assert bread.created_at == moment("2024-05-01T10:40:00.25")
    assert bread.updated_at == moment("2024-05-01T11:40:00.5")
    assert bread.current_leaf == said("A rye loaf.")
    sourdough = said("A sourdough loaf.")
    assert sourdough.model_name == "openai/o3"
    assert sourdough.reasoning == "**Looking**\nA crust with seeds."
    assert [part["type"] for part in sourdough.parts] == ["tool_call", "source"]
    assert sourdough.parts[0]["result"] == "42"
    assert said("Take flour").status == "stopped"
    (file,) = said("Which bread is this?").attachments.all()
    assert (file.name, file.media_type, file.owner) == ("loaf.png", "image/png", owner)
    assert transfer.report["missing_files"] == [{"title": "Baking bread", "names": ["recipe.pdf"]}]


def test_circles_and_missing_parents_become_first_messages(owner: User) -> None:
    bring_in(owner, fixture("chatgpt.json"))
    circle = Conversation.objects.get(title="In circles")
    assert sorted(tree(circle)) == [["Lost"], ["Round", ["and round"]]]
    assert circle.archived_at
    assert circle.created_at == moment("2024-05-01T10:40:00")


def test_claude(owner: User) -> None:
    bring_in(owner, fixture("claude.json"))
    tides = Conversation.objects.get(title="Tides")
    assert tree(tides) == [
        ["Why are there tides?", ["Because of the moon.", ["And the sun?"], ["And the wind?"]]]
    ]
    assert tides.created_at == moment("2025-02-03T04:05:06.789012")
    assert tides.updated_at == moment("2025-02-03T04:05:06")
    reply = said("Because of the moon.")
    assert reply.reasoning == "Gravity."
    assert reply.parts[0]["result"] == "The moon."
    assert reply.parts[1]["url"] == "https://example.org/tides"
    assert reply.metadata["model_label"] == "Claude"
    (notes,) = said("Why are there tides?").attachments.all()
    with notes.file.open() as file:
        assert (notes.name, file.read()) == ("notes.txt", b"The moon pulls.")


def test_open_webui(owner: User) -> None:
    bring_in(owner, fixture("open_webui.json"))
    knots = Conversation.objects.get(title="Knots")
    assert tree(knots) == [["Which knot holds?", ["The bowline.", [""]], ["A bowline, I th"]]]
    assert (knots.is_pinned, knots.system_prompt, knots.temperature) == (True, "Be brief.", 0.3)
    assert knots.archived_at
    assert sorted(knots.tags.values_list("name", flat=True)) == ["rope", "sailing"]
    assert knots.owner == owner
    assert said("The bowline.").reasoning == "A bowline & more."
    assert said("The bowline.").metadata["model_label"] == "llama3:8b"
    cut = said("A bowline, I th")
    assert (cut.status, cut.reasoning) == ("interrupted", "Think of rope.")
    assert cut.parts[0]["result"] == "It holds."
    failed = said("")
    assert failed.error
    assert (failed.status, failed.error["message"]) == ("failed", "The server is gone.")
    (image,) = said("Which knot holds?").attachments.all()
    assert image.media_type == "image/png"


def test_open_webui_as_lines_of_its_api(owner: User) -> None:
    chats = json.loads(fixture("open_webui.json"))
    lines = [chats[0], {**chats[0], "id": "w-2"}]
    data = "\n".join(json.dumps(each) for each in lines).encode()
    assert bring_in(owner, data, "chats.ndjson").report["new"] == 2


def test_librechat(owner: User) -> None:
    bring_in(owner, fixture("librechat.json"))
    stars = Conversation.objects.get(title="Stars")
    assert tree(stars) == [["What is a star?", ["A sun.", ["And a planet?"]], ["Plasma."], [""]]]
    assert stars.system_prompt == "Speak plainly."
    assert stars.temperature == 0.7
    reply = said("A sun.")
    assert (reply.reasoning, reply.parts[0]["result"]) == ("Hydrogen.", "bright")
    assert reply.model_name == "anthropic/claude-3-5-sonnet"
    assert said("Plasma.").status == "interrupted"
    failed = said("")
    assert failed.error
    assert failed.error["message"] == "Too many requests."


@pytest.mark.parametrize("name", ["chatgpt", "claude", "open_webui", "librechat"])
def test_importing_again_makes_no_duplicates(owner: User, name: str) -> None:
    bring_in(owner, fixture(f"{name}.json"))
    before = set(Message.objects.values_list("id", flat=True))
    again = bring_in(owner, fixture(f"{name}.json"))
    assert again.report["new"] == 0
    assert again.report["here"] == again.report["known"] == again.total
    assert set(Message.objects.values_list("id", flat=True)) == before


def test_one_persons_import_is_nothing_to_another(owner: User, stranger: User) -> None:
    bring_in(owner, fixture("claude.json"))
    theirs = bring_in(stranger, fixture("claude.json"))
    assert theirs.report["new"] == 1
    assert Conversation.objects.filter(owner=stranger).count() == 1
    assert Attachment.objects.filter(owner=stranger).count() == 1


def test_the_upload_is_gone_once_it_is_done(owner: User) -> None:
    transfer = upload(owner, fixture("claude.json"))
    storage, name = transfer.file.storage, transfer.file.name
    assert name
    assert storage.exists(name)
    assert not run(transfer).file
    assert not storage.exists(name)
    assert Transfer.objects.get(id=transfer.id).state == "done"


def test_pictures_that_a_model_made_stand_at_its_reply(owner: User, owner_client: Client) -> None:
    made = chat("Art", ["Draw a loaf"])
    made["current_node"] = "n1"
    made["mapping"]["n1"] = {
        "parent": "n0",
        "message": {
            "author": {"role": "tool", "name": "dalle.text2im"},
            "content": {
                "content_type": "multimodal_text",
                "parts": [{"asset_pointer": "sediment://file_00000000art1"}],
            },
        },
    }
    data = {"conversations.json": as_json([made]), "file_00000000art1-sanitized.png": png()}
    bring_in(owner, zipped(data))
    reply = Message.objects.get(role="assistant")
    (picture,) = reply.attachments.all()
    page = owner_client.get(f"/c/{reply.conversation_id}/").content.decode()
    assert f"/attachments/{picture.id}/" in page
