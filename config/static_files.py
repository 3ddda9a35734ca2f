"""Which static files are served, and how they get ready: hashed names, compressed, once."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.apps import StaticFilesConfig

from config.child import run_command

STAMP = ".collected"


class NeededStaticFilesConfig(StaticFilesConfig):
    """Leaves out what packages ship beside the files that a page asks for."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        "*.md",
        "LICENSE*",
        "django_htmx/htmax-*",
        "django_htmx/htmx-?.js",
        "django_htmx/htmx-4*",
        "django_htmx/ext/*",
        "account/js/*",
        "admin/js/vendor/jquery/jquery.js",
        "admin/js/vendor/select2/select2.full.js",
        "admin/js/vendor/xregexp/xregexp.js",
    ]


def collect_if_changed(lock: IO[str]) -> None:
    """Fill `STATIC_ROOT`, unless it was filled from the same files before (a few milliseconds).

    Raises OSError and `CommandError`.
    """
    stamp = Path(settings.STATIC_ROOT) / STAMP
    wanted = fingerprint()
    if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return
    run_command("collectstatic", "--clear", lock=lock)
    stamp.write_text(wanted, encoding="ascii")


def fingerprint() -> str:
    """Changes with the name, size or time of any file that would be collected."""
    digest = hashlib.sha256()
    for name, path in sorted(_sources()):
        facts = path.stat()
        digest.update(f"{name}\0{facts.st_size}\0{facts.st_mtime_ns}\0".encode())
    return digest.hexdigest()


def _sources() -> Iterator[tuple[str, Path]]:
    config = apps.get_app_config("staticfiles")
    for finder in finders.get_finders():
        for name, storage in finder.list(getattr(config, "ignore_patterns", [])):
            yield name, Path(storage.path(name))
