"""What people keep to write and ask with: templates of prompts, and presets."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chats.querysets import LibraryQuerySet

NAME_LENGTH = 100


class LibraryEntry(models.Model):
    """Something named that one person keeps and may show to everybody on the site."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=NAME_LENGTH)
    is_shared = models.BooleanField(
        _("shared"), default=False, help_text=_("Everybody on this site can use it.")
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = LibraryQuerySet.as_manager()

    class Meta:
        """Names are unique per owner, in any case."""

        abstract = True
        constraints = [
            models.UniqueConstraint("owner", Lower("name"), name="%(class)s_name_of_owner")
        ]
        indexes = [
            models.Index(
                fields=["name"],
                condition=models.Q(is_shared=True),
                name="%(class)s_shared",
            )
        ]

    def __str__(self) -> str:
        return self.name


class PromptTemplate(LibraryEntry):
    """A text with variables to fill in, reached by `/`. Their syntax: `chats.variables`."""

    content = models.TextField(_("text"))

    class Meta(LibraryEntry.Meta):
        """Named for the admin."""

        verbose_name = _("prompt template")
        verbose_name_plural = _("prompt templates")


class Preset(LibraryEntry):
    """A model with what it is asked with, reached by `@`."""

    model = models.CharField(_("model"), max_length=251, help_text=_("As provider/model."))
    system_prompt = models.TextField(_("system prompt"), blank=True)
    temperature = models.FloatField(_("temperature"), null=True, blank=True)
    top_p = models.FloatField(_("top-p"), null=True, blank=True)
    max_tokens = models.PositiveIntegerField(_("max tokens"), null=True, blank=True)
    options = models.JSONField(_("options"), default=dict, blank=True)

    class Meta(LibraryEntry.Meta):
        """Named for the admin."""

        verbose_name = _("preset")
        verbose_name_plural = _("presets")
