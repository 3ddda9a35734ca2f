"""What readers think of replies: thumbs up or down, and a note. Kept here, told to no provider."""

from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from chats.models import Message
from chats.texts import clean_content

LONGEST_NOTE: Final = 1_000
"""Characters."""


def rate_reply(*, message: Message, rating: int | None, note: str | None = None) -> None:
    """Set what its reader thinks of an ended reply. `message` is changed in place. One query.

    `rating` is a `Message.Rating`; None takes rating and note away. A `note` of None leaves the
    stored one as it is. Raises ValidationError for anything that is not an ended reply, for an
    unknown rating, and for a note that is too long.
    """
    if message.role != Message.Role.ASSISTANT or message.is_live:
        raise ValidationError(_("Only replies that have ended can be rated."), code="role")
    if rating is not None and rating not in Message.Rating.values:
        raise ValidationError(_("A reply is rated good or bad."), code="rating")
    words = message.rating_note if note is None else clean_content(note, may_be_empty=True).strip()
    if len(words) > LONGEST_NOTE:
        raise ValidationError(
            _("A note has at most %(count)d characters.") % {"count": LONGEST_NOTE}, code="too_long"
        )
    message.rating, message.rating_note = rating, words if rating is not None else ""
    Message.objects.filter(id=message.id).update(
        rating=message.rating, rating_note=message.rating_note
    )
