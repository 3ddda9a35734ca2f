"""Settings of real servers in tests: the site's own, but signing up costs them next to nothing."""

from config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
