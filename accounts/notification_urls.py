"""What users are told, under /notifications/."""

from django.urls import path

from accounts import notification_views as views

app_name = "notifications"
urlpatterns = [
    path("", views.index, name="list"),
    path("read/", views.read_all, name="read_all"),
    path("banner/", views.banner, name="banner"),
    path("<uuid:notification_id>/", views.follow, name="follow"),
    path("<uuid:notification_id>/toast/", views.toast, name="toast"),
    path("<uuid:notification_id>/read/", views.read, name="read"),
    path(
        "announcements/<int:announcement_id>/read/",
        views.read_announcement,
        name="read_announcement",
    ),
]
