"""Tags: making, naming, colouring and deleting them, and marking chats with them.

Everything here is for their owner alone.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from chats import events
from chats.models import TAG_NAME_LENGTH, Conversation, Tag, Transfer
from chats.order import batches, by_name, free_name, lock_order
from chats.texts import clean_name

MOST_TAGS: Final = 200
"""That one person can keep."""
MOST_PER_CHAT: Final = 20

_COLOURS: Final = [colour for colour in Tag.Colour if colour != Tag.Colour.GREY]
_Link = Conversation.tags.through


@dataclass(frozen=True, slots=True)
class ImportedTag:
    """A tag as a file has it."""

    name: str
    colour: str = ""
    created_at: datetime | None = None


def tags_of(user: User) -> list[Tag]:
    """All tags of `user` by name, with the `count` of chats that lists show. One query."""
    listed = Q(
        conversations__deleted_at=None,
        conversations__archived_at=None,
        conversations__is_temporary=False,
    )
    counted = Tag.objects.filter(owner=user).annotate(count=Count("conversations", filter=listed))
    return sorted(counted, key=by_name)


def create_tag(*, user: User, name: str, colour: str = "") -> Tag:
    """A new tag of `user`'s, in the next colour unless one is named. Raises ValidationError."""
    with transaction.atomic():
        tags = _lock_tags(user.id)
        if len(tags) >= MOST_TAGS:
            raise ValidationError(
                _("You have %(count)d tags already, and more are not possible.")
                % {"count": MOST_TAGS},
                code="too_many",
            )
        tag = Tag(owner=user)
        tag.name = _free_checked(name, tag, tags)
        tag.colour = _checked_colour(colour or _COLOURS[len(tags) % len(_COLOURS)])
        tag.save(force_insert=True)
    return tag


def update_tag(*, tag: Tag, name: str, colour: str) -> None:
    """Change a tag. Raises ValidationError by field, and when it is gone."""
    with transaction.atomic():
        tags = _lock_tags(tag.owner_id)
        if tag not in tags:
            raise ValidationError(_("The tag was deleted meanwhile."), code="gone")
        tag.name = _free_checked(name, tag, tags)
        tag.colour = _checked_colour(colour)
        tag.imported_by = None
        tag.save(update_fields=["name", "colour", "imported_by"])
        events.sidebar_changed(tag.owner_id)


def delete_tag(*, tag: Tag) -> None:
    """Delete a tag for good. The chats stay."""
    with transaction.atomic():
        Tag.objects.filter(id=tag.id).delete()
        events.sidebar_changed(tag.owner_id)


def set_tags(*, conversation: Conversation, tags: Collection[Tag]) -> None:
    """Mark a chat with these and no others. They are its owner's.

    Raises ValidationError for more than MOST_PER_CHAT.
    """
    if any(tag.owner_id != conversation.owner_id for tag in tags):
        raise ValueError(conversation.owner_id)
    if len(tags) > MOST_PER_CHAT:
        raise ValidationError(
            _("A chat has at most %(count)d tags.") % {"count": MOST_PER_CHAT}, code="too_many"
        )
    with transaction.atomic():
        # What was deleted meanwhile is left out.
        ids = [tag.id for tag in tags]
        conversation.tags.set(Tag.objects.select_for_update().filter(id__in=ids))
        events.sidebar_changed(conversation.owner_id)


def tag_conversations(*, user: User, conversation_ids: Iterable[UUID], tag: Tag, add: bool) -> int:
    """Mark those of these chats that are `user`'s own with a tag of theirs, or no longer.

    Returns how many changed. Chats with MOST_PER_CHAT tags stay as they are.
    """
    if tag.owner_id != user.id:
        raise ValueError(tag.owner_id)
    ids, changed = list(conversation_ids), 0
    with transaction.atomic():
        if not Tag.objects.select_for_update().filter(id=tag.id).exists():
            raise gone()
        for batch in batches(ids):
            mine = Conversation.objects.filter(owner=user, deleted_at=None, id__in=batch)
            changed += _mark(mine, tag) if add else _unmark(mine, tag)
        if changed:
            events.sidebar_changed(user.id)
    return changed


def find_or_create_tag(*, user: User, name: str, colour: str = "") -> Tag:
    """The tag by a name, made if it is missing. Case does not count; the name is cut to what fits.

    Raises ValidationError for a name that nothing can be seen of, and above MOST_TAGS.
    """
    cleaned = clean_name(name[:TAG_NAME_LENGTH], limit=TAG_NAME_LENGTH)
    with transaction.atomic():
        tags = {tag.name.lower(): tag for tag in _lock_tags(user.id)}
        found = tags.get(cleaned.lower())
        if found is None:
            known = colour if colour in Tag.Colour else ""
            found = create_tag(user=user, name=cleaned, colour=known)
    return found


def import_tags(*, transfer: Transfer, tags: Sequence[ImportedTag]) -> list[Tag | None]:
    """The tags by these names, made as far as they are missing, as `find_or_create_tag` does.

    None for those that cannot be: a name that nothing can be seen of, or above MOST_TAGS. A few
    queries, whatever the number.
    """
    found: list[Tag | None] = []
    with transaction.atomic():
        known = {tag.name.lower(): tag for tag in _lock_tags(transfer.owner_id)}
        new: list[Tag] = []
        for wanted in tags:
            try:
                name = clean_name(wanted.name[:TAG_NAME_LENGTH], limit=TAG_NAME_LENGTH)
            except ValidationError:
                found.append(None)
                continue
            tag = known.get(name.lower())
            if tag is None and len(known) < MOST_TAGS:
                colour = wanted.colour if wanted.colour in Tag.Colour else ""
                tag = known[name.lower()] = Tag(
                    owner_id=transfer.owner_id,
                    name=name,
                    colour=colour or _COLOURS[len(known) % len(_COLOURS)],
                    imported_by=transfer,
                    created_at=wanted.created_at or transfer.created_at,
                )
                new.append(tag)
            found.append(tag)
        Tag.objects.bulk_create(new)
    return found


def delete_imported_tags(*, transfer: Transfer) -> int:
    """Delete the tags that an import made, that nobody changed and no chat has; how many."""
    with transaction.atomic():
        _lock_tags(transfer.owner_id)
        made = Tag.objects.filter(imported_by=transfer)
        used = _Link.objects.filter(tag__imported_by=transfer, conversation__deleted_at=None)
        unused = list(made.exclude(id__in=used.values("tag_id")).values_list("id", flat=True))
        Tag.objects.filter(id__in=unused).delete()
        if unused:
            events.sidebar_changed(transfer.owner_id)
    return len(unused)


def gone() -> ValidationError:
    """What is said of a tag that was there a moment ago."""
    return ValidationError(_("The tag is not there any more. Choose another one."), code="no_tag")


def _mark(mine: QuerySet[Conversation], tag: Tag) -> int:
    new = mine.annotate(count=Count("tags")).filter(count__lt=MOST_PER_CHAT, is_temporary=False)
    ids = list(new.exclude(tags=tag).values_list("id", flat=True))
    links = [_Link(conversation_id=each, tag_id=tag.id) for each in ids]
    _Link.objects.bulk_create(links, ignore_conflicts=True)
    return len(ids)


def _unmark(mine: QuerySet[Conversation], tag: Tag) -> int:
    removed, _by_model = _Link.objects.filter(conversation__in=mine, tag=tag).delete()
    return removed


def _lock_tags(owner_id: UUID) -> list[Tag]:
    """All tags of somebody, whose row is locked until the transaction ends. Two queries."""
    lock_order(owner_id)
    return list(Tag.objects.filter(owner_id=owner_id))


def _free_checked(name: str, tag: Tag, tags: list[Tag]) -> str:
    return free_name(
        name,
        limit=TAG_NAME_LENGTH,
        beside=[each.name for each in tags if each.id != tag.id],
        taken=_("There is a tag by that name already."),
    )


def _checked_colour(colour: str) -> str:
    if colour not in Tag.Colour:
        raise ValidationError({"colour": _("Choose one of the colours.")}, code="no_colour")
    return colour
