"""Keys, under /settings/providers/."""

from django.urls import path

from providers import download_views, status_views, views

app_name = "providers"
urlpatterns = [
    path("", views.key_list, name="keys"),
    path("add/<slug:choice>/", views.add_key, name="add_key"),
    path("status/", status_views.status, name="status"),
    path("status/refresh/", status_views.refresh, name="refresh"),
    path("<uuid:key_id>/", views.change_key, name="change_key"),
    path("<uuid:key_id>/test/", views.test_key, name="test_key"),
    path("<uuid:key_id>/default/", views.make_default, name="make_default"),
    path("<uuid:key_id>/enable/", views.switch_key, {"is_active": True}, name="enable_key"),
    path("<uuid:key_id>/disable/", views.switch_key, {"is_active": False}, name="disable_key"),
    path("<uuid:key_id>/delete/", views.delete_key, name="delete_key"),
    path("<uuid:key_id>/downloads/", download_views.of_key, name="downloads"),
    path(
        "environment/<slug:slug>/downloads/",
        download_views.of_environment,
        name="environment_downloads",
    ),
    path("downloads/<int:download_id>/cancel/", download_views.cancel, name="cancel_download"),
]
