"""Django's administration with a site of our own: see `config.administration`."""

from django.contrib.admin.apps import AdminConfig


class AdministrationConfig(AdminConfig):
    """Named in INSTALLED_APPS in place of `django.contrib.admin`."""

    default_site = "config.administration.Administration"
