"""Starting, naming, pinning, archiving, setting up and deleting conversations."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final, TypedDict
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from chats import events, indexing, participants, temporary, unread
from chats.attachments import (
    attachments_of,
    delete_abandoned,
    delete_orphan_files,
    discard_attachments,
)
from chats.messages import Posted, add_exchange, posted_before
from chats.models import Attachment, Conversation, Folder, Message
from chats.picker import closest_model
from chats.sending import send_once
from chats.texts import clean_content, clean_title, title_from
from providers import catalogue, registry, routing
from providers.connections import find_source
from providers.errors import NotFoundError, ProviderError
from providers.options import Option, clean_options

UNDO_PERIOD: Final = timedelta(hours=1)
"""How long a deleted conversation can be brought back."""

_MAX_SYSTEM_PROMPT = 100_000
_MAX_MODEL_NAME = 200

NO_MODEL: Final = "none"
"""As a conversation's second model: none, not even the site's."""


class ChatSettings(TypedDict):
    """What a conversation's replies are made with, beside the model: as `update_settings` takes."""

    system_prompt: str
    temperature: float | None
    top_p: float | None
    max_tokens: int | None
    options: Mapping[str, object]


def start_conversation(
    *,
    user: User,
    content: str,
    model: str = "",
    attachments: Sequence[Attachment] = (),
    system_prompt: str = "",
    models: Sequence[str] = (),
    settings: ChatSettings | None = None,
    folder: Folder | None = None,
    is_temporary: bool = False,
    key: UUID | None = None,
) -> Posted:
    """Make a conversation from its first message and ask for the reply.

    `model` is ``provider/model``; empty means `preferred_model`. Several `models` (checked by
    `chats.comparing`) stand in its place and answer side by side. `settings` are those
    of a preset; their system prompt comes before `system_prompt`, which comes before that of the
    `folder`, one of the user's. `is_temporary`: see `chats.temporary`. A form that comes again,
    with the same `key`, is answered with what it made. Raises ValidationError for bad text, bad
    settings or an unknown model; then nothing is stored.
    """
    text = clean_content(content, may_be_empty=bool(attachments))
    provider, _slash, name = checked_model(
        models[0] if models else model or preferred_model(user, folder=folder), user=user
    ).partition("/")

    title = title_from(text.strip() or attachments[0].name)
    in_folder = folder.system_prompt if folder else ""

    def make() -> tuple[Message, Posted]:
        conversation = Conversation.objects.create(
            owner=user,
            title=_("Temporary chat") if is_temporary else title,
            is_temporary=is_temporary,
            is_indexed=True,
            provider=provider,
            model=name,
            system_prompt=clean_system_prompt(system_prompt or in_folder),
            folder=folder,
        )
        if settings is not None:
            prompt = settings["system_prompt"] or conversation.system_prompt
            wanted: ChatSettings = {**settings, "system_prompt": prompt}
            update_settings(conversation=conversation, model="", **wanted)
        posted = add_exchange(
            conversation=conversation,
            parent_id=None,
            content=text,
            attachments=attachments,
            models=models,
        )
        indexing.index_title(conversation.id)
        return posted.question, posted

    def restore(question: Message) -> Posted | None:
        return posted_before(question, content=text) if question.parent_id is None else None

    return send_once(owner_id=user.id, key=key, make=make, restore=restore)


def preferred_model(user: User, *, folder: Folder | None = None) -> str:
    """The model a new chat starts with: the folder's, else the user's choice, else the site's.

    What cannot be used any more does not count.
    """
    for model in (folder.default_model if folder else "", user.default_model):
        if model:
            with suppress(ValidationError):
                return checked_model(model, user=user)
    return catalogue.default_model(user)


def checked_model(model: str, *, user: User) -> str:
    """`model` itself when `user` can reach its provider; else raises ValidationError."""
    try:
        if len(model) > _MAX_MODEL_NAME:
            raise NotFoundError
        routing.resolve(model, user=user)
    except ProviderError as error:
        raise unknown_model(model) from error
    return model


def unknown_model(model: str) -> ValidationError:
    """What is said of a model that cannot be asked, whatever the reason."""
    return ValidationError(
        _("The model “%(model)s” is not available. Choose another one.") % {"model": model[:100]},
        code="unknown_model",
    )


def rename_conversation(*, conversation: Conversation, title: str) -> None:
    """Give a conversation a title of the user's own."""
    conversation.title = clean_title(title)
    conversation.title_source = Conversation.TitleSource.PERSON
    with transaction.atomic():
        Conversation.objects.filter(id=conversation.id).update(
            title=conversation.title, title_source=conversation.title_source
        )
        indexing.index_title(conversation.id)
        participants.list_changed(conversation)


def delete_conversation(*, conversation: Conversation) -> None:
    """Hide a conversation; it is gone for good after UNDO_PERIOD. Running replies are stopped.

    A temporary one is gone at once.
    """
    if conversation.is_temporary and temporary.end_conversation(conversation=conversation):
        return
    with transaction.atomic():
        Conversation.objects.filter(id=conversation.id, deleted_at=None).update(
            deleted_at=timezone.now()
        )
        for message_id in conversation.messages.live().values_list("id", flat=True):
            events.stop_requested(message_id)
        conversation.messages.live().update(stop_requested=True)
        indexing.unindex_conversation(conversation.id)
        unread.mark_read(conversation=conversation)
        events.sidebar_changed(conversation.owner_id)
        participants.doors_closed([conversation])


def restore_conversation(*, conversation: Conversation) -> None:
    """Undo a deletion."""
    with transaction.atomic():
        Conversation.objects.filter(id=conversation.id).update(deleted_at=None)
        conversation.deleted_at = None
        indexing.bring_back(conversation.id)
        participants.list_changed(conversation)


def set_pinned(*, conversation: Conversation, is_pinned: bool) -> None:
    """Keep a conversation at the top of the sidebar, or no longer.

    Any number may be pinned; `chats.listing` shows the newest ones at the top.
    """
    with transaction.atomic():
        Conversation.objects.filter(id=conversation.id).update(is_pinned=is_pinned)
        conversation.is_pinned = is_pinned
        events.sidebar_changed(conversation.owner_id)


def archive_conversation(*, conversation: Conversation) -> None:
    """Take a conversation out of the sidebar; it stays as it is, pinned or not, and can be opened.

    A reply that is being written goes on. Whatever asks for another one brings the conversation
    back (`chats.messages`). Archiving twice keeps the first date.
    """
    with transaction.atomic():
        now = timezone.now()
        found = Conversation.objects.filter(id=conversation.id, archived_at=None)
        if found.update(archived_at=now):
            conversation.archived_at = now
            events.sidebar_changed(conversation.owner_id)


def unarchive_conversation(*, conversation: Conversation) -> None:
    """Bring a conversation back into the sidebar, to its old place."""
    with transaction.atomic():
        Conversation.objects.filter(id=conversation.id).update(archived_at=None)
        conversation.archived_at = None
        events.sidebar_changed(conversation.owner_id)


def update_settings(
    *,
    conversation: Conversation,
    model: str,
    system_prompt: str,
    temperature: float | None,
    top_p: float | None,
    max_tokens: int | None,
    options: Mapping[str, object] | None = None,
    fallback_model: str | None = None,
) -> None:
    """Set what the next replies are made with. Ranges as the providers' APIs have them.

    `options` are the model's adapter's own (`chat_options`), all of them: what is absent is unset.
    Those that were chosen for other adapters stay stored. `fallback_model` is ``provider/model``,
    empty for the site's, or NO_MODEL. None leaves either as it is.
    """
    check_parameters(temperature=temperature, top_p=top_p, max_tokens=max_tokens)
    if model and model != conversation.model_name:
        provider, _slash, name = checked_model(model, user=conversation.owner).partition("/")
        conversation.provider, conversation.model = provider, name
    if options is not None:
        conversation.options = _merged_options(conversation, options)
    if fallback_model is not None:
        conversation.fallback_model = _checked_fallback(conversation, fallback_model.strip())
    conversation.system_prompt = clean_system_prompt(system_prompt)
    conversation.temperature = temperature
    conversation.top_p = top_p
    conversation.max_tokens = max_tokens
    conversation.save(
        update_fields=[
            "provider", "model", "system_prompt", "temperature", "top_p", "max_tokens",
            "options", "fallback_model",
        ]
    )  # fmt: skip


def check_parameters(
    *, temperature: float | None, top_p: float | None, max_tokens: int | None
) -> None:
    """Raises ValidationError by field for what is out of the range of the providers' APIs."""
    if temperature is not None and not 0 <= temperature <= 2:
        raise ValidationError({"temperature": _("The temperature is between 0 and 2.")})
    if top_p is not None and not 0 <= top_p <= 1:
        raise ValidationError({"top_p": _("Top-p is between 0 and 1.")})
    if max_tokens is not None and not 1 <= max_tokens <= 1_000_000:
        raise ValidationError({"max_tokens": _("Max tokens is between 1 and 1,000,000.")})


def chat_options(model: str, *, user: User) -> tuple[Option, ...]:
    """What a chat can set of its model's provider's own options. At most one query.

    None for a model without a connection.
    """
    source = find_source(model.partition("/")[0], user=user)
    if source is None or not registry.is_known(source.kind):
        return ()
    return tuple(each for each in registry.adapter_class(source.kind).options if each.per_chat)


def _merged_options(conversation: Conversation, chosen: Mapping[str, object]) -> dict[str, object]:
    options = chat_options(conversation.model_name, user=conversation.owner)
    names = {option.name for option in options}
    others = {name: value for name, value in conversation.options.items() if name not in names}
    return others | clean_options(options, chosen, per_chat=True)


def _checked_fallback(conversation: Conversation, model: str) -> str:
    if model in ("", NO_MODEL, conversation.fallback_model):
        # What was chosen before may be gone by now: then nothing stands in, and that is no reason
        # to refuse all else that is set.
        return model
    try:
        return checked_model(model, user=conversation.owner)
    except ValidationError as error:
        said = error.messages
        if closest := closest_model(model, user=conversation.owner):
            said = [*said, _("Did you mean “%(model)s”?") % {"model": closest}]
        raise ValidationError({"fallback_model": said}) from error


def choose_model(*, conversation: Conversation, model: str) -> None:
    """Make the next replies with another model, all else unchanged."""
    provider, _slash, name = checked_model(model, user=conversation.owner).partition("/")
    Conversation.objects.filter(id=conversation.id).update(provider=provider, model=name)
    conversation.provider, conversation.model = provider, name


def clean_system_prompt(text: str) -> str:
    """The system prompt as stored; raises ValidationError over 100,000 characters."""
    if len(text) > _MAX_SYSTEM_PROMPT:
        raise ValidationError(
            {"system_prompt": _("The system prompt has at most 100,000 characters.")}
        )
    return clean_content(text, may_be_empty=True)


def purge_deleted(*, older_than: timedelta = UNDO_PERIOD) -> int:
    """Remove for good what was deleted longer ago, files included. Returns how many."""
    expired = Conversation.objects.filter(deleted_at__lt=timezone.now() - older_than)
    with transaction.atomic():
        count = expired.count()
        files = attachments_of(expired)
        # A reply that ended right then may have told of them once more.
        participants.doors_closed(expired)
        expired.update(current_leaf=None)
        expired.delete()
        if count:
            indexing.words_removed()
    discard_attachments(files)
    delete_abandoned()
    delete_orphan_files()
    return count
