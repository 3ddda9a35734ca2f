"""Settings of the tests: a data directory of their own, nothing of who runs them."""

import os
from tempfile import TemporaryDirectory

_directory = TemporaryDirectory(prefix="parley-tests-")
_THEIRS = ("OPENAI_", "ANTHROPIC_", "OPENROUTER_", "OLLAMA_", "DATABASE_URL")
for _name in list(os.environ):
    if _name.startswith(_THEIRS) or _name.lower().endswith("_proxy"):
        del os.environ[_name]
os.environ.update(
    {
        "ENV_FILE": os.devnull,
        "ENVIRONMENT": "development",
        "DATA_DIR": _directory.name,
        # Whoever runs the tests may have one.
        "OLLAMA_DISCOVERY": "false",
        "TITLES": "words",
        # Of `make test-postgres` alone.
        "DATABASE_URL": os.environ.get("TEST_DATABASE_URL", ""),
    }
)

from config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Tests of pages need no collected files; tests of static files start a real server.
MIDDLEWARE = [name for name in MIDDLEWARE if "servestatic" not in name]  # noqa: F405
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
