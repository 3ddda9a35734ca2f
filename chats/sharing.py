"""Shared links: making and changing them, and who may open them.

What they show is made by `chats.snapshots` and kept until it is taken anew; what happens in the
chat afterwards changes nothing of it. A link is closed while its chat is deleted or its owner
locked out. `chats.copies` goes on from it.
"""

import re
import secrets
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import notifications
from accounts.models import User
from chats.attachments import discard_attachments, hold_attachments
from chats.models import Attachment, Conversation, Message, SharedLink, SharedPage
from chats.sending import link_once
from chats.snapshots import (
    Page,
    digest_of,
    file_ids,
    mark_of,
    take_snapshot,
    without_reasoning,
)
from chats.texts import clean_title

Audience = SharedLink.Audience

MAX_PEOPLE: Final = 50
"""Named on one link."""
MAX_LINKS: Final = 50
"""Of one conversation."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")


def create_link(
    *,
    owner: User,
    conversation: Conversation,
    audience: str = Audience.PUBLIC,
    last_message: Message | None = None,
    people: Collection[User] = (),
    written: Mapping[UUID, str] | None = None,
    expires_at: datetime | None = None,
    title: str = "",
    shows_reasoning: bool = False,
    shows_name: bool = False,
    key: UUID | None = None,
) -> SharedLink:
    """Share what the conversation shows now, or its path to `last_message`, under a new address.

    Without a `title`, under the conversation's. People who are named are told; `written` is how
    the owner wrote them, which is all that the owner is shown of them. A form that comes again with
    its `key` gives the same link. Raises ValidationError for what cannot be shared and for settings
    that make no sense.
    """
    if conversation.owner_id != owner.id:
        raise ValidationError(_("Only its owner can share a chat."))
    if conversation.is_temporary:
        raise ValidationError(_("Temporary chats cannot be shared. Keep the chat first."))
    if last_message is not None and last_message.conversation_id != conversation.id:
        raise ValidationError(_("That message is not part of this chat."))
    _check(owner, audience, people, expires_at)
    title = clean_title(title or str(conversation))

    def make() -> SharedLink:
        # Two at once would both be the last that is possible.
        Conversation.objects.select_for_update().only("id").get(id=conversation.id)
        if conversation.shared_links.count() >= MAX_LINKS:
            said = _("This chat has %(count)d links. Revoke one of them first.")
            raise ValidationError(said % {"count": MAX_LINKS})
        link = SharedLink.objects.create(
            token=secrets.token_urlsafe(32),
            owner=owner,
            conversation=conversation,
            last_message=last_message,
            is_whole=last_message is None,
            audience=audience,
            title=title,
            shows_reasoning=shows_reasoning,
            shows_name=shows_name,
            expires_at=expires_at,
        )
        _store_snapshot(link)
        _name_people(link, people, written)
        return link

    def is_same(link: SharedLink) -> bool:
        asked = (conversation.id, last_message and last_message.id, audience, title)
        return asked == (link.conversation_id, link.last_message_id, link.audience, link.title)

    return link_once(owner_id=owner.id, key=key, make=make, is_same=is_same)


def update_link(
    *,
    link: SharedLink,
    audience: str,
    people: Collection[User],
    written: Mapping[UUID, str] | None = None,
    expires_at: datetime | None,
    title: str,
    shows_reasoning: bool,
    shows_name: bool,
) -> None:
    """Change who may open a link and how it looks; the address and what it shows stay.

    Hiding the reasoning takes it out of what is stored; showing it takes the snapshot anew. Raises
    ValidationError as `create_link` does.
    """
    _check(link.owner, audience, people, expires_at)
    with transaction.atomic():
        had_reasoning = link.shows_reasoning
        link.audience, link.expires_at, link.title = (
            audience,
            expires_at,
            clean_title(title),
        )
        link.shows_reasoning, link.shows_name = shows_reasoning, shows_name
        link.save(
            update_fields=[
                "audience",
                "expires_at",
                "title",
                "shows_reasoning",
                "shows_name",
            ]
        )
        if shows_reasoning and not had_reasoning:
            _store_snapshot(link)
        elif had_reasoning and not shows_reasoning:
            _strip_reasoning(link)
        _name_people(link, people, written)


def refresh_snapshot(*, link: SharedLink) -> None:
    """Show what the conversation shows now; up to the same message where it ends with one.

    Raises ValidationError when that message is gone, or nothing is left to show.
    """
    with transaction.atomic():
        _store_snapshot(link)


def has_changed(link: SharedLink) -> bool:
    """Whether a snapshot taken now would differ. Reads all of it only where that is in doubt."""
    if not link.is_whole and link.last_message_id is None:
        return False
    turns, mark = mark_of(link.conversation, last_message=link.last_message)
    if turns != link.turn_count or mark == link.mark:
        return turns != link.turn_count
    return digest_of(_pages_of(link)) != link.digest


def revoke_link(*, link: SharedLink) -> None:
    """End a link: the page, its files and what is kept of them are gone. Revoking twice is fine."""
    with transaction.atomic():
        files = list(link.attachments.all())
        told = list(link.people.values_list("id", flat=True))
        SharedLink.objects.filter(id=link.id).delete()
        notifications.withdraw(user_ids=told, subject=_subject(link))
        discard_attachments(files)


def revoke_links(*, links: QuerySet[SharedLink]) -> int:
    """End each of them; how many."""
    count = 0
    for link in links:
        revoke_link(link=link)
        count += 1
    return count


def sweep_expired() -> int:
    """Remove links whose time is over; how many. They are closed from that moment on anyway."""
    return revoke_links(links=SharedLink.objects.filter(expires_at__lte=timezone.now())[:500])


def links_of(user: User, *, conversation: Conversation | None = None) -> QuerySet[SharedLink]:
    """A user's links, newest first; of one conversation, or of all that are not deleted."""
    mine = SharedLink.objects.filter(owner=user, conversation__deleted_at=None)
    if conversation is not None:
        mine = mine.filter(conversation=conversation)
    return mine.select_related("conversation").order_by("-created_at", "-id")


def open_link(token: str, user: User | None) -> SharedLink | None:
    """The link with its owner, if `user`, or else whoever has the address, may open it now.

    One query, by the index; one more for links that name people. None is all that is told of a link
    that never was, was revoked, is over, or is for others.
    """
    link = _open_ones(token).first()
    if link is None or (user is not None and link.owner_id == user.id):
        return link
    match link.audience:
        case Audience.PUBLIC:
            return link
        case Audience.SIGNED_IN:
            return link if user is not None else None
        case _:
            named = user is not None and link.people.filter(id=user.id).exists()
            return link if named else None


def asks_for_sign_in(token: str) -> bool:
    """Whether signing in may open the link. One query."""
    return _open_ones(token).exclude(audience=Audience.PUBLIC).exists()


def named_on(link: SharedLink | None) -> dict[str, User]:
    """Whom a link names, by how its owner wrote them: an address stays one. One query."""
    if link is None:
        return {}
    return {link.written.get(str(each.id), each.username): each for each in link.people.all()}


def count_view(*, link: SharedLink) -> None:
    """One more look at it."""
    SharedLink.objects.filter(id=link.id).update(views=F("views") + 1)


def page_of(link: SharedLink, number: int) -> Page | None:
    """A page of the snapshot, from 1; None when there is none. One query."""
    turns: Page | None = link.pages.filter(number=number).values_list("turns", flat=True).first()
    return turns


def find_file(link: SharedLink, attachment_id: UUID) -> Attachment | None:
    """The file, if the snapshot shows it. One query."""
    return link.attachments.filter(id=attachment_id).first()


def _open_ones(token: str) -> QuerySet[SharedLink]:
    holds = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    # What can be no token may hold what a database does not take.
    token = token if _TOKEN.fullmatch(token) else ""
    found = SharedLink.objects.filter(holds, token=token, owner__is_active=True)
    found = found.filter(conversation__deleted_at=None, conversation__is_temporary=False)
    return found.select_related("owner")


def _check(
    owner: User, audience: str, people: Collection[User], expires_at: datetime | None
) -> None:
    if audience not in Audience.values:
        raise ValidationError({"audience": _("Choose who may open the link.")})
    if audience == Audience.PEOPLE and not [each for each in people if each.id != owner.id]:
        raise ValidationError({"people": _("Name at least one person beside yourself.")})
    if len(people) > MAX_PEOPLE:
        said = _("Up to %(count)d people can be named on one link.") % {"count": MAX_PEOPLE}
        raise ValidationError({"people": said})
    if expires_at is not None and expires_at <= timezone.now():
        raise ValidationError({"expiry": _("Choose a time that is still to come.")})


def _pages_of(link: SharedLink) -> Iterator[Page]:
    if not link.is_whole and link.last_message is None:
        said = _("The message that this link ended with was deleted. What it shows stays as it is.")
        raise ValidationError(said)
    return take_snapshot(
        link.conversation,
        last_message=link.last_message,
        with_reasoning=link.shows_reasoning,
    )


def _store_snapshot(link: SharedLink) -> None:
    """Take it and put it in place of what was there; files that only that used are removed."""
    # Two at once would each put theirs beside the other's.
    SharedLink.objects.select_for_update().get(id=link.id)
    # First: what changes meanwhile is then told of as a change.
    _turns, link.mark = mark_of(link.conversation, last_message=link.last_message)
    pages = list(_pages_of(link))
    if not pages:
        raise ValidationError(_("There is nothing to share yet."))
    former = list(link.attachments.all())
    link.pages.all().delete()
    SharedPage.objects.bulk_create(
        (
            SharedPage(link=link, number=number, turns=page)
            for number, page in enumerate(pages, start=1)
        ),
        batch_size=20,
    )
    shown = Attachment.objects.in_bulk([each for page in pages for each in file_ids(page)])
    hold_attachments(shown.values())
    link.attachments.set(shown.values())
    link.digest, link.updated_at = digest_of(pages), timezone.now()
    link.turn_count = sum(map(len, pages))
    link.save(update_fields=["digest", "mark", "updated_at", "turn_count"])
    discard_attachments(former)


def _strip_reasoning(link: SharedLink) -> None:
    pages = list(link.pages.order_by("number"))
    for page in pages:
        page.turns = without_reasoning(page.turns)
    SharedPage.objects.bulk_update(pages, ["turns"], batch_size=20)
    link.digest = digest_of(page.turns for page in pages)
    link.save(update_fields=["digest"])


def _name_people(
    link: SharedLink, people: Collection[User], written: Mapping[UUID, str] | None
) -> None:
    """Let exactly these open it; who is new is told, and told no more who is not among them."""
    before = set(link.people.values_list("id", flat=True))
    named = people if link.audience == Audience.PEOPLE else ()
    new = {each.id: each for each in named if each.id != link.owner_id}
    wanted = set(new)
    if wanted != before:
        link.people.set(new.values())
    names = {str(key): name for key, name in (written or {}).items()}
    link.written = {
        str(key): names.get(str(key)) or link.written.get(str(key)) or user.username
        for key, user in new.items()
    }
    link.save(update_fields=["written"])
    notifications.withdraw(user_ids=before - wanted, subject=_subject(link))
    path = reverse("chats:shared", args=[link.token])
    by = link.owner.username if link.shows_name else ""
    for user_id in wanted - before:
        notifications.notify_link(
            user_id=user_id, title=link.title, path=path, by=by, subject=_subject(link)
        )


def _subject(link: SharedLink) -> str:
    return f"link:{link.id}"
