"""In the administration: templates and presets that are shared, and links to chats.

What people keep for themselves is theirs: administrators do not read it, and of shared links they
see everything but what these show.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from chats.conversations import check_parameters, clean_system_prompt
from chats.library import checked_name, clean_text, delete_entry, save_entry, stop_sharing
from chats.models import LibraryEntry, Preset, PromptTemplate, SharedLink
from chats.sharing import revoke_link, revoke_links


class _EntryForm(forms.ModelForm):  # type: ignore[type-arg]  # a plain class at run time
    """Checked by the rules of the owner's own page."""

    def clean(self) -> dict[str, Any]:
        """With what the domain makes of the values."""
        values: dict[str, Any] = super().clean() or {}
        try:
            values["name"] = checked_name(values.get("name", ""), entry=self.instance)
            self.check(values)
        except ValidationError as error:
            self.add_error(None, error)
        return values

    def check(self, values: dict[str, Any]) -> None:
        """What the kind has of its own; may change `values`, raises ValidationError by field."""
        raise NotImplementedError


class TemplateForm(_EntryForm):
    """A template."""

    def check(self, values: dict[str, Any]) -> None:
        """Its text."""
        values["content"] = clean_text(values.get("content", ""))


class PresetForm(_EntryForm):
    """A preset."""

    def check(self, values: dict[str, Any]) -> None:
        """Its prompt and numbers; a wrong one has been said already."""
        values["system_prompt"] = clean_system_prompt(values.get("system_prompt", ""))
        numbers = ("temperature", "top_p", "max_tokens")
        check_parameters(**{name: values.get(name) for name in numbers})


class SharedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # a plain class at run time
    """Looked at, corrected, taken back and deleted here; written on the pages of the site."""

    list_display: tuple[str, ...] = ("name", "owner", "updated_at")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__username")
    ordering = ("name",)
    actions = ("unshare",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Not here."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[LibraryEntry]:
        """No private ones, whatever the address names."""
        found: QuerySet[LibraryEntry] = super().get_queryset(request)
        return found.filter(is_shared=True)

    def save_model(
        self, request: HttpRequest, obj: LibraryEntry, form: _EntryForm, change: bool
    ) -> None:
        """As its owner would."""
        save_entry(entry=obj, name=obj.name)

    def delete_model(self, request: HttpRequest, obj: LibraryEntry) -> None:
        """One."""
        delete_entry(entry=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[LibraryEntry]) -> None:
        """Some."""
        for entry in queryset:
            delete_entry(entry=entry)

    @admin.action(description=_("Stop sharing the selected ones"), permissions=["change"])
    def unshare(self, request: HttpRequest, queryset: QuerySet[LibraryEntry]) -> None:
        """Only their owners can use them then."""
        chosen = list(queryset)
        for entry in chosen:
            stop_sharing(entry=entry)
        count = len(chosen)
        said = ngettext("%(count)d is no longer shared.", "%(count)d are no longer shared.", count)
        messages.success(request, said % {"count": count})


@admin.register(PromptTemplate)
class PromptTemplateAdmin(SharedAdmin):
    """Shared templates."""

    form = TemplateForm
    fields = ("name", "content", "is_shared", "owner", "created_at", "updated_at")
    readonly_fields = ("owner", "created_at", "updated_at")


@admin.register(Preset)
class PresetAdmin(SharedAdmin):
    """Shared presets. Which models there are depends on the person: theirs is not changed here."""

    form = PresetForm
    list_display = ("name", "owner", "model", "updated_at")
    fields = (
        *("name", "model", "system_prompt", "temperature", "top_p", "max_tokens", "options"),
        *("is_shared", "owner", "created_at", "updated_at"),
    )
    readonly_fields = ("model", "options", "owner", "created_at", "updated_at")


@admin.register(SharedLink)
class SharedLinkAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # a plain class at run time
    """Whose links there are, for whom and until when; they can be revoked.

    No title, no address, nothing that a link shows: those are words of a chat, or lead to them.
    """

    list_display = ("id", "owner", "audience", "views", "turn_count", "created_at", "expires_at")
    list_filter = ("audience",)
    list_select_related = ("owner",)
    search_fields = ("owner__username", "owner__email")
    ordering = ("-created_at",)
    fields = (
        *("id", "owner", "audience", "people", "views", "turn_count"),
        *("shows_reasoning", "shows_name", "created_at", "updated_at", "expires_at"),
    )
    readonly_fields = fields
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Not here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: SharedLink | None = None) -> bool:
        """Looked at only; whose they are decides how they are."""
        return False

    def delete_model(self, request: HttpRequest, obj: SharedLink) -> None:
        """One, with its files."""
        revoke_link(link=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[SharedLink]) -> None:
        """Some."""
        revoke_links(links=queryset)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Who may delete them."""
        return request.user.has_perm("chats.delete_sharedlink")

    @admin.action(description=_("Revoke the selected links"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[SharedLink]) -> None:
        """Page and files are gone at once; the chats stay."""
        count = revoke_links(links=queryset)
        said = ngettext("%(count)d link was revoked.", "%(count)d links were revoked.", count)
        messages.success(request, said % {"count": count})
