"""Personal settings, under /settings/."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("", views.general, name="general"),
    path("account/", views.account, name="account"),
    path("account/sign-out-elsewhere/", views.sign_out_elsewhere, name="sign_out_elsewhere"),
]
