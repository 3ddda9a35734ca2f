"""Keys, the models that they offer and how these do, and the check value of the master key."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from providers.fields import EncryptedTextField
from providers.querysets import ApiKeyQuerySet, ModelListQuerySet

PRICES = ("input_price", "output_price", "cached_input_price", "cache_write_price")


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
    options = models.JSONField(
        _("options"), default=dict, blank=True, help_text=_("The adapter's own, for every chat.")
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_default = models.BooleanField(
        _("default"),
        default=False,
        help_text=_("The one of its provider that new chats start with."),
    )
    for_everyone = models.BooleanField(
        _("for everyone"),
        default=True,
        help_text=_("Of a key of the site: all may use it, else the chosen groups only."),
    )
    groups = models.ManyToManyField(
        "auth.Group", verbose_name=_("groups"), blank=True, related_name="api_keys"
    )
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
            models.UniqueConstraint(
                fields=["user", "provider"],
                condition=Q(is_default=True),
                name="api_key_default_per_user",
            ),
            models.UniqueConstraint(
                fields=["provider"],
                condition=Q(user=None, is_default=True),
                name="api_key_default_of_site",
            ),
        ]

    def __str__(self) -> str:
        return self.key_name


class ModelList(models.Model):
    """What one connection offered when it was last asked.

    `offered` is a list of objects with the fields of `types.ModelInfo`. A failed question keeps the
    list of the last good one and sets `error` to the provider's own words. `total` is how many
    models there are; of very many only the first ones are kept. `presumed` stands in for a list
    that never came: the adapter's preferred models, with what the list of prices knows of them.
    """

    api_key = models.OneToOneField(
        ApiKey, null=True, blank=True, on_delete=models.CASCADE, related_name="model_list"
    )
    environment = models.CharField(
        max_length=50, null=True, blank=True, unique=True, help_text=_("Set by the environment.")
    )
    offered = models.JSONField(default=list)
    presumed = models.JSONField(default=list)
    total = models.PositiveIntegerField(default=0)
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


class ModelStatus(models.Model):
    """How one model did on one connection when it was last called.

    `samples` holds the times to the first token of the latest calls, oldest first, as pairs of
    Unix seconds and milliseconds; at most `availability.MAX_SAMPLES`.
    """

    api_key = models.ForeignKey(
        ApiKey, null=True, blank=True, on_delete=models.CASCADE, related_name="model_statuses"
    )
    environment = models.CharField(max_length=50, blank=True)
    model = models.CharField(_("model"), max_length=200)
    error = models.CharField(_("error"), max_length=1000, blank=True)
    checked_at = models.DateTimeField(_("checked"), db_index=True)
    samples = models.JSONField(default=list)

    class Meta:
        """One row per model of a key, or of a connection from the environment."""

        verbose_name = _("model status")
        verbose_name_plural = _("model statuses")
        constraints = [
            models.CheckConstraint(
                condition=Q(api_key=None) ^ Q(environment=""), name="model_status_of_one"
            ),
            models.UniqueConstraint(
                fields=["api_key", "model"],
                condition=Q(environment=""),
                name="model_status_per_key",
            ),
            models.UniqueConstraint(
                fields=["environment", "model"],
                condition=Q(api_key=None),
                name="model_status_per_environment",
            ),
        ]

    def __str__(self) -> str:
        return self.model


class ModelOverride(models.Model):
    """What the administrator knows better about a model. Empty fields override nothing.

    Prices are in US dollars per million tokens.
    """

    provider = models.CharField(_("provider"), max_length=50)
    model = models.CharField(_("model"), max_length=200)
    context_window = models.PositiveIntegerField(_("context window"), null=True, blank=True)
    max_output = models.PositiveIntegerField(_("longest reply"), null=True, blank=True)
    accepts_images = models.BooleanField(_("accepts images"), null=True, blank=True)
    accepts_files = models.BooleanField(_("accepts files"), null=True, blank=True)
    supports_tools = models.BooleanField(_("supports tools"), null=True, blank=True)
    reasons = models.BooleanField(_("reasons"), null=True, blank=True)
    input_price = models.DecimalField(
        _("input price"), max_digits=12, decimal_places=6, null=True, blank=True
    )
    output_price = models.DecimalField(
        _("output price"), max_digits=12, decimal_places=6, null=True, blank=True
    )
    cached_input_price = models.DecimalField(
        _("price of cached input"), max_digits=12, decimal_places=6, null=True, blank=True
    )
    cache_write_price = models.DecimalField(
        _("price of writing to the cache"), max_digits=12, decimal_places=6, null=True, blank=True
    )

    class Meta:
        """One row per model; `provider` is a kind, or the slug of one connection."""

        verbose_name = _("model override")
        verbose_name_plural = _("model overrides")
        ordering = ["provider", "model"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "model"], name="model_override_per_model"),
            *(
                models.CheckConstraint(
                    condition=Q(**{name: None}) | Q(**{f"{name}__gte": 0}),
                    name=f"model_override_{name}",
                )
                for name in PRICES
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


class ModelDownload(models.Model):
    """A model that a server on the own network is fetching (Ollama's pull), in bytes."""

    api_key = models.ForeignKey(
        ApiKey, null=True, blank=True, on_delete=models.CASCADE, related_name="downloads"
    )
    environment = models.CharField(max_length=50, blank=True)
    model = models.CharField(_("model"), max_length=200)
    step = models.CharField(_("step"), max_length=200, blank=True)
    completed = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    error = models.CharField(_("error"), max_length=1000, blank=True)
    is_running = models.BooleanField(default=True)
    started_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        """Newest first."""

        verbose_name = _("model download")
        verbose_name_plural = _("model downloads")
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return self.model


class KeyCheck(models.Model):
    """One row, encrypted with the master key: tells at start whether the key is the right one."""

    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    token = EncryptedTextField(editable=False)

    def __str__(self) -> str:
        return "key check"
