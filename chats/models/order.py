"""What people put their conversations in order with: folders and tags."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

FOLDER_NAME_LENGTH = 100
TAG_NAME_LENGTH = 50


class Folder(models.Model):
    """A named place for conversations of one owner, perhaps inside another of theirs.

    What is set here is what new conversations in it start with; those in it already stay as they
    are.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="folders"
    )
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="children"
    )
    name = models.CharField(_("name"), max_length=FOLDER_NAME_LENGTH)
    system_prompt = models.TextField(_("system prompt"), blank=True)
    default_model = models.CharField(
        _("model"), max_length=251, blank=True, help_text=_("As provider/model.")
    )
    imported_by = models.ForeignKey(
        "Transfer",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("Which import made it, until somebody changes it."),
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        """Names are unique beside each other, in any case."""

        verbose_name = _("folder")
        verbose_name_plural = _("folders")
        constraints = [
            models.UniqueConstraint("parent", Lower("name"), name="folder_name_in_parent"),
            models.UniqueConstraint(
                "owner", Lower("name"), condition=Q(parent=None), name="folder_name_at_top"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    """A coloured word that one owner marks conversations with."""

    class Colour(models.TextChoices):
        """By name: what each looks like is for the themes to say."""

        GREY = "grey", _("Grey")
        RED = "red", _("Red")
        ORANGE = "orange", _("Orange")
        YELLOW = "yellow", _("Yellow")
        GREEN = "green", _("Green")
        TEAL = "teal", _("Teal")
        BLUE = "blue", _("Blue")
        PURPLE = "purple", _("Purple")
        PINK = "pink", _("Pink")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tags"
    )
    name = models.CharField(_("name"), max_length=TAG_NAME_LENGTH)
    colour = models.CharField(
        _("colour"), max_length=10, choices=Colour.choices, default=Colour.GREY
    )
    imported_by = models.ForeignKey(
        "Transfer",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("Which import made it, until somebody changes it."),
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        """Names are unique per owner, in any case."""

        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = [models.UniqueConstraint("owner", Lower("name"), name="tag_name_of_owner")]

    def __str__(self) -> str:
        return self.name
