"""The settings module in processes of its own, as an operator meets it."""

import base64
import json
import re
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import config.settings
from tests.server import ROOT, clean_environment, manage


def read_settings(tmp_path: Path, *names: str, **values: str) -> dict[str, Any]:
    """Load the settings with `values` in the environment; those of `names`."""
    code = (
        "import json, sys, config.settings as s; "
        "print(json.dumps({n: getattr(s, n) for n in sys.argv[1:]}))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *names],
        cwd=ROOT,
        env=clean_environment(**{"DATA_DIR": str(tmp_path / "data"), **values}),
        capture_output=True,
        text=True,
        check=True,
    )
    loaded: dict[str, Any] = json.loads(result.stdout)
    return loaded


def production(**values: str) -> dict[str, str]:
    """An environment that is fit for production, changed by `values`."""
    return {
        "ENVIRONMENT": "production",
        "ALLOWED_HOSTS": "chat.example.org",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "JWT_SECRET": secrets.token_urlsafe(48),
        "ENCRYPTION_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        **values,
    }


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("PORT", "abc", "PORT must be a whole number between 1 and 65535, not 'abc'."),
        ("ENVIRONMENT", "prod", "ENVIRONMENT must be one of development, staging, production"),
        ("DEBUG", "2", "DEBUG must be true or false, not '2'."),
        ("SIGNUP", "approval", "SIGNUP must be one of open, closed, not 'approval'."),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL must be one of"),
        ("TIME_ZONE", "Moon", "TIME_ZONE must be a time zone"),
        ("ALLOWED_ORIGINS", "chat.example.org", "ALLOWED_ORIGINS must hold origins"),
        ("ALLOWED_HOSTS", "https://chat.example.org", "ALLOWED_HOSTS must hold names of hosts"),
        ("ALLOWED_HOSTS", "chat.example.org:8443", "ALLOWED_HOSTS must hold names of hosts"),
        ("ALLOWED_HOSTS", "a.example b.example", "ALLOWED_HOSTS must hold names of hosts"),
        ("ALLOWED_HOSTS", ".", "ALLOWED_HOSTS must hold names of hosts"),
        ("OPENAI_API_KEY", "sk-hidden\nhidden", "OPENAI_API_KEY must be a key without spaces"),
        ("ANTHROPIC_API_KEY", "hidden …", "ANTHROPIC_API_KEY must be a key without spaces"),
        ("TRUSTED_PROXIES", "-1", "TRUSTED_PROXIES must be a whole number"),
        ("ENCRYPTION_KEY", "c2hvcnQ=", "ENCRYPTION_KEY must be base64 of exactly 32 bytes"),
        ("ENCRYPTION_KEY", "not base64!", "ENCRYPTION_KEY must be base64 of exactly 32 bytes"),
        ("DATABASE_URL", "mysql://u:hidden@h/n", "DATABASE_URL must be such as sqlite:////"),
        ("DATABASE_URL", "sqlite://:memory:", "DATABASE_URL must be such as sqlite:////"),
        ("DATABASE_URL", "postgres://u:hidden@h:x/n", "DATABASE_URL must be such as sqlite:////"),
        ("REDIS_URL", "redis://:hidden@localhost", "REDIS_URL is not supported yet"),
        ("OPENAI_BASE_URL", "hidden", "OPENAI_BASE_URL must be an address"),
        ("ANTHROPIC_BASE_URL", "hidden", "ANTHROPIC_BASE_URL must be an address"),
        ("PROVIDER_ALLOWED_HOSTS", "http://a.lan", "PROVIDER_ALLOWED_HOSTS must hold hosts"),
        ("PROVIDER_CA_FILE", "/does/not/exist", "PROVIDER_CA_FILE must be a file of certificates"),
        ("PROVIDER_CA_FILE", __file__, "PROVIDER_CA_FILE must be a file of certificates"),
        ("PROVIDER_CONNECT_TIMEOUT", "0", "PROVIDER_CONNECT_TIMEOUT must be a number of seconds"),
        ("HTTPS_PROXY", "socks5://u:hidden@h:1080", "HTTPS_PROXY must be the address of an HTTP"),
        ("all_proxy", "hidden:x", "ALL_PROXY must be the address of an HTTP"),
        ("REPLY_TOTAL_TIMEOUT", "0", "REPLY_TOTAL_TIMEOUT must be a number of seconds"),
        ("DEFAULT_MODEL", "gpt-4o", "DEFAULT_MODEL must be provider/model"),
        ("EMAIL_URL", "pigeon://u:hidden@h", "EMAIL_URL must be such as smtp+tls://"),
        ("EMAIL_URL", "smtp://u:hidden@h:port", "EMAIL_URL must be such as smtp+tls://"),
        ("MAX_MESSAGE_LENGTH", "0", "MAX_MESSAGE_LENGTH must be a whole number"),
        ("MAX_UPLOAD_SIZE", "10MB", "MAX_UPLOAD_SIZE must be a whole number"),
        ("REPLY_WAITING_NOTICE", "soon", "REPLY_WAITING_NOTICE must be a number of seconds"),
        ("SHUTDOWN_GRACE", "-1", "SHUTDOWN_GRACE must be a number of seconds"),
        ("SECRET_KEY_FILE", "/does/not/exist", "SECRET_KEY_FILE names a file that cannot be read"),
    ],
)
def test_a_wrong_value_stops_any_command_with_one_line(
    tmp_path: Path, name: str, value: str, line: str
) -> None:
    result = manage("serve", **{"DATA_DIR": str(tmp_path / "data"), name: value})
    assert result.returncode == 1
    assert result.stderr.startswith(line)
    assert len(result.stderr.splitlines()) == 1
    assert "hidden" not in result.stderr + result.stdout


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY must be set in production."),
        ({"JWT_SECRET": ""}, "JWT_SECRET must be set in production."),
        ({"ENCRYPTION_KEY": ""}, "ENCRYPTION_KEY must be set in production."),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too weak for production"),
        ({"JWT_SECRET": "a" * 64}, "JWT_SECRET is too weak for production"),
        (
            {"ENCRYPTION_KEY": base64.b64encode(bytes(32)).decode()},
            "ENCRYPTION_KEY is too weak for production",
        ),
        ({"DEBUG": "true"}, "DEBUG must be off in production"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS must name the site's own hosts in production"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name the site's own hosts in production"),
        ({"ENVIRONMENT": "staging", "DEBUG": "1"}, "DEBUG must be off in production"),
    ],
)
def test_production_refuses_what_is_unsafe(
    tmp_path: Path, change: dict[str, str], line: str
) -> None:
    result = manage("serve", **production(DATA_DIR=str(tmp_path / "data"), **change))
    assert result.returncode == 1
    assert result.stderr.startswith(line)
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "data").exists()


def test_all_problems_of_production_are_listed_at_once(tmp_path: Path) -> None:
    result = manage("check", ENVIRONMENT="production", DATA_DIR=str(tmp_path / "data"))
    assert result.returncode == 1
    assert [line.split()[0] for line in result.stderr.splitlines()] == [
        "SECRET_KEY",
        "JWT_SECRET",
        "ENCRYPTION_KEY",
        "ALLOWED_HOSTS",
    ]


def test_production_is_locked_down(tmp_path: Path) -> None:
    found = read_settings(
        tmp_path,
        "DEBUG",
        "SIGNUP",
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_SECURE",
        "CSRF_TRUSTED_ORIGINS",
        "SECURE_PROXY_SSL_HEADER",
        "SECURITY_HEADERS",
        "EMAIL_BACKEND",
        **production(ALLOWED_HOSTS="chat.example.org,.example.net"),
    )
    assert "max-age=31536000" in found.pop("SECURITY_HEADERS")["Strict-Transport-Security"]
    assert found == {
        "DEBUG": False,
        "SIGNUP": "closed",
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "CSRF_TRUSTED_ORIGINS": ["https://chat.example.org", "https://*.example.net"],
        # A header that any visitor can send.
        "SECURE_PROXY_SSL_HEADER": None,
        # Not the console: reset links would end up in the logs.
        "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
    }


def test_proxies_are_believed_only_when_declared(tmp_path: Path) -> None:
    found = read_settings(
        tmp_path, "SECURE_PROXY_SSL_HEADER", "ALLAUTH_TRUSTED_PROXY_COUNT", TRUSTED_PROXIES="1"
    )
    assert found == {
        "SECURE_PROXY_SSL_HEADER": ["HTTP_X_FORWARDED_PROTO", "https"],
        "ALLAUTH_TRUSTED_PROXY_COUNT": 1,
    }


def test_development_needs_nothing_and_shows_nothing(tmp_path: Path) -> None:
    found = read_settings(tmp_path, "DEBUG", "SIGNUP", "ALLOWED_HOSTS", "ENVIRONMENT")
    assert found == {
        "DEBUG": False,
        "SIGNUP": "open",
        "ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]"],
        "ENVIRONMENT": "development",
    }


def test_a_file_of_variables_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / "variables"
    file.write_text("PORT=8111\nSIGNUP=closed\n", encoding="utf-8")
    found = read_settings(tmp_path, "PORT", "SIGNUP", ENV_FILE=str(file), PORT="8222")
    assert found == {"PORT": 8222, "SIGNUP": "closed"}


def test_mail_and_database_addresses_are_taken_apart(tmp_path: Path) -> None:
    found = read_settings(
        tmp_path,
        "EMAIL_HOST",
        "EMAIL_PORT",
        "EMAIL_HOST_PASSWORD",
        "EMAIL_USE_TLS",
        EMAIL_URL="smtp+tls://user:p%40ss@mail.example.org:587",
    )
    assert found == {
        "EMAIL_HOST": "mail.example.org",
        "EMAIL_PORT": 587,
        "EMAIL_HOST_PASSWORD": "p@ss",
        "EMAIL_USE_TLS": True,
    }


@pytest.mark.parametrize("page", [".env.example", "docs/settings.md"])
def test_every_variable_is_documented_and_every_documented_one_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    pattern = r"^#?([A-Z][A-Z0-9_]+)=" if page == ".env.example" else r"^\| `([A-Z][A-Z0-9_]+)` \|"
    documented = set(re.findall(pattern, text, flags=re.MULTILINE))
    known = set(config.settings.env.names)
    if page == ".env.example":
        known.remove("ENV_FILE")  # It says which file to read, so it cannot stand in that file.
    assert documented == known
