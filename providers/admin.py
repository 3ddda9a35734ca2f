"""Keys in the administration: whose they are and whether they work, never what they are."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from providers import (
    keys,
    model_admin,  # noqa: F401 - registers the models' pages
)
from providers.models import ApiKey


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # a plain class at run time
    """Looked at, switched off and removed here.

    Added and changed on the keys page, which knows the rules.
    """

    list_display = (
        *("key_name", "owner", "provider", "is_active", "is_default", "audience"),
        *("last_checked_at", "last_error"),
    )
    list_filter = (
        "provider",
        "is_active",
        ("user", admin.RelatedOnlyFieldListFilter),
        "for_everyone",
        ("groups", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("user",)
    search_fields = ("key_name", "user__username")
    fields = (
        *("key_name", "user", "provider", "slug", "last_four", "base_url", "options"),
        *("is_active", "is_default", "for_everyone", "groups"),
        *("last_checked_at", "last_error", "created_at", "updated_at"),
    )
    actions = ("switch_off", "switch_on")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Not here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """Not here."""
        return False

    def has_switch_permission(self, request: HttpRequest) -> bool:
        """Whose account may change keys, though no form here does."""
        return request.user.has_perm("providers.change_apikey")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        """With the groups that the list names."""
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=gettext_lazy("owner"), ordering="user__username")
    def owner(self, key: ApiKey) -> str:
        """The user, or the site."""
        return str(key.user) if key.user_id else _("the site")

    @admin.display(description=gettext_lazy("for"))
    def audience(self, key: ApiKey) -> str:
        """Who may use a key of the site."""
        if key.user_id is not None:
            return ""
        if key.for_everyone:
            return _("everyone")
        return ", ".join(group.name for group in key.groups.all()) or _("nobody")

    @admin.action(description=gettext_lazy("Switch off selected keys"), permissions=["switch"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Nobody uses them then; the defaults move on."""
        self._switch(request, queryset, is_active=False)

    @admin.action(description=gettext_lazy("Switch on selected keys"), permissions=["switch"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """They can be used again."""
        self._switch(request, queryset, is_active=True)

    def delete_model(self, request: HttpRequest, obj: ApiKey) -> None:
        """Remove one; another may become the default."""
        keys.delete_key(key=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """Remove some."""
        for key in queryset:
            keys.delete_key(key=key)

    def _switch(self, request: HttpRequest, queryset: QuerySet[ApiKey], *, is_active: bool) -> None:
        chosen = list(queryset)
        for key in chosen:
            keys.set_active(key=key, is_active=is_active)
        said = ngettext("%(count)d key was switched.", "%(count)d keys were switched.", len(chosen))
        messages.success(request, said % {"count": len(chosen)})
