"""What the tests of shared links have in common."""

from datetime import timedelta

from django.test import Client

from accounts.models import User
from chats import attachments, conversations, sharing
from chats.models import Attachment, SharedLink
from tests.chats.pages import (
    make_conversation,
    png,
    question_of,
    read,
)

Audience = SharedLink.Audience
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
SOON = timedelta(hours=1)


def make_shared(owner: User) -> SharedLink:
    """A public link to the first turn of a chat of two, with a picture."""
    conversation = make_conversation(owner, title="Holiday plans", turns=2)
    picture = attachments.store_upload(user=owner, upload=png())
    question_of(conversation).attachments.add(picture)
    last = conversation.messages.get(content="Answer 0")
    return sharing.create_link(owner=owner, conversation=conversation, last_message=last)


def path(link: SharedLink) -> str:
    """Its page."""
    return f"/s/{link.token}/"


def addresses(link: SharedLink) -> list[str]:
    """Its page and all that hangs on it."""
    (file,) = Attachment.objects.filter(owner=link.owner)
    files = f"{path(link)}files/{file.id}/"
    return [path(link), files, f"{files}thumbnail/"]


def is_open(client: Client, link: SharedLink) -> bool:
    """Whether everything of it can be had; else nothing can."""
    answers = [client.get(address) for address in addresses(link)]
    for answer in answers:
        read(answer)
    statuses = {answer.status_code for answer in answers}
    assert len(statuses) == 1
    return statuses == {200}


def change(link: SharedLink, **fields: object) -> None:
    """With the given settings, all else as it is."""
    settings = {
        "audience": link.audience,
        "people": list(link.people.all()),
        "expires_at": link.expires_at,
        "title": link.title,
        "shows_reasoning": link.shows_reasoning,
        "shows_name": link.shows_name,
    }
    sharing.update_link(link=link, **(settings | fields))  # type: ignore[arg-type]


def delete_chat(link: SharedLink) -> None:
    """As its owner would."""
    conversations.delete_conversation(conversation=link.conversation)


def delete_owner(link: SharedLink) -> None:
    """For good."""
    User.objects.filter(id=link.owner_id).delete()
