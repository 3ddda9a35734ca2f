"""Sign-in pages, under /accounts/: those of allauth's that this site supports, by its names."""

from allauth.account import views as allauth_views
from django.urls import path, re_path

from accounts import views

# These two belong to the settings: what their page's list marks as shown.
SETTINGS = {"settings_page": "account"}

urlpatterns = [
    path("signup/", views.SignupView.as_view(), name="account_signup"),
    path("login/", views.LoginView.as_view(), name="account_login"),
    path("logout/", allauth_views.logout, name="account_logout"),
    path("inactive/", allauth_views.account_inactive, name="account_inactive"),
    path(
        "password/change/",
        allauth_views.PasswordChangeView.as_view(extra_context=SETTINGS),
        name="account_change_password",
    ),
    path(
        "password/set/",
        allauth_views.PasswordSetView.as_view(extra_context=SETTINGS),
        name="account_set_password",
    ),
    path("password/reset/", allauth_views.password_reset, name="account_reset_password"),
    path(
        "password/reset/done/",
        allauth_views.password_reset_done,
        name="account_reset_password_done",
    ),
    path(
        "password/reset/key/done/",
        allauth_views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        allauth_views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
]
