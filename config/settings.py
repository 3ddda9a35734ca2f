"""All settings. What depends on the machine comes from the environment: see docs/settings.md."""

import base64
import os
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environ import Env

from config.databases import database
from config.env import Environment
from config.secret_keys import load_secrets
from config.storages import storage
from providers.proxies import wrong_proxy

BASE_DIR = Path(__file__).resolve().parent.parent
Env.read_env(os.environ.get("ENV_FILE", BASE_DIR / ".env"))
env = Environment(os.environ)
env.names.add("ENV_FILE")

ENVIRONMENT = env.choice("ENVIRONMENT", "development", ("development", "staging", "production"))
# Staging is reachable by others like production, so it is as strict.
PRODUCTION = ENVIRONMENT != "development"
DATA_DIR = env.path("DATA_DIR", BASE_DIR / "data")
HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, minimum=1, maximum=65535)

# --- Secrets ----------------------------------------------------------------------------------
secret = load_secrets(env, DATA_DIR / "secrets", make=not PRODUCTION)
SECRET_KEY = secret.secret_key
JWT_SECRET = secret.jwt_secret
ENCRYPTION_KEYS = secret.encryption_keys
# django-encrypted-model-fields cannot be imported without a key for its own, weaker cipher. Ours
# replaces that cipher; should anything still reach it, nothing can be read back.
FIELD_ENCRYPTION_KEY = base64.urlsafe_b64encode(os.urandom(32)).decode()

# --- Who may talk to us -----------------------------------------------------------------------
DEBUG = env.boolean("DEBUG")
LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", () if PRODUCTION else LOOPBACK_NAMES)
ALLOWED_ORIGINS = env.origins("ALLOWED_ORIGINS")
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 0, minimum=0, maximum=10)
SIGNUP = env.choice("SIGNUP", "closed" if PRODUCTION else "open", ("open", "closed"))
if PRODUCTION and DEBUG:
    env.refuse("DEBUG must be off in production: it shows settings and code to every visitor.")
if PRODUCTION and (not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS):
    env.refuse(
        "ALLOWED_HOSTS must name the site's own hosts in production, for example chat.example.org."
    )
# A TLS proxy hands plain HTTP to us, so the page's origin (https) is not the one Django derives.
CSRF_FAILURE_VIEW = "chats.views.unsent.csrf_failure"
CSRF_TRUSTED_ORIGINS = ALLOWED_ORIGINS + [
    f"https://{'*' if host.startswith('.') else ''}{host}"
    for host in ALLOWED_HOSTS
    if PRODUCTION and host != "*"
]
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None

# --- Apps -------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "config",
    "config.admin_app.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "config.static_files.NeededStaticFilesConfig",
    "allauth",
    "allauth.account",
    "channels",
    "csp",
    "django_htmx",
    "template_partials",
    "accounts",
    "providers",
    "chats",
]
MIDDLEWARE = [
    "config.middleware.HealthMiddleware",
    "config.middleware.SecurityHeadersMiddleware",
    "config.middleware.SharedLinkMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.user_language",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.middleware.in_one_thread",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- Data -------------------------------------------------------------------------------------
DATABASES: dict[str, Any] = {"default": database(env, DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Counters of rate limits must not be pushed out by rendered messages or by who looked at shared
# links, so each has a cache.
CACHES: dict[str, Any] = {
    name: {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": name,
        "OPTIONS": {"MAX_ENTRIES": entries},
    }
    for name, entries in (("default", 20_000), ("rendered", 600), ("views", 5_000))
}
CHANNEL_LAYERS = {"default": {"BACKEND": "config.memory_layer.MemoryLayer"}}
if env.secret("REDIS_URL"):
    env.refuse("REDIS_URL is not supported yet: this version runs as one process. Leave it unset.")
MEDIA_ROOT = DATA_DIR / "media"

# --- Accounts ---------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.LoginBackend"]
PASSWORD_HASHERS = [
    # About as strong as Argon2 with Django's parameters, in 16 MB instead of 100 MB a sign-in.
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if PRODUCTION else "http"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "signup": "accounts.forms.SignupForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "set_password": "accounts.forms.SetPasswordForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.ResetPasswordKeyForm",
}
# Attempts per time and client address (ip), or per account or address typed (key).
ACCOUNT_RATE_LIMITS = {
    "signup": "30/m/ip,200/h/ip",
    "login": "60/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    "reset_password": "20/m/ip,3/10m/key",
    "reset_password_from_key": "20/m/ip",
    "change_password": "5/m/user",
}
PASSWORD_RESET_TIMEOUT = 3600

# --- Browser security -------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
SECURITY_HEADERS = {
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Content-Type-Options": "nosniff",
    # Over plain HTTP browsers look up the hosts of links ahead of time: a reply's link could carry
    # words out in a name.
    "X-DNS-Prefetch-Control": "off",
}
if PRODUCTION:
    # Not Django's setting: that one needs to know that the request came in over TLS, which behind
    # a proxy we do not. Browsers ignore this header where it came over plain HTTP.
    SECURITY_HEADERS["Strict-Transport-Security"] = "max-age=31536000"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = PRODUCTION
SILENCED_SYSTEM_CHECKS = [
    "security.W004",  # HSTS: sent by SECURITY_HEADERS.
    "security.W008",  # Redirecting to TLS belongs to the proxy that speaks it.
]

# --- Limits -----------------------------------------------------------------------------------
MAX_MESSAGE_LENGTH = env.integer("MAX_MESSAGE_LENGTH", 200_000, minimum=1_000, maximum=5_000_000)
MAX_LIVE_REPLIES = env.integer("MAX_LIVE_REPLIES", 200, minimum=1, maximum=10_000)
MAX_REPLY_LENGTH = env.integer("MAX_REPLY_LENGTH", 1_000_000, minimum=1_000, maximum=50_000_000)
MAX_UPLOAD_SIZE = env.integer("MAX_UPLOAD_SIZE", 25_000_000, minimum=1_000, maximum=1_000_000_000)
MAX_FILE_TEXT = env.integer("MAX_FILE_TEXT", 1_000_000, minimum=1_000, maximum=20_000_000)
EXTRACTION_TIMEOUT = env.seconds("EXTRACTION_TIMEOUT", 60.0, minimum=1, maximum=3600)
# A form field may take 12 bytes a character; a message that is too long by a factor of a few
# should get the form's own sentence rather than a bare refusal.
DATA_UPLOAD_MAX_MEMORY_SIZE = max(8_000_000, 12 * MAX_MESSAGE_LENGTH + 100_000)
IMPORT_MAX_SIZE = env.integer("IMPORT_MAX_SIZE", 500_000_000, minimum=1_000, maximum=20_000_000_000)
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 20
# Of whoever has no session, who may still send what was written before it ended.
MAX_ANONYMOUS_SIZE = 12 * MAX_MESSAGE_LENGTH + 100_000
# Where files are taken; see config/limits.py.
MAX_REQUEST_SIZE = max(DATA_UPLOAD_MAX_MEMORY_SIZE, MAX_UPLOAD_SIZE + 1_000_000)
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
REPLY_WAITING_NOTICE = env.seconds("REPLY_WAITING_NOTICE", 10.0, minimum=0.1, maximum=3600)
REPLY_FIRST_TOKEN_TIMEOUT = env.seconds(
    "REPLY_FIRST_TOKEN_TIMEOUT", 120.0, minimum=0.1, maximum=86400
)
REPLY_TOTAL_TIMEOUT = env.seconds("REPLY_TOTAL_TIMEOUT", 3600.0, minimum=1, maximum=604800)
REPLY_IDLE_TIMEOUT = env.seconds("REPLY_IDLE_TIMEOUT", 60.0, minimum=0.1, maximum=86400)
SESSION_CHECK_INTERVAL = env.seconds("SESSION_CHECK_INTERVAL", 30.0, minimum=0.1, maximum=3600)
SHUTDOWN_GRACE = env.seconds("SHUTDOWN_GRACE", 5.0, minimum=0, maximum=600)

# --- Providers --------------------------------------------------------------------------------
PROVIDER_ENVIRONMENT = {
    kind: {
        "api_key": env.key(f"{kind.upper()}_API_KEY"),
        "base_url": env.url(f"{kind.upper()}_BASE_URL"),
    }
    for kind in ("openai", "anthropic", "openrouter", "ollama")
}
OLLAMA_DISCOVERY = env.boolean("OLLAMA_DISCOVERY", default=True)
OLLAMA_DOWNLOADS = env.choice("OLLAMA_DOWNLOADS", "administrators", ("administrators", "everyone"))
PROVIDER_ALLOW_PRIVATE = env.boolean("PROVIDER_ALLOW_PRIVATE")
PROVIDER_ALLOWED_HOSTS = env.allowed_hosts("PROVIDER_ALLOWED_HOSTS")
PROVIDER_CA_FILE = env.certificates("PROVIDER_CA_FILE")
PROVIDER_CONNECT_TIMEOUT = env.seconds("PROVIDER_CONNECT_TIMEOUT", 10.0, minimum=0.1, maximum=600)
PROVIDER_LIST_TIMEOUT = env.seconds("PROVIDER_LIST_TIMEOUT", 10.0, minimum=0.1, maximum=600)
# Other programs' variables, in upper or lower case; `providers.proxies` reads them.
if wrong := wrong_proxy():
    env.refuse(f"{wrong} must be the address of an HTTP proxy, such as http://proxy.lan:3128.")
DEFAULT_MODEL = env.text("DEFAULT_MODEL")
if DEFAULT_MODEL and not all(DEFAULT_MODEL.partition("/")):
    env.refuse("DEFAULT_MODEL must be provider/model, for example openai/gpt-4o.")
FALLBACK_MODEL = env.text("FALLBACK_MODEL", "none")
if FALLBACK_MODEL == "none":
    FALLBACK_MODEL = ""
elif not all(FALLBACK_MODEL.partition("/")):
    env.refuse("FALLBACK_MODEL must be provider/model, for example openai/gpt-4o, or none.")

# --- Chats ------------------------------------------------------------------------------------
TITLES = env.choice("TITLES", "model", ("model", "words"))

# --- Mail -------------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "parley@localhost")
EMAIL_TIMEOUT = 10
# The console would put links that reset passwords into the logs.
EMAIL_URL = env.secret("EMAIL_URL") or ("dummymail://" if PRODUCTION else "consolemail://")
try:
    vars().update(Env.email_url_config(EMAIL_URL))
except (ImproperlyConfigured, ValueError):
    env.refuse("EMAIL_URL must be such as smtp+tls://user:password@mail.example.org:587.")

# --- Languages, static files, logs ------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = env.time_zone("TIME_ZONE", "UTC")
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": storage(env),
    "staticfiles": {"BACKEND": "config.static_storage.SiteStorage"},
}
SERVESTATIC_KEEP_ONLY_HASHED_FILES = True
SERVESTATIC_ALLOW_ALL_ORIGINS = False
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "class": "config.logs.LineFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        },
    },
    "filters": {"no_traceback": {"()": "config.logs.WithoutTraceback"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        "short": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["no_traceback"],
        },
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "level": LOG_LEVEL, "propagate": True},
        # Anyone can cause these by asking for a wrong host, as often as they like.
        "django.security": {"handlers": ["short"], "level": LOG_LEVEL, "propagate": False},
        "django.server": {"handlers": [], "level": LOG_LEVEL, "propagate": True},
        "daphne": {"level": "WARNING"},
        # Says at each start that it was told to keep to Python.
        "autobahn": {"level": "WARNING"},
        # These log prompts and headers when asked to: at no level of ours.
        **{
            name: {"level": "WARNING"}
            for name in ("openai", "anthropic", "httpx", "httpx2", "httpcore", "httpcore2")
        },
    },
}

env.stop_if_wrong()
