"""Models in the administration: what is overridden, and how those of the site do."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from providers import catalogue, overrides, refresh, registry
from providers.models import PRICES, ModelOverride, ModelStatus
from providers.prices import context_label, price_per_million
from providers.types import ModelInfo

CHOICES = [("unknown", _("As the provider says")), ("true", _("Yes")), ("false", _("No"))]


class OverrideForm(forms.ModelForm):  # type: ignore[type-arg]  # a plain class at run time
    """One model's row. What is left empty overrides nothing, so something must be filled in."""

    provider = forms.ChoiceField(
        label=_("Provider"),
        help_text=_("A kind of provider, or one connection of this site, which counts more."),
    )

    class Meta:
        """All that there is."""

        model = ModelOverride
        fields = ("provider", "model", *overrides.FIELDS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = dict(_provider_choices())
        if self.instance.provider:
            names.setdefault(self.instance.provider, self.instance.provider)
        self.fields["provider"].choices = [*names.items()]  # type: ignore[attr-defined]
        for name in ("context_window", "max_output"):
            self.fields[name].validators.append(MinValueValidator(1))
            self.fields[name].widget.attrs["min"] = 1
        for name in PRICES:
            self.fields[name].validators.append(MinValueValidator(0))
            self.fields[name].widget.attrs["min"] = 0
        for field in self.fields.values():
            if isinstance(field, forms.NullBooleanField):
                field.widget.choices = CHOICES

    def clean(self) -> dict[str, Any]:
        """A row that says nothing would only look as if it did."""
        values: dict[str, Any] = super().clean() or {}
        if not self.errors and all(values.get(name) is None for name in overrides.FIELDS):
            raise ValidationError(_("Fill in at least one value that is to be overridden."))
        return values


@admin.register(ModelOverride)
class ModelOverrideAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What the administrator knows better."""

    form = OverrideForm
    list_display = ("model", "provider", "window", "input", "output")
    list_filter = ("provider",)
    search_fields = ("model",)
    readonly_fields = ("known",)
    fieldsets = (
        (None, {"fields": ("provider", "model", "known")}),
        (
            _("Sizes"),
            {"fields": ("context_window", "max_output"), "description": _("In tokens.")},
        ),
        (
            _("Abilities"),
            {"fields": ("accepts_images", "accepts_files", "supports_tools", "reasons")},
        ),
        (
            _("Prices"),
            {"fields": PRICES, "description": _("In US dollars per million tokens.")},
        ),
    )

    @admin.display(description=_("context"), ordering="context_window")
    def window(self, row: ModelOverride) -> str | None:
        """As people read it."""
        return context_label(row.context_window) or None

    @admin.display(description=_("input"), ordering="input_price")
    def input(self, row: ModelOverride) -> str | None:
        """With its unit."""
        return price_per_million(row.input_price) or None

    @admin.display(description=_("output"), ordering="output_price")
    def output(self, row: ModelOverride) -> str | None:
        """With its unit."""
        return price_per_million(row.output_price) or None

    @admin.display(description=_("known without this"))
    def known(self, row: ModelOverride) -> str | SafeString:
        """What the site's first connection that it applies to says of the model."""
        for source in refresh.shared_sources():
            if row.provider in (source.slug, source.kind):
                info = catalogue.offered_info(source, row.model)
                if info is not None:
                    return _described(info) or gettext("nothing")
        return gettext("No connection of this site offers this model.")


@admin.register(ModelStatus)
class ModelStatusAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """How models of the site's own connections do; people's own are not shown. To look at."""

    list_display = ("model", "connection", "error", "checked_at")
    list_select_related = ("api_key",)
    search_fields = ("model", "error")
    ordering = ("-checked_at",)
    fields = ("model", "connection", "error", "checked_at")
    readonly_fields = ("connection",)

    @admin.display(description=_("connection"))
    def connection(self, row: ModelStatus) -> str:
        """Its name."""
        return row.environment or str(row.api_key)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelStatus]:
        """Without people's own."""
        rows: QuerySet[ModelStatus] = super().get_queryset(request)
        return rows.filter(Q(api_key=None) | Q(api_key__user=None))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """They come from calls."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: ModelStatus | None = None) -> bool:
        """They come from calls."""
        return False


def _provider_choices() -> list[tuple[str, str]]:
    kinds = [(kind, str(registry.adapter_class(kind).label)) for kind in registry.kinds()]
    connections = [
        (source.slug, f"{source.label} ({source.slug})") for source in refresh.shared_sources()
    ]
    return [*connections, *kinds]


def _described(info: ModelInfo) -> SafeString:
    """Name and value of all that is known."""
    known = info.as_json()
    labels = {
        field.name: str(getattr(field, "verbose_name", field.name))
        for field in ModelOverride._meta.get_fields()
    }
    return format_html_join(
        ", ", "{}: {}", ((labels[name], known[name]) for name in overrides.FIELDS if name in known)
    )
