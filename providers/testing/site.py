"""Settings for adapters outside the site: they read time limits and the like."""

import atexit
import os
import tempfile

import django
from django.apps import apps


def set_up_django() -> None:
    """The site's own settings with nothing of this machine's, unless a project has set up Django.

    A project with pytest-django and DJANGO_SETTINGS_MODULE has done so before it imports tests.
    """
    if apps.ready or apps.apps_ready:
        return
    if "DJANGO_SETTINGS_MODULE" not in os.environ:
        directory = tempfile.TemporaryDirectory(prefix="parley-conformance-")
        atexit.register(directory.cleanup)
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        os.environ |= {
            "ENV_FILE": os.devnull,
            "ENVIRONMENT": "development",
            "DATA_DIR": directory.name,
        }
    django.setup()
