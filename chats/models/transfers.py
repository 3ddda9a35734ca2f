"""Moving house: imports from files, and exports into them, while they run and after."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Transfer(models.Model):
    """One import or export of one person: how far it is, and what came of it."""

    class Kind(models.TextChoices):
        """Which way."""

        IMPORT = "import", _("Import")
        EXPORT = "export", _("Export")

    class Source(models.TextChoices):
        """Which product's file an import reads."""

        PARLEY = "parley", "Parley"
        CHATGPT = "chatgpt", "ChatGPT"
        CLAUDE = "claude", "Claude"
        OPEN_WEBUI = "open_webui", "Open WebUI"
        LIBRECHAT = "librechat", "LibreChat"

    class State(models.TextChoices):
        """Life of an import: reading -> ready -> running -> done -> undone. Exports only run."""

        READING = "reading", _("Being read")
        READY = "ready", _("Ready to start")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    LIVE = (State.READING, State.RUNNING, State.UNDOING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="transfers"
    )
    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices)
    source = models.CharField(_("source"), max_length=10, choices=Source.choices, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State.choices)
    name = models.CharField(_("file name"), max_length=200, blank=True)
    file = models.FileField(
        upload_to="imports/%Y/%m/",
        max_length=200,
        blank=True,
        help_text=_("What an import reads; gone once it is done."),
    )
    total = models.PositiveIntegerField(default=0, help_text=_("Conversations; 0 while unknown."))
    done = models.PositiveIntegerField(default=0)
    report = models.JSONField(
        default=dict, blank=True, help_text=_("What will come in, what will not, and why.")
    )
    error = models.CharField(
        max_length=300, blank=True, help_text=_("Why it failed, in words for people.")
    )
    heartbeat_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Listed newest first, per owner; those that run are few."""

        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="transfer_by_owner"),
            models.Index(
                fields=["heartbeat_at"],
                condition=models.Q(state__in=("reading", "running", "undoing")),
                name="transfer_live",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def is_live(self) -> bool:
        """Whether it still changes by itself."""
        return self.state in self.LIVE
