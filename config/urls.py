"""The site's addresses."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("chats.urls")),
    path("accounts/", include("accounts.sign_in_urls")),
    path("settings/providers/", include("providers.urls")),
    path("settings/", include("accounts.urls")),
    path("notifications/", include("accounts.notification_urls")),
    path("admin/", admin.site.urls),
]
