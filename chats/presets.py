"""Presets: keeping what a chat is set up with, and setting chats up with it."""

from typing import Final

from django.core import signing
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User
from chats.conversations import (
    ChatSettings,
    chat_options,
    check_parameters,
    checked_model,
    clean_system_prompt,
    update_settings,
)
from chats.library import insert_entry, save_entry
from chats.models import Conversation, Preset
from providers.options import clean_options, known_options

UNDO_SECONDS: Final = 3_600
"""How long a chat's settings from before a preset can be brought back."""

_SALT: Final = "chats.presets"
_FIELDS: Final = (
    *("provider", "model", "system_prompt"),
    *("temperature", "top_p", "max_tokens", "options"),
)


def create_preset(
    *, user: User, name: str, model: str, settings: ChatSettings, is_shared: bool = False
) -> Preset:
    """Keep a preset. Raises ValidationError by field."""
    preset = Preset(owner=user, is_shared=is_shared)
    _set(preset, model=model, settings=settings)
    insert_entry(entry=preset, name=name)
    return preset


def update_preset(
    *, preset: Preset, name: str, model: str, settings: ChatSettings, is_shared: bool
) -> None:
    """Change a preset. Raises ValidationError by field.

    A model that was chosen before may be gone by now; that is no reason to refuse all else.
    """
    preset.is_shared = is_shared
    _set(preset, model=model, settings=settings)
    save_entry(entry=preset, name=name)


def preset_settings(preset: Preset, *, model: str, user: User) -> ChatSettings:
    """What a chat of `user`'s with `model` is set up with. At most one query.

    Options that the model's adapter does not have are left out.
    """
    options = chat_options(model, user=user)
    return {
        "system_prompt": preset.system_prompt,
        "temperature": preset.temperature,
        "top_p": preset.top_p,
        "max_tokens": preset.max_tokens,
        "options": known_options(options, preset.options),
    }


def settings_of(conversation: Conversation) -> ChatSettings:
    """What a preset of this chat's settings holds. At most one query."""
    options = chat_options(conversation.model_name, user=conversation.owner)
    return {
        "system_prompt": conversation.system_prompt,
        "temperature": conversation.temperature,
        "top_p": conversation.top_p,
        "max_tokens": conversation.max_tokens,
        "options": known_options(options, conversation.options),
    }


def check_usable(preset: Preset, *, user: User) -> None:
    """Raises ValidationError when `user` cannot reach the preset's model."""
    try:
        checked_model(preset.model, user=user)
    except ValidationError as error:
        raise ValidationError(
            _("The preset “%(name)s” needs the model “%(model)s”, which is not available to you.")
            % {"name": preset.name, "model": preset.model},
            code="unknown_model",
        ) from error


def apply_preset(*, conversation: Conversation, preset: Preset) -> str:
    """Make the next replies as the preset says; what brings back how it was, for `undo_preset`.

    Raises ValidationError when its model is not available to the chat's owner; then nothing is
    changed.
    """
    check_usable(preset, user=conversation.owner)
    before = {name: getattr(conversation, name) for name in _FIELDS}
    settings = preset_settings(preset, model=preset.model, user=conversation.owner)
    update_settings(conversation=conversation, model=preset.model, **settings)
    return signing.dumps([str(conversation.id), before], salt=_SALT, compress=True)


def undo_preset(*, conversation: Conversation, before: str) -> None:
    """Bring back the settings from before `apply_preset`, whatever was changed since.

    Raises ValidationError for what it did not make for this conversation, or long ago.
    """
    try:
        conversation_id, fields = signing.loads(before, salt=_SALT, max_age=UNDO_SECONDS)
    except signing.BadSignature:
        conversation_id, fields = "", {}
    if conversation_id != str(conversation.id):
        raise ValidationError(_("This can no longer be undone."), code="expired")
    for name, value in fields.items():
        setattr(conversation, name, value)
    conversation.save(update_fields=_FIELDS)


def _set(preset: Preset, *, model: str, settings: ChatSettings) -> None:
    check_parameters(
        temperature=settings["temperature"],
        top_p=settings["top_p"],
        max_tokens=settings["max_tokens"],
    )
    if not model or model != preset.model:
        try:
            checked_model(model, user=preset.owner)
        except ValidationError as error:
            raise ValidationError({"model": error}) from error
    if settings["options"] != preset.options:
        options = chat_options(model, user=preset.owner)
        preset.options = clean_options(options, settings["options"], per_chat=True)
    preset.model = model
    preset.system_prompt = clean_system_prompt(settings["system_prompt"])
    preset.temperature = settings["temperature"]
    preset.top_p = settings["top_p"]
    preset.max_tokens = settings["max_tokens"]
