"""Comparisons as pages show them: posted, side by side, chosen, with and without a script."""

import pytest
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse

from accounts.models import User
from chats import comparing, messages
from chats.models import Conversation, Message
from tests.chats.conftest import answer
from tests.chats.pages import HTMX, make_conversation
from tests.data.payloads import FLAG
from tests.markup import Element, parse

Status = Message.Status
TWO = ["demo/demo", "demo/other"]
HOSTILE = f"demo/<script>{FLAG}=1</script>\"'&"


@pytest.fixture
def chat(owner: User) -> Conversation:
    """One question, answered."""
    return make_conversation(owner)


def compare(chat: Conversation, models: list[str], *, done: bool = True) -> list[Message]:
    """Replies side by side."""
    posted = messages.post_message(conversation=chat, content="Which?", models=models)
    replies = list(posted.question.children.order_by("comparison_order"))
    for reply in replies if done else []:
        answer(reply, f"By {reply.model}")
    return replies


def markup(response: HttpResponseBase) -> Element:
    """What was answered."""
    return parse(b"".join(response).decode())


def page_of(client: Client, chat: Conversation, query: str = "") -> Element:
    """A conversation's page."""
    response = client.get(reverse("chats:conversation", args=[chat.id]) + query)
    assert response.status_code == 200
    return markup(response)


def named(element: Element, name: str) -> list[str | None]:
    """Values of the fields with a name."""
    found = element.all(lambda e: e.attributes.get("name") == name)
    return [e.attributes.get("value") for e in found]


def labels(element: Element) -> list[str]:
    """What the columns are called."""
    heads = element.all(lambda e: "column-head" in e.attributes.get("class", ""))
    return [" ".join(head.text.split()) for head in heads]


def statuses(element: Element) -> list[str]:
    """Of the articles of replies."""
    articles = element.all(lambda e: e.attributes.get("data-role") == "assistant")
    return [article.attributes["data-status"] for article in articles]


# --- Sending ----------------------------------------------------------------------------------


def test_a_message_to_two_is_answered_with_both(owner_client: Client, chat: Conversation) -> None:
    path = reverse("chats:messages", args=[chat.id])
    body = {"content": "Which?", "compare": TWO}
    answered = markup(owner_client.post(path, body, headers=HTMX))
    assert statuses(answered) == ["pending", "pending"]
    assert labels(answered) == ["demo Demo 1 of 2", "other Demo 2 of 2"]
    assert named(answered, "parent") == [str(Message.objects.get(model="demo", content="").id)]
    # The next message goes to one model again.
    (chosen,) = answered.all(lambda e: e.attributes.get("id") == "compare-chosen")
    assert "hx-swap-oob" in chosen.attributes
    assert named(answered, "compare") == []


def test_a_first_message_to_two(owner_client: Client, owner: User) -> None:
    body = {"content": "Which?", "compare": TWO, "model": "demo/third"}
    answered = markup(owner_client.post("/c/", body, headers=HTMX))
    assert statuses(answered) == ["pending", "pending"]
    assert Conversation.objects.get(owner=owner).model_name == "demo/demo"


def test_without_a_script_it_leads_to_the_page(owner_client: Client, chat: Conversation) -> None:
    path = reverse("chats:messages", args=[chat.id])
    response = owner_client.post(path, {"content": "Which?", "compare": TWO}, follow=True)
    shown = markup(response)
    assert statuses(shown) == ["complete", "pending", "pending"]
    assert shown.all(lambda e: e.attributes.get("http-equiv") == "refresh")


@pytest.mark.parametrize("models", [TWO[:1], [*TWO, "gone/x"], [*TWO, *TWO]])
def test_a_refusal_keeps_everything(
    models: list[str], owner_client: Client, chat: Conversation
) -> None:
    for path in (reverse("chats:messages", args=[chat.id]), "/c/"):
        before = Message.objects.count()
        refused = owner_client.post(path, {"content": "Keep me", "compare": models}, headers=HTMX)
        assert refused.status_code == 422
        assert refused["HX-Retarget"] == "#composer-errors"
        plain = owner_client.post(path, {"content": "Keep me", "compare": models})
        assert plain.status_code == 422
        assert "Keep me" in plain.content.decode()
        assert Message.objects.count() == before


def test_a_refusal_for_another_reason_keeps_the_models(
    owner_client: Client, chat: Conversation
) -> None:
    for path in (reverse("chats:messages", args=[chat.id]), "/c/"):
        refused = owner_client.post(path, {"content": " ", "compare": TWO})
        assert refused.status_code == 422
        assert named(markup(refused), "compare") == TWO


# --- Side by side -----------------------------------------------------------------------------


def test_the_page_shows_columns_with_names_and_one_way_on(
    owner_client: Client, chat: Conversation
) -> None:
    replies = compare(chat, TWO)
    shown = page_of(owner_client, chat)
    (group,) = shown.all(lambda e: "data-comparison" in e.attributes)
    assert group.attributes["role"] == "group"
    assert group.attributes["aria-label"] == "2 replies side by side"
    columns = group.by_class("column")
    for column, reply in zip(columns, replies, strict=True):
        assert column.attributes["aria-labelledby"] == f"column-{reply.id}"
        assert f"By {reply.model}" in column.text
        (button,) = column.all(lambda e: e.attributes.get("data-action") == "choose")
        assert button.attributes["aria-describedby"] == f"column-{reply.id}"
        assert button.text == f"Go on with {reply.model}"
    assert ["data-current" in column.attributes for column in columns] == [True, False]
    more, note = group.by_class("comparison-note")
    assert more.text == "Swipe or scroll sideways to see all 2."
    assert " ".join(note.text.split()) == "Until you choose, a message goes on with: demo"
    assert not shown.by_class("branch-count")


def test_stop_is_there_for_all_and_for_each(owner_client: Client, chat: Conversation) -> None:
    first, second = compare(chat, TWO, done=False)
    answer(first)
    shown = page_of(owner_client, chat)
    (stop,) = shown.all(lambda e: e.attributes.get("data-action") == "stop")
    (one,) = shown.all(lambda e: e.attributes.get("data-action") == "stop-reply")
    assert one.attributes["aria-describedby"] == f"column-{second.id}"
    (form,) = shown.by_class("composer-stop")
    assert stop in form.by_tag("button")
    assert owner_client.post(form.attributes["action"], headers=HTMX).status_code == 204
    second.refresh_from_db()
    assert second.status == Status.STOPPED


def test_the_end_of_one_leaves_stop_for_the_others(
    owner_client: Client, chat: Conversation
) -> None:
    first, second = compare(chat, TWO, done=False)
    answer(second)
    for name in ("message", "footer"):
        path = reverse(f"chats:{name}", args=[second.id])
        ended = markup(owner_client.get(path, headers=HTMX))
        assert ended.by_class("composer-stop")
        assert named(ended, "parent") == [str(first.id)]
        assert not ended.by_class("branch-count")
    answer(first)
    ended = markup(owner_client.get(reverse("chats:footer", args=[second.id]), headers=HTMX))
    assert not ended.by_class("composer-stop")
    assert named(ended, "parent") == [str(first.id)]


def test_an_older_part_shows_them_too(owner_client: Client, chat: Conversation) -> None:
    first, second = compare(chat, TWO)
    # As two pages at once may leave it: answered, and still side by side.
    follow = messages.post_message(conversation=chat, content="More", parent_id=first.id)
    Message.objects.filter(id__in=[first.id, second.id]).update(comparison=chat.id)
    path = reverse("chats:messages", args=[chat.id])
    older = markup(owner_client.get(path, {"before": str(follow.question.id)}, headers=HTMX))
    assert len(older.by_class("column")) == 2


def test_hostile_names_are_text(owner_client: Client, chat: Conversation) -> None:
    compare(chat, ["demo/demo", HOSTILE])
    page = owner_client.get(reverse("chats:conversation", args=[chat.id])).content.decode()
    assert f"<script>{FLAG}" not in page
    assert HOSTILE.partition("/")[2] in parse(page).by_class("comparison")[0].text


# --- Going on ---------------------------------------------------------------------------------


def test_choosing_shows_the_thread_and_the_model(owner_client: Client, chat: Conversation) -> None:
    _first, second = compare(chat, TWO)
    path = reverse("chats:choose", args=[second.id])
    response = owner_client.post(path, headers=HTMX)
    assert response["HX-Trigger-After-Swap"] == "parley:latest"
    answered = markup(response)
    assert not answered.all(lambda e: "data-comparison" in e.attributes)
    assert "By other" in answered.text
    assert [e.text for e in answered.by_class("branch-count")] == ["2/2"]
    (topbar,) = answered.all(lambda e: e.attributes.get("id") == "topbar")
    assert topbar.attributes["hx-swap-oob"] == "true"
    assert "other" in topbar.text


def test_choosing_without_a_script(owner_client: Client, chat: Conversation) -> None:
    _first, second = compare(chat, TWO)
    response = owner_client.post(reverse("chats:choose", args=[second.id]))
    assert response.status_code == 303
    assert response["Location"].endswith(f"/c/{chat.id}/#message-{second.id}")


def test_a_question_cannot_be_chosen(owner_client: Client, chat: Conversation) -> None:
    first, _second = compare(chat, TWO)
    path = reverse("chats:choose", args=[first.parent_id])
    refused = owner_client.post(path, headers=HTMX)
    assert refused.status_code == 422
    assert "Only replies" in refused.content.decode()
    assert owner_client.post(path).status_code == 303
    first.refresh_from_db()
    assert first.comparison is not None


def test_a_stranger_chooses_and_stops_nothing(
    stranger_client: Client, owner: User, chat: Conversation
) -> None:
    first, _second = compare(chat, TWO, done=False)
    for name in ("choose", "stop_all"):
        for headers in ({}, HTMX):
            path = reverse(f"chats:{name}", args=[first.id])
            assert stranger_client.post(path, headers=headers).status_code == 404
    first.refresh_from_db()
    assert (first.status, first.comparison is None) == (Status.PENDING, False)


# --- Choosing the models ----------------------------------------------------------------------


def test_models_in_the_address_go_into_the_composer(
    owner_client: Client, chat: Conversation
) -> None:
    for page in (
        page_of(owner_client, chat, "?compare=demo/demo&compare=demo/other"),
        markup(owner_client.get("/?compare=demo/demo&compare=demo/other")),
    ):
        assert named(page, "compare") == TWO
        (label,) = page.all(lambda e: "data-model-label" in e.attributes)
        assert label.text == "2 models"


def test_what_cannot_be_compared_is_said_above_the_composer(
    owner_client: Client, chat: Conversation
) -> None:
    for address in ("/", reverse("chats:conversation", args=[chat.id])):
        page = markup(owner_client.get(f"{address}?compare=demo/demo"))
        assert named(page, "compare") == []
        assert "Choose at least two models to compare." in page.text


def test_a_page_of_boxes_without_a_script(owner_client: Client, chat: Conversation) -> None:
    plain = markup(owner_client.get("/models/?model=demo/demo"))
    (link,) = plain.all(lambda e: "several=on" in e.attributes.get("href", ""))
    boxes = markup(owner_client.get("/models/" + link.attributes["href"]))
    assert "demo/demo" in named(boxes, "compare")
    assert len(named(boxes, "compare")) == len(set(named(boxes, "compare"))), "each once"
    for_chat = markup(owner_client.get(f"/models/?several=on&conversation={chat.id}"))
    actions = [form.attributes.get("action") for form in for_chat.by_tag("form")]
    assert reverse("chats:conversation", args=[chat.id]) in actions


def test_an_answer_anew_is_by_one_model(owner_client: Client, chat: Conversation) -> None:
    first, _second = compare(chat, TWO)
    page = markup(owner_client.get(f"/models/?several=on&message={first.id}"))
    assert named(page, "compare") == []


def test_a_choice_elsewhere_is_told_to_open_pages(
    chat: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    monkeypatch.setattr("chats.events.thread_changed", lambda *args: told.append(args))
    first, _second = compare(chat, TWO)
    told.clear()
    comparing.choose_reply(message=first)
    assert told == [(chat.id, first.id)]
