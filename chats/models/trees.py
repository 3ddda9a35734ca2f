"""Conversations and their message trees."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chats.models.order import Folder, Tag
from chats.models.transfers import Transfer
from chats.querysets import ConversationQuerySet, MessageQuerySet

TITLE_LENGTH = 200


class Conversation(models.Model):
    """A tree of messages with one owner; shows the path from its root to `current_leaf`."""

    class TitleSource(models.TextChoices):
        """Who gave the title. A person's is never replaced."""

        WORDS = "words", _("The first words")
        MODEL = "model", _("The model")
        PERSON = "person", _("The person")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="conversations"
    )
    title = models.CharField(_("title"), max_length=TITLE_LENGTH, blank=True)
    title_source = models.CharField(
        _("title by"), max_length=6, choices=TitleSource.choices, default=TitleSource.WORDS
    )
    provider = models.CharField(_("provider"), max_length=50, blank=True)
    model = models.CharField(_("model"), max_length=200, blank=True)
    system_prompt = models.TextField(_("system prompt"), blank=True)
    temperature = models.FloatField(_("temperature"), null=True, blank=True)
    top_p = models.FloatField(_("top-p"), null=True, blank=True)
    max_tokens = models.PositiveIntegerField(_("max tokens"), null=True, blank=True)
    options = models.JSONField(
        _("options"), default=dict, blank=True, help_text=_("The provider's own, for this chat.")
    )
    fallback_model = models.CharField(
        _("second model"),
        max_length=251,
        blank=True,
        help_text=_("Asked when the first fails before its first word, as provider/model."),
    )
    folder = models.ForeignKey(
        Folder, null=True, blank=True, on_delete=models.SET_NULL, related_name="conversations"
    )
    tags = models.ManyToManyField(Tag, related_name="conversations", blank=True)
    current_leaf = models.ForeignKey(
        "Message", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    is_pinned = models.BooleanField(_("pinned"), default=False)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)
    is_temporary = models.BooleanField(
        _("temporary"), default=False, help_text=_("In no list, and deleted once it is left.")
    )
    is_unread = models.BooleanField(
        _("unread"), default=False, help_text=_("A reply ended while nobody was looking.")
    )
    source_id = models.CharField(
        max_length=200,
        blank=True,
        editable=False,
        help_text=_("What was imported: product:id, as its file has it."),
    )
    imported_by = models.ForeignKey(
        Transfer,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="conversations",
    )
    is_indexed = models.BooleanField(
        default=False, editable=False, help_text=_("Search finds all of it: chats.indexing.")
    )
    source_seen_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("Its file's newest message when it was imported last: later ones are new."),
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, db_index=True)
    deleted_at = models.DateTimeField(null=True, blank=True, db_index=True)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        """Listed newest first, per owner."""

        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "source_id"],
                condition=~models.Q(source_id=""),
                name="conversation_imported_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["folder", "-updated_at", "-id"],
                condition=models.Q(archived_at__isnull=True, deleted_at__isnull=True),
                name="conversation_in_folder",
            ),
            models.Index(fields=["owner", "-updated_at", "-id"], name="conversation_by_owner"),
            models.Index("owner", Lower("title"), "id", name="conversation_by_title"),
            models.Index(
                fields=["owner", "-updated_at", "-id"],
                condition=models.Q(
                    archived_at__isnull=True, deleted_at__isnull=True, folder__isnull=True
                ),
                name="conversation_listed",
            ),
            models.Index(
                fields=["owner", "-updated_at", "-id"],
                condition=models.Q(is_pinned=True),
                name="conversation_pinned",
            ),
            models.Index(
                fields=["owner", "-archived_at", "-id"],
                condition=models.Q(archived_at__isnull=False),
                name="conversation_archived",
            ),
            models.Index(
                fields=["updated_at"],
                condition=models.Q(is_temporary=True),
                name="conversation_temporary",
            ),
            models.Index(
                fields=["id"],
                condition=models.Q(is_indexed=False, is_temporary=False, deleted_at__isnull=True),
                name="conversation_not_indexed",
            ),
            models.Index(
                fields=["id"],
                condition=models.Q(is_indexed=True, deleted_at__isnull=False),
                name="conversation_to_be_forgotten",
            ),
        ]

    def __str__(self) -> str:
        return self.title or str(_("New chat"))

    @property
    def model_name(self) -> str:
        """`provider/model`, or empty when none was chosen."""
        return f"{self.provider}/{self.model}" if self.provider else ""


class Message(models.Model):
    """One turn. A reply is a row like any other, whose text grows while `status` is live."""

    class Role(models.TextChoices):
        """Who speaks."""

        USER = "user", _("User")
        ASSISTANT = "assistant", _("Assistant")
        SYSTEM = "system", _("System")

    class Status(models.TextChoices):
        """Life of a message: pending -> streaming -> one of the four final ones."""

        PENDING = "pending", _("Pending")
        STREAMING = "streaming", _("Streaming")
        COMPLETE = "complete", _("Complete")
        STOPPED = "stopped", _("Stopped")
        INTERRUPTED = "interrupted", _("Interrupted")
        FAILED = "failed", _("Failed")

    class Rating(models.IntegerChoices):
        """What its reader thinks of a reply."""

        GOOD = 1, _("Good")
        BAD = -1, _("Bad")

    LIVE = (Status.PENDING, Status.STREAMING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages"
    )
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="children"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("Who wrote it, or asked for the reply; empty for the conversation's owner."),
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("Who asked last for more of the reply; empty for the conversation's owner."),
    )
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    status = models.CharField(
        _("status"), max_length=12, choices=Status.choices, default=Status.COMPLETE
    )
    content = models.TextField(_("content"), blank=True)
    reasoning = models.TextField(_("reasoning"), blank=True)
    reasoning_ms = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("Milliseconds between the first and the last of it.")
    )
    parts = models.JSONField(
        _("parts"), default=list, blank=True, help_text=_("Sources and tool calls; chats.parts.")
    )
    metadata = models.JSONField(default=dict, blank=True)
    error = models.JSONField(null=True, blank=True)
    provider = models.CharField(_("provider"), max_length=50, blank=True)
    model = models.CharField(_("model"), max_length=200, blank=True)
    finish_reason = models.CharField(max_length=20, blank=True)
    input_tokens = models.PositiveIntegerField(null=True, blank=True)
    output_tokens = models.PositiveIntegerField(null=True, blank=True)
    cached_tokens = models.PositiveIntegerField(null=True, blank=True)
    reasoning_tokens = models.PositiveIntegerField(null=True, blank=True)
    cost_micros = models.PositiveBigIntegerField(
        null=True, blank=True, help_text=_("In millionths of a US dollar; empty when unknown.")
    )
    rating = models.SmallIntegerField(_("rating"), choices=Rating.choices, null=True, blank=True)
    rating_note = models.CharField(_("note"), max_length=1000, blank=True)
    comparison = models.UUIDField(
        null=True, blank=True, help_text=_("Shared by replies that are shown side by side.")
    )
    comparison_order = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text=_("Its place among them; a new version takes it over.")
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    first_token_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # Which process makes this reply, and when it last said so.
    runner = models.CharField(max_length=40, blank=True, editable=False)
    heartbeat_at = models.DateTimeField(null=True, blank=True, editable=False)
    stop_requested = models.BooleanField(default=False, editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        """Siblings and children are found by parent; live replies by a small partial index."""

        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = [
            models.Index(fields=["parent", "created_at"], name="message_children"),
            models.Index(fields=["conversation", "parent"], name="message_roots"),
            models.Index(
                fields=["heartbeat_at"],
                name="message_live",
                condition=Q(status__in=("pending", "streaming")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.id}"

    @property
    def is_live(self) -> bool:
        """Whether the reply is still being made."""
        return self.status in self.LIVE

    @property
    def model_name(self) -> str:
        """`provider/model` that wrote this, or empty."""
        return f"{self.provider}/{self.model}" if self.provider else ""
