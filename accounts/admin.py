"""Users in the administration. Its sign-in is the site's own, with the same limits."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminSplitDateTime
from django.contrib.auth.admin import UserAdmin
from django.db.models import DateTimeField, Field, QuerySet
from django.forms import ChoiceField, ModelForm, SplitDateTimeField
from django.forms import Field as FormField
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.access import activate_users, deactivate_users, end_sessions, forget_old_addresses
from accounts.announcements import announcements_changed, publish_announcement
from accounts.models import Announcement, User
from accounts.preferences import language_choices

admin.site.site_header = admin.site.site_title = _("Parley administration")
admin.site.index_title = _("Administration")
# The index shows the same list, and the columns need the room.
admin.site.enable_nav_sidebar = False
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign, no-untyped-call]
# An account has the one address on its own page.
admin.site.unregister(EmailAddress)

PREFERENCES = ("theme", "language", "text_size", "send_key", "default_model", "makes_titles")
POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


@admin.register(User)
class AccountAdmin(UserAdmin):  # type: ignore[type-arg]  # a plain class at run time
    """Who has an account, who may use it, and who administers."""

    list_display = ("username", "email", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "date_joined")
    search_fields = ("username", "email", "first_name", "last_name")
    ordering = ("-date_joined",)
    readonly_fields = ("date_joined", "last_login")
    actions = ("activate", "deactivate")
    fieldsets = (
        (None, {"fields": ("username", "email", "password")}),
        (_("Status"), {"fields": ("is_active", "date_joined", "last_login")}),
        (_("Preferences"), {"fields": PREFERENCES}),
        (_("Permissions"), {"classes": ("collapse",), "fields": POWERS}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("username", "email", "usable_password", "password1", "password2"),
            },
        ),
    )

    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> FormField | None:
        """Languages are those of the site, which are no part of the model."""
        if db_field.name == "language":
            return ChoiceField(
                label=db_field.verbose_name,
                choices=language_choices,
                required=False,
                help_text=db_field.help_text,
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Only administrators hand out powers, and none takes away their own by mistake."""
        fields = list(super().get_readonly_fields(request, obj))
        if obj and obj.pk == request.user.pk:
            return [*fields, "is_active", *POWERS]
        return fields if request.user.is_superuser else [*fields, *POWERS]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Staff with the permission change users, but never an administrator."""
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """As for changing; and never oneself."""
        return (
            super().has_delete_permission(request, obj)
            and self._may_touch(request, obj)
            and (obj is None or obj.pk != request.user.pk)
        )

    def save_model(
        self, request: HttpRequest, obj: User, form: "ModelForm[User]", change: bool
    ) -> None:
        """Save, and take back what the old state had granted."""
        super().save_model(request, obj, form, change)
        if change and "email" in form.changed_data:
            forget_old_addresses(user=obj)
        if change and "is_active" in form.changed_data and not obj.is_active:
            end_sessions(user=obj)

    @admin.action(description=_("Activate selected users"), permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Let them sign in again."""
        count = activate_users(users=self._touchable(request, queryset))
        self._report(request, ngettext("%d user activated.", "%d users activated.", count), count)

    @admin.action(description=_("Deactivate selected users"), permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Lock them out, at once; never oneself."""
        users = self._touchable(request, queryset)
        count = deactivate_users(users=users, by=request.user)  # type: ignore[arg-type]
        self._report(
            request, ngettext("%d user deactivated.", "%d users deactivated.", count), count
        )

    def _report(self, request: HttpRequest, text: str, count: int) -> None:
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, text % count, level)

    @staticmethod
    def _may_touch(request: HttpRequest, obj: User | None) -> bool:
        return obj is None or not obj.is_superuser or bool(request.user.is_superuser)

    @staticmethod
    def _touchable(request: HttpRequest, users: QuerySet[User]) -> QuerySet[User]:
        return users if request.user.is_superuser else users.filter(is_superuser=False)


class NamedDateTime(AdminSplitDateTime):
    """Django's two fields for a moment, which have no names for screen readers."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        for widget, name in zip(self.widgets, (_("Date"), _("Time")), strict=True):
            widget.attrs["aria-label"] = name


@admin.register(Announcement)
class AnnouncementAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # a plain class at run time
    """What everybody is told: at the top of their pages until they dismiss it or it ends."""

    list_display = ("title", "created_at", "ends_at", "created_by")
    search_fields = ("title", "text")
    ordering = ("-created_at",)
    readonly_fields = ("created_at", "created_by")
    formfield_overrides = {
        DateTimeField: {"form_class": SplitDateTimeField, "widget": NamedDateTime}
    }

    def save_model(
        self, request: HttpRequest, obj: Announcement, form: "ModelForm[Announcement]", change: bool
    ) -> None:
        """Save it and tell all open pages."""
        assert isinstance(request.user, User)  # noqa: S101  tells the type; staff only come here
        publish_announcement(announcement=obj, by=request.user)

    def delete_model(self, request: HttpRequest, obj: Announcement) -> None:
        """Delete it and take it from all open pages."""
        super().delete_model(request, obj)
        announcements_changed()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Announcement]) -> None:
        """The same for several."""
        super().delete_queryset(request, queryset)
        announcements_changed()
