"""Keys, the models that they offer, and the check value of the master key."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from providers.fields import EncryptedTextField
from providers.querysets import ApiKeyQuerySet, ModelListQuerySet


class ApiKey(models.Model):
    """A connection to a provider: whose, where and with which key. Without a user: the site's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="api_keys",
    )
    provider = models.CharField(_("provider"), max_length=50)
    key_name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(
        max_length=50, help_text=_("Stands before the slash in the names of its models.")
    )
    encrypted_key = EncryptedTextField(_("key"), blank=True, editable=False)
    last_four = models.CharField(max_length=4, blank=True, editable=False)
    base_url = models.CharField(_("address"), max_length=500, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    last_checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_error = models.CharField(max_length=1000, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        """Names are unique per user, and among the site's own."""

        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["key_name"]
        constraints = [
            models.UniqueConstraint(fields=["user", "key_name"], name="api_key_name_per_user"),
            models.UniqueConstraint(fields=["user", "slug"], name="api_key_slug_per_user"),
            models.UniqueConstraint(
                fields=["key_name"], condition=Q(user=None), name="api_key_name_of_site"
            ),
            models.UniqueConstraint(
                fields=["slug"], condition=Q(user=None), name="api_key_slug_of_site"
            ),
        ]

    def __str__(self) -> str:
        return self.key_name


class ModelList(models.Model):
    """What one connection offered when it was last asked.

    `offered` is a list of objects with the fields of `types.ModelInfo`. A failed question keeps the
    list of the last good one and sets `error` to the provider's own words.
    """

    api_key = models.OneToOneField(
        ApiKey, null=True, blank=True, on_delete=models.CASCADE, related_name="model_list"
    )
    environment = models.CharField(
        max_length=50, null=True, blank=True, unique=True, help_text=_("Set by the environment.")
    )
    offered = models.JSONField(default=list)
    fetched_at = models.DateTimeField()
    error = models.CharField(max_length=1000, blank=True)

    objects = ModelListQuerySet.as_manager()

    class Meta:
        """Belongs to a key or to a connection from the environment, never to both."""

        verbose_name = _("model list")
        verbose_name_plural = _("model lists")
        constraints = [
            models.CheckConstraint(
                condition=Q(api_key=None) ^ Q(environment=None), name="model_list_of_one"
            )
        ]

    def __str__(self) -> str:
        return self.environment or str(self.api_key)


class KeyCheck(models.Model):
    """One row, encrypted with the master key: tells at start whether the key is the right one."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    token = EncryptedTextField(editable=False)

    def __str__(self) -> str:
        return "key check"
