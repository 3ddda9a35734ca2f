"""Hostile text in everything that a model, a provider or a user can write."""

import re
from html.parser import HTMLParser

import pytest
from django.test import Client

from accounts.models import User
from chats.models import Attachment, Conversation, Message
from tests.chats.pages import make_conversation, question_of, reply_of

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</template><iframe srcdoc='<script>alert(1)</script>'>",
    "[x](javascript:alert(1))",
    "![x](https://evil.example/?q=words)",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<div hx-get='/' hx-trigger='load' data-action='stop' id='thread'>x</div>",
    '```"><script>alert(1)</script>\nx\n```',
    "$\\href{javascript:alert(1)}{x}$ $$\\text{<img src=x onerror=alert(1)>}$$",
    "{{ request }}{% debug %}",
    "<style>*{display:none}</style>",
    "<form action='https://evil.example/'><button>x</button></form>",
]


class Looker(HTMLParser):
    """Notes everything on a page that could act."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.ids: list[str] = []

    @staticmethod
    def _is_careful_link(values: dict[str, str]) -> bool:
        return values.get("rel") == "noopener noreferrer nofollow" and bool(
            re.match("https?://", values["href"])
        )

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in {"iframe", "object", "embed", "style", "base"}:
            self.wrong.append(tag)
        if tag == "script" and not values.get("src", "").startswith("/static/"):
            self.wrong.append("script")
        self.wrong += [name for name in values if name.startswith("on") or name == "style"]
        self.wrong += [
            value
            for name, value in values.items()
            if name in {"href", "src", "action", "formaction", "srcdoc", "hx-get", "hx-post"}
            and not re.match(r"/(?!/)|#", value)
            and not (tag == "a" and name == "href" and self._is_careful_link(values))
        ]
        if "id" in values:
            self.ids.append(values["id"])


def look_at(page: str) -> None:
    """Fail when something on the page is not ours."""
    looker = Looker()
    looker.feed(page)
    assert not looker.wrong
    assert len(looker.ids) == len(set(looker.ids))
    assert "<WSGIRequest" not in page


@pytest.fixture
def hostile(request: pytest.FixtureRequest, owner: User) -> Conversation:
    """A conversation with the payload in every field."""
    payload: str = request.param
    conversation = make_conversation(owner, title=payload[:200])
    Conversation.objects.filter(id=conversation.id).update(
        system_prompt=payload, provider=payload[:50], model=payload[:200]
    )
    Message.objects.filter(id=question_of(conversation).id).update(content=payload)
    error = dict.fromkeys(("kind", "message", "hint", "detail"), payload)
    Message.objects.filter(id=reply_of(conversation).id).update(
        content=payload,
        reasoning=payload,
        model=payload[:200],
        provider=payload[:50],
        finish_reason=payload[:20],
        status="failed",
        error={**error, "retryable": True, "retry_after": 3},
    )
    attachment = Attachment.objects.create(
        owner=owner, name=payload[:200], file="x", media_type="image/png", size=1
    )
    attachment.messages.add(question_of(conversation))
    return conversation


@pytest.mark.parametrize("hostile", PAYLOADS, indirect=True)
def test_payload_stays_text_on_every_page(hostile: Conversation, owner_client: Client) -> None:
    reply, question = reply_of(hostile), question_of(hostile)
    htmx = {"HX-Request": "true"}
    paths = [
        "/", "/sidebar/", f"/c/{hostile.id}/", f"/c/{hostile.id}/rename/",
        f"/c/{hostile.id}/messages/?before={reply.id}", f"/m/{question.id}/edit/",
    ]  # fmt: skip
    for path in paths:
        response = owner_client.get(path)
        assert response.status_code == 200
        look_at(response.content.decode())
    for path in [*paths[1:], f"/m/{reply.id}/", f"/m/{question.id}/", f"/m/{reply.id}/footer/"]:
        look_at(owner_client.get(path, headers=htmx).content.decode())


@pytest.mark.parametrize("payload", PAYLOADS)
def test_payload_stays_text_on_its_way_back(
    payload: str, owner: User, owner_client: Client
) -> None:
    look_at(owner_client.get("/", {"model": payload}).content.decode())
    conversation = make_conversation(owner)
    htmx = {"HX-Request": "true"}
    posts = [
        ("/c/", {"content": payload, "model": payload}),
        (f"/c/{conversation.id}/messages/", {"content": payload + " " * 200_000 + "x"}),
        (f"/c/{conversation.id}/rename/", {"title": payload + "x" * 200}),
        (f"/c/{conversation.id}/settings/", {"system_prompt": payload, "temperature": payload}),
        (f"/c/{conversation.id}/model/", {"model": payload}),
    ]
    for path, body in posts:
        for headers in ({}, htmx):
            response = owner_client.post(path, body, headers=headers, follow=True)
            assert response.status_code in {200, 422}
            look_at(response.content.decode())
    owner_client.post(f"/c/{conversation.id}/rename/", {"title": payload})
    response = owner_client.post(f"/c/{conversation.id}/delete/", headers=htmx)
    look_at(response.content.decode())


def test_looking_finds_what_it_looks_for() -> None:
    for bad in (
        "<script>x</script>",
        "<p style='x'>",
        "<p onclick=x>",
        "<a href='javascript:x'>",
        "<img src=//x><iframe>",
    ):
        with pytest.raises(AssertionError):
            look_at(bad)
