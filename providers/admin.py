"""Keys in the administration: whose they are and whether they work, never what they are."""

from django.contrib import admin
from django.http import HttpRequest

from providers.models import ApiKey


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # a plain class at run time
    """Looked at and removed here; added and changed on the keys page, which knows the rules."""

    list_display = ("key_name", "user", "provider", "is_active", "last_checked_at", "last_error")
    list_filter = ("provider", "is_active")
    list_select_related = ("user",)
    search_fields = ("key_name", "user__username")
    fields = (
        *("key_name", "user", "provider", "slug", "last_four", "base_url", "is_active"),
        *("last_checked_at", "last_error", "created_at", "updated_at"),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Not here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """Not here."""
        return False
