"""One message to several models at once: their replies side by side, until one is gone on with.

A comparison is open while its rows carry its id (`Message.comparison`); they are siblings. It is
made by `chats.messages` and `chats.conversations` as every other exchange, and ended by choosing a
reply here, or by answering the one that the conversation shows. Then the others are versions.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from chats.conversations import checked_model, choose_model, unknown_model
from chats.messages import stop_reply
from chats.models import Conversation, Message
from chats.replies import end_comparison, show

LEAST: Final = 2
MOST: Final = 4


def checked_models(
    models: Sequence[str], *, user: User, conversation: Conversation | None = None
) -> list[str]:
    """`models` themselves, when `user` can ask them all side by side; empty when none are named.

    Raises ValidationError for a number that cannot be compared, for one that is named twice and for
    those that are not available: in an existing `conversation`, see `checked_model_in`.
    """
    if not models:
        return []
    if len(models) < LEAST:
        raise ValidationError(_("Choose at least two models to compare."), code="too_few")
    if len(models) > MOST:
        raise ValidationError(
            _("Up to %(most)d models can be compared at once; %(count)d were chosen.")
            % {"most": MOST, "count": len(models)},
            code="too_many",
        )
    twice = next((model for at, model in enumerate(models) if model in models[:at]), None)
    if twice is not None:
        raise ValidationError(
            _("“%(model)s” was chosen twice.") % {"model": twice[:100]}, code="duplicate"
        )
    if conversation is None:
        return [checked_model(model, user=user) for model in models]
    return [checked_model_in(conversation, model, user=user) for model in models]


def checked_model_in(conversation: Conversation, model: str, *, user: User) -> str:
    """`model` itself, when `user` may ask it there; else raises ValidationError.

    The owner any of the owner's; others the chat's own and those that replied in it, which they see
    anyway. To them all others are alike: nobody learns by guessing what else the owner has.
    """
    if user.pk != conversation.owner_id and model != conversation.model_name:
        provider, _slash, name = model.partition("/")
        replied = conversation.messages.filter(role=Message.Role.ASSISTANT)
        if "\0" in model or not replied.filter(provider=provider, model=name).exists():
            raise unknown_model(model)
    return checked_model(model, user=conversation.owner)


def choose_reply(*, message: Message, by: User | None = None) -> None:
    """Go on with one of the replies that are side by side, and for the owner with its model.

    `by` another one, the chat's model stays the owner's choice.

    The others stay as versions; what is still being written goes on. Of replies that are in no
    comparison any more, only shows the path through it. Raises ValidationError when it is gone.
    """
    if message.role != Message.Role.ASSISTANT:
        raise ValidationError(_("Only replies can be gone on with."), code="role")
    with transaction.atomic():
        Conversation.objects.select_for_update().only("id").get(id=message.conversation_id)
        if not Message.objects.filter(id=message.id).exists():
            raise ValidationError(_("This message was deleted."), code="gone")
        chooses_model = by is None or by.pk == message.conversation.owner_id
        if end_comparison(message) and chooses_model:
            # What cannot be asked any more is not gone on with; its words are.
            with suppress(ValidationError):
                choose_model(conversation=message.conversation, model=message.model_name)
        show(message.conversation, Message.objects.newest_leaf_below(message.id))


def stop_replies(*, message: Message) -> None:
    """Stop `message` and all that is side by side with it. Stopping twice does no harm."""
    compared = Message.objects.filter(parent_id=message.parent_id, comparison=message.comparison)
    live = [message] if message.comparison is None else list(compared.live())
    with transaction.atomic():
        for reply in live:
            stop_reply(message=reply)
