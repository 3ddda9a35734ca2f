"""Announcements and notifications."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.users import User


class Announcement(models.Model):
    """What an administrator has to say to everybody, while it holds."""

    title = models.CharField(_("title"), max_length=100)
    text = models.TextField(_("text"), max_length=2000, blank=True)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    ends_at = models.DateTimeField(
        _("ends"), null=True, blank=True, help_text=_("Empty: until it is deleted.")
    )

    class Meta:
        """Named for the admin."""

        verbose_name = _("announcement")
        verbose_name_plural = _("announcements")

    def __str__(self) -> str:
        return self.title


class Notification(models.Model):
    """One thing that happened while its user looked elsewhere.

    Holds names, not sentences: what is shown is made in the reader's language.
    """

    class Kind(models.TextChoices):
        """What happened."""

        REPLY = "reply", _("A reply is there")
        SHARED = "shared", _("A shared chat was answered")
        QUOTA = "quota", _("A limit is near or reached")
        ANNOUNCEMENT = "announcement", _("An announcement")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    data = models.JSONField(default=dict, blank=True)
    subject = models.CharField(
        max_length=100, blank=True, help_text=_("What it is about: only one of it is unread.")
    )
    announcement = models.ForeignKey(
        Announcement, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Listed newest first; unread ones are counted on every page."""

        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="notification_by_user"),
            models.Index(
                fields=["user"], condition=Q(read_at__isnull=True), name="notification_unread"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "subject"],
                condition=Q(read_at__isnull=True) & ~Q(subject=""),
                name="notification_unread_once",
            ),
            models.UniqueConstraint(
                fields=["user", "announcement"],
                condition=Q(announcement__isnull=False),
                name="notification_announced_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
