"""What the tests of the pages share."""

from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.response import HttpResponseBase
from PIL import Image

from accounts.models import User
from chats.models import Conversation, Message

HTMX = {"HX-Request": "true"}


def make_conversation(owner: User, *, title: str = "A chat", turns: int = 1) -> Conversation:
    """A conversation of `turns` questions with complete answers by the demo."""
    conversation = Conversation.objects.create(
        owner=owner, title=title, provider="demo", model="demo"
    )
    leaf: Message | None = None
    for number in range(turns):
        question = make_message(conversation, leaf, "user", f"Question {number}")
        leaf = make_message(conversation, question, "assistant", f"Answer {number}")
    conversation.current_leaf = leaf
    conversation.save()
    return conversation


def make_message(
    conversation: Conversation, parent: Message | None, role: str, content: str, **fields: object
) -> Message:
    """One message; a reply's tokens are counted."""
    if role == "assistant":
        fields = {"provider": "demo", "model": "demo", **fields}
        fields = {"input_tokens": 3, "output_tokens": 5, **fields}
    return Message.objects.create(
        conversation=conversation, parent=parent, role=role, content=content, **fields
    )


def question_of(conversation: Conversation) -> Message:
    """Its first message."""
    return conversation.messages.get(parent=None)


def reply_of(conversation: Conversation) -> Message:
    """The reply at its end."""
    assert conversation.current_leaf is not None
    return conversation.current_leaf


def png(name: str = "cat.png") -> SimpleUploadedFile:
    """A small image."""
    file = BytesIO()
    Image.new("RGB", (4, 3), "red").save(file, "PNG")
    return SimpleUploadedFile(name, file.getvalue(), content_type="text/html")


def read(response: HttpResponseBase) -> bytes:
    """All of an answer; a streamed one ends without closing the database of the test."""
    return b"".join(response)
