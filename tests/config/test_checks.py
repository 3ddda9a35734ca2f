"""System checks: each can fail, with its id and a hint."""

from pathlib import Path

import pytest
from django.core.checks import CheckMessage, run_checks
from pytest_django import Settings


def found(prefix: str = "parley.") -> dict[str, CheckMessage]:
    """Messages of our own checks by id."""
    return {str(m.id): m for m in run_checks() if str(m.id).startswith(prefix)}


def test_a_good_site_has_nothing_to_say() -> None:
    assert found() == {}


def test_a_data_directory_that_cannot_be_made(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    settings.DATA_DIR = tmp_path / "file" / "below"
    message = found()["parley.E001"]
    assert "is not a directory" in message.msg
    assert message.hint


def test_secrets_that_others_can_read(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    (tmp_path / "secrets").mkdir()
    secret = tmp_path / "secrets" / "SECRET_KEY"
    secret.write_text("very secret", encoding="utf-8")
    secret.chmod(0o640)
    message = found()["parley.E002"]
    assert "chmod 600" in str(message.hint)
    assert "very secret" not in f"{message.msg}{message.hint}"
    secret.chmod(0o600)
    assert found() == {}


@pytest.mark.parametrize(("host", "warns"), [("0.0.0.0", True), ("127.0.0.1", False)])
def test_development_settings_on_an_open_address(
    settings: Settings, host: str, warns: bool
) -> None:
    settings.HOST = host
    assert ("parley.W001" in found()) is warns


def test_production_without_mail(settings: Settings) -> None:
    settings.PRODUCTION = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    assert "reset a forgotten password" in found()["parley.W002"].msg
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert found() == {}
