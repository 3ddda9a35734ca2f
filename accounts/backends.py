"""Who somebody is, by username or address and password."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from accounts.models import User


class LoginBackend(AuthenticationBackend):
    """allauth's backend with one lookup and one password hash per attempt.

    The original tries an address twice, which takes twice as long for an address that has an
    account as for one that has none, and so tells which is which.
    """

    def _authenticate(
        self, request: HttpRequest | None, **credentials: Any
    ) -> AbstractBaseUser | None:
        login = credentials.get("email") or credentials.get("username") or ""
        if "@" in login:
            user = User.objects.filter(email=User.objects.normalize_email(login)).first()
        else:
            user = User.objects.filter(username__iexact=User.normalize_username(login)).first()
        found: AbstractBaseUser | None = self._check_password(
            user, str(credentials.get("password") or "")
        )
        return found
