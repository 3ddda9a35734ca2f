"""Templates and presets alike: finding, naming, copying, deleting. Owns the templates' texts.

Whoever calls these has asked `chats.access` whether the entry may be used or changed.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models.functions import Left
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from chats.models import LibraryEntry, Preset, PromptTemplate
from chats.models.library import NAME_LENGTH
from chats.texts import clean_content, clean_name
from chats.variables import TooLongError, Variable, fill, find_variables

E = TypeVar("E", bound=LibraryEntry)

MOST_OWN: Final = 1_000
"""Of one kind, that one person can keep."""
MOST_SEARCHED: Final = 10_000
"""Names that one search looks through, those of one's own first."""
MOST_VARIABLES: Final = 50
_MOST_WORDS: Final = 100
"""Characters of a search."""
_START: Final = 160
"""Characters of a text that a list shows."""

_BETWEEN_WORDS = re.compile(r"[\W_]+")
_TEXT_OF = {PromptTemplate: "content", Preset: "system_prompt"}


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as lists show it."""

    id: UUID
    name: str
    owner: str
    """Username."""
    is_own: bool
    is_shared: bool
    start: str
    """Of its text."""
    model: str
    """Of a preset, as `provider/model`; else empty."""


def search(
    kind: type[LibraryEntry], *, user: User, words: str = "", first: int = 0, count: int = 20
) -> tuple[list[Row], int]:
    """`count` of those that `user` may use and whose name holds `words`, and how many these are.

    One's own come first, then those that others share. Among them, names that begin with the words
    come before those with a word that does, and these before all others. Case, accents and marks
    between words do not count. Two queries, which read no more of the texts than is shown.
    """
    wanted = _folded(words[:_MOST_WORDS])
    ranked = sorted(
        (is_others, rank, folded, entry_id)
        for entry_id, folded, is_others in _names(kind, user=user)
        if (rank := _rank(folded, wanted)) is not None
    )
    ids = [entry_id for *_order, entry_id in ranked[first : first + count]]
    found = {row.id: row for row in _rows(kind, ids, user=user)}
    return [found[entry_id] for entry_id in ids if entry_id in found], len(ranked)


def create_template(
    *, user: User, name: str, content: str, is_shared: bool = False
) -> PromptTemplate:
    """Keep a template. Raises ValidationError by field."""
    template = PromptTemplate(owner=user, is_shared=is_shared, content=clean_text(content))
    insert_entry(entry=template, name=name)
    return template


def update_template(*, template: PromptTemplate, name: str, content: str, is_shared: bool) -> None:
    """Change a template. Raises ValidationError by field."""
    template.content, template.is_shared = clean_text(content), is_shared
    save_entry(entry=template, name=name)


def fill_template(*, template: PromptTemplate, values: dict[str, str], today: date) -> str:
    """The template's text with `values` by their variables' names.

    Raises ValidationError when it is longer than a message may be.
    """
    limit: int = settings.MAX_MESSAGE_LENGTH
    try:
        return fill(template.content, values, today=today.isoformat(), limit=limit)
    except TooLongError as error:
        raise ValidationError(
            _("The filled text has more than %(limit)d characters.") % {"limit": limit},
            code="too_long",
        ) from error


def variables_of(template: PromptTemplate) -> list[Variable]:
    """What is to be asked for; never more than MOST_VARIABLES."""
    return find_variables(template.content)[:MOST_VARIABLES]


def insert_entry(*, entry: LibraryEntry, name: str) -> None:
    """Store a new entry under a name. Raises ValidationError by field."""
    if type(entry).objects.owned_by(entry.owner).count() >= MOST_OWN:
        raise ValidationError(
            _("You keep %(count)d of them already, and more are not possible.")
            % {"count": MOST_OWN},
            code="too_many",
        )
    save_entry(entry=entry, name=name)


def save_entry(*, entry: LibraryEntry, name: str) -> None:
    """Store an entry under a name. Raises ValidationError by field."""
    entry.name = checked_name(name, entry=entry)
    entry.updated_at = timezone.now()
    try:
        with transaction.atomic():
            entry.save()
    except IntegrityError as error:  # Somebody was faster than the check.
        raise _taken() from error


def checked_name(name: str, *, entry: LibraryEntry) -> str:
    """A name for `entry` as it is stored. Raises ValidationError for the field. One query."""
    try:
        cleaned = clean_name(name, limit=NAME_LENGTH)
    except ValidationError as error:
        raise ValidationError({"name": error}) from error
    others = type(entry).objects.owned_by(entry.owner).exclude(id=entry.id)
    if others.filter(name__iexact=cleaned).exists():
        raise _taken()
    return cleaned


def copy_entry(*, entry: E, user: User) -> E:
    """An own copy for `user`, shared with nobody. Raises ValidationError above MOST_OWN."""
    kept = {
        field.attname: getattr(entry, field.attname)
        for field in type(entry)._meta.concrete_fields
        if field.name not in {"id", "owner", "name", "is_shared", "created_at", "updated_at"}
    }
    copied = type(entry)(owner=user, **kept)
    insert_entry(entry=copied, name=_free_name(type(entry), entry.name, user=user))
    return copied


def delete_entry(*, entry: LibraryEntry) -> None:
    """Delete for good. What was written or set up with it stays as it is."""
    entry.delete()


def stop_sharing(*, entry: LibraryEntry) -> None:
    """From now on only its owner can use it."""
    type(entry).objects.filter(id=entry.id).update(is_shared=False, updated_at=timezone.now())
    entry.is_shared = False


def clean_text(content: str) -> str:
    """A template's text as it is stored. Raises ValidationError for the field `content`."""
    try:
        text = clean_content(content)
        if len(find_variables(text)) > MOST_VARIABLES:
            raise ValidationError(
                _("A template has at most %(limit)d different variables.")
                % {"limit": MOST_VARIABLES},
                code="too_many_variables",
            )
    except ValidationError as error:
        raise ValidationError({"content": error}) from error
    return text


def _taken() -> ValidationError:
    return ValidationError({"name": _("There is one by that name already.")}, code="taken")


def _free_name(kind: type[LibraryEntry], name: str, *, user: User) -> str:
    """`name`, or with a number behind it where `user` has one by that name. One query."""
    rows = kind.objects.owned_by(user).values_list("name", flat=True)
    taken = {each.lower() for each in rows}
    free, number = name, 1
    while free.lower() in taken:
        number += 1
        mark = f" ({number})"
        free = name[: NAME_LENGTH - len(mark)] + mark
    return free


def _names(kind: type[LibraryEntry], *, user: User) -> Iterator[tuple[UUID, str, bool]]:
    """Id, folded name, and whether it is somebody else's."""
    # What is annotated is not a field of the type.
    usable: Any = kind.objects.for_user(user).own_first(user)
    for entry_id, name, is_others in usable.values_list("id", "name", "is_others")[:MOST_SEARCHED]:
        yield entry_id, _folded(name), is_others


def _rows(kind: type[LibraryEntry], ids: list[UUID], *, user: User) -> Iterator[Row]:
    """In no order."""
    text, model = _TEXT_OF[cast(Any, kind)], ("model",) if kind is Preset else ()
    found = kind.objects.filter(id__in=ids).annotate(start=Left(text, _START))
    shown = found.values("id", "name", "is_shared", "owner_id", "owner__username", "start", *model)
    for each in shown:
        yield Row(
            id=each["id"],
            name=each["name"],
            owner=each["owner__username"],
            is_own=each["owner_id"] == user.id,
            is_shared=each["is_shared"],
            start=" ".join(each["start"].split()),
            model=each.get("model", ""),
        )


def _rank(name: str, wanted: str) -> int | None:
    if name.startswith(wanted):
        return 0
    if f" {wanted}" in name:
        return 1
    return 2 if wanted in name else None


def _folded(text: str) -> str:
    """Words in lower case without accents, one blank between them."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in decomposed if not unicodedata.combining(c))
    text = text.casefold()
    return _BETWEEN_WORDS.sub(" ", text).strip() or text.strip()
