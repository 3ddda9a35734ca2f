"""What others see of a conversation: snapshots by link, and membership."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chats.models.files import Attachment
from chats.models.trees import TITLE_LENGTH, Conversation, Message


class SharedLink(models.Model):
    """A snapshot of a conversation's path under an address that cannot be guessed.

    What others see stands in its `pages`. Revoking deletes the row; pages, files and what is kept
    of them go with it.
    """

    class Audience(models.TextChoices):
        """Who may open it."""

        PUBLIC = "public", _("Anyone with the link")
        SIGNED_IN = "signed_in", _("Anyone signed in to this site")
        PEOPLE = "people", _("Only these people")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token = models.CharField(max_length=43, unique=True, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="shared_links"
    )
    last_message = models.ForeignKey(
        Message,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("What the snapshot ends with; empty for all, and where it was deleted."),
    )
    is_whole = models.BooleanField(
        default=True, help_text=_("Of all that the conversation showed, not up to a message.")
    )
    audience = models.CharField(
        _("audience"), max_length=10, choices=Audience.choices, default=Audience.PUBLIC
    )
    people = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="shared_links", blank=True
    )
    written = models.JSONField(
        default=dict, editable=False, help_text=_("How the owner wrote each of them, by their ids.")
    )
    title = models.CharField(_("title"), max_length=TITLE_LENGTH)
    shows_reasoning = models.BooleanField(_("with reasoning"), default=False)
    shows_name = models.BooleanField(_("with the owner's name"), default=False)
    digest = models.CharField(
        max_length=64, blank=True, editable=False, help_text=_("Tells whether a new one differs.")
    )
    mark = models.CharField(
        max_length=100,
        blank=True,
        editable=False,
        help_text=_("Alike where a new one would be alike: to be told without taking one."),
    )
    turn_count = models.PositiveIntegerField(default=0, editable=False)
    attachments = models.ManyToManyField(Attachment, related_name="shared_links", blank=True)
    views = models.PositiveIntegerField(_("views"), default=0)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(
        default=timezone.now, help_text=_("When the snapshot was taken.")
    )

    class Meta:
        """Listed newest first, per owner; swept up when they are over."""

        verbose_name = _("shared link")
        verbose_name_plural = _("shared links")
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="shared_link_by_owner"),
            models.Index(
                fields=["expires_at"],
                condition=models.Q(expires_at__isnull=False),
                name="shared_link_expiry",
            ),
        ]

    def __str__(self) -> str:
        # Not the title: administrators, who see this, do not read chats.
        return str(self.id)


class SharedPage(models.Model):
    """A stretch of a snapshot, as plain values (`chats.snapshots.Turn`): what one request reads."""

    link = models.ForeignKey(SharedLink, on_delete=models.CASCADE, related_name="pages")
    number = models.PositiveIntegerField(help_text=_("From 1."))
    turns = models.JSONField(default=list)

    class Meta:
        """Each number once in each snapshot."""

        verbose_name = _("page of a snapshot")
        verbose_name_plural = _("pages of snapshots")
        constraints = [models.UniqueConstraint(fields=["link", "number"], name="shared_page_once")]

    def __str__(self) -> str:
        return f"{self.link_id} {self.number}"


class Membership(models.Model):
    """Somebody beside the owner who takes part in a conversation."""

    class Role(models.TextChoices):
        """What they may do."""

        READER = "reader", _("Can read")
        WRITER = "writer", _("Can write")

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="memberships"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(_("role"), max_length=6, choices=Role.choices, default=Role.READER)
    is_unread = models.BooleanField(
        _("unread"), default=False, help_text=_("Something came while this member was not looking.")
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        """Each person once in each conversation; listed per person."""

        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["conversation", "user"], name="membership_once")
        ]
        indexes = [models.Index(fields=["user", "-created_at"], name="membership_by_user")]

    def __str__(self) -> str:
        return f"{self.user} in {self.conversation_id}"
