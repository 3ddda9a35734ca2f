"""System checks of the site: `manage.py check`, and at every start.

What is wrong with a single variable already stopped the start in `config.env`; these look at how
things fit together.
"""

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps.config import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register

LOOPBACK = frozenset({"127.0.0.1", "::1", "[::1]", "localhost"})


@register(Tags.files)
def check_data_directory(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """parley.E001: the data directory, or the first directory above that exists, is writable."""
    reason = why_not_writable(Path(settings.DATA_DIR))
    if not reason:
        return []
    return [
        checks.Error(
            f"DATA_DIR must be a directory that can be written: {settings.DATA_DIR} ({reason}).",
            hint="Set DATA_DIR to another directory, or give this one to the user who runs Parley.",
            id="parley.E001",
        )
    ]


@register(Tags.security)
def check_secret_files(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """parley.E002: the secrets in the data directory are readable by their owner alone."""
    return [
        checks.Error(
            f"Other users of this machine can read {path}.",
            hint=f"chmod 600 {path}, and think about who may have read it.",
            id="parley.E002",
        )
        for path in sorted((Path(settings.DATA_DIR) / "secrets").glob("*"))
        if stat.S_IMODE(path.stat().st_mode) & 0o077
    ]


@register(Tags.security)
def check_exposure(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """parley.W001: development settings on an address that others can reach."""
    if settings.PRODUCTION or settings.HOST in LOOPBACK:
        return []
    return [
        checks.Warning(
            f"Parley runs with the settings of development at {settings.HOST}, "
            "where other machines can reach it.",
            hint="Set ENVIRONMENT=production, and put a proxy that speaks TLS in front.",
            id="parley.W001",
        )
    ]


@register(Tags.compatibility)
def check_mail(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """parley.W002: in production a forgotten password needs mail."""
    dummy = "django.core.mail.backends.dummy.EmailBackend"
    if not settings.PRODUCTION or dummy != settings.EMAIL_BACKEND:
        return []
    return [
        checks.Warning(
            "No mail can be sent, so nobody can reset a forgotten password.",
            hint="Set EMAIL_URL, for example smtp+tls://user:password@mail.example.org:587.",
            id="parley.W002",
        )
    ]


def why_not_writable(directory: Path) -> str:
    """Why nothing can be written in `directory`, or would be once it is made; empty if it can."""
    place = directory
    while not os.path.lexists(place) and place != place.parent:
        place = place.parent
    if not place.is_dir():
        return f"{place} is not a directory"
    if not os.access(place, os.W_OK | os.X_OK):
        return f"no permission to write in {place}"
    return ""
