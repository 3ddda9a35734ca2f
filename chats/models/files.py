"""Attached files."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.deletion import Collector
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chats.models.trees import Message
from chats.querysets import AttachmentManager


def hand_over(
    collector: Collector, field: Any, attachments: models.QuerySet["Attachment"], using: str
) -> None:
    """As `on_delete`: files of an account that is deleted stay where chats of others use them.

    They become those of whoever owns such a chat. So it is for every way of deletion: the admin, a
    queryset, a user. All others go with the account.
    """
    going = {user.pk for user in collector.data.get(field.remote_field.model, ())}
    uses = Attachment.messages.through._default_manager.using(using).filter(
        attachment__in=[each.pk for each in attachments]
    )
    shown = Attachment._meta.apps.get_model("chats", "SharedLink").attachments.through
    links = shown._default_manager.using(using).filter(
        attachment__in=[each.pk for each in attachments]
    )
    rows = [
        *links.order_by("-id").values_list("attachment_id", "sharedlink__owner_id"),
        *uses.order_by("-id").values_list("attachment_id", "message__conversation__owner_id"),
    ]
    heirs = {file: owner for file, owner in rows if owner not in going}
    for each in attachments:
        if each.pk in heirs:
            collector.add_field_update(field, heirs[each.pk], [each])
    rest = attachments.exclude(pk__in=heirs)
    if rest:
        models.CASCADE(collector, field, rest, using)


class Attachment(models.Model):
    """A file that a user gave. Without a message it is a draft, removed after a day."""

    class State(models.TextChoices):
        """Whether its text is there, or what pages and models see of an image."""

        READING = "reading", _("Being read")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Not readable")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=hand_over, related_name="attachments"
    )
    messages = models.ManyToManyField(Message, related_name="attachments", blank=True)
    name = models.CharField(_("file name"), max_length=200)
    file = models.FileField(upload_to="attachments/%Y/%m/", max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(help_text=_("In bytes."))
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    reduced = models.FileField(
        upload_to="attachments/%Y/%m/",
        max_length=200,
        blank=True,
        help_text=_("An image in the size that models look at; empty where it is small already."),
    )
    thumbnail = models.FileField(
        upload_to="attachments/%Y/%m/", max_length=200, blank=True, help_text=_("For pages.")
    )
    state = models.CharField(
        _("state"), max_length=7, choices=State.choices, default=State.READY, db_index=True
    )
    error = models.CharField(
        max_length=300, blank=True, help_text=_("Why it could not be read, in words for people.")
    )
    text = models.TextField(blank=True, help_text=_("What a model gets of it. Never in a list."))
    tokens = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Of the text, estimated.")
    )
    pages = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Pages or sheets; empty where there are none.")
    )
    pages_read = models.PositiveIntegerField(default=0)
    heartbeat_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("When the process that reads it last said so; empty while it waits."),
    )
    created_at = models.DateTimeField(default=timezone.now, db_index=True, editable=False)

    objects = AttachmentManager()

    class Meta:
        """Named for the admin."""

        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")

    def __str__(self) -> str:
        return self.name

    @property
    def is_image(self) -> bool:
        """Whether models look at it rather than read it."""
        return self.media_type.startswith("image/")

    @property
    def is_reading(self) -> bool:
        """Whether it still changes by itself."""
        return self.state == self.State.READING

    @property
    def reduced_media_type(self) -> str:
        """What `reduced` is: told by its name, which is ours."""
        return "image/png" if str(self.reduced.name).endswith(".png") else "image/jpeg"
