"""New accounts: who may make one, and who becomes the administrator.

The page and later the API call `register`; nothing else creates accounts for visitors.
"""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import FirstAdministrator, User


def is_first_visit() -> bool:
    """Whether nobody has an account yet. One query."""
    return not User.objects.exists()


def is_open() -> bool:
    """Whether a visitor may sign up now. The very first one always may."""
    return settings.SIGNUP == "open" or is_first_visit()


def register(*, username: str, email: str, password: str) -> User:
    """Create an account; the first one of the site administers it.

    The password must have passed the validators already. Raises `ValidationError` when name or
    address is malformed or taken (also when taken in this very moment), or sign-up is closed.
    """
    user = User(username=username, email=User.objects.normalize_email(email))
    # Hashing takes a good part of a second: never while holding the database's write lock.
    user.set_password(password)
    user.full_clean()
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            if not _claim_administration(user) and settings.SIGNUP != "open":
                raise ValidationError(_("Sign-up is closed."), code="closed")
    except IntegrityError as error:
        raise ValidationError(
            _("That username or email address has just been taken."), code="taken"
        ) from error
    return user


def _claim_administration(user: User) -> bool:
    """Make `user` the administrator if it is the only account; whether it is.

    Of parallel claims one inserts the row; the others wait for its commit and then find it.
    """
    if User.objects.exclude(pk=user.pk).exists():
        return False
    _row, claimed = FirstAdministrator.objects.get_or_create(id=1, defaults={"user": user})
    if claimed:
        user.is_staff = user.is_superuser = True
        user.save(update_fields=["is_staff", "is_superuser"])
    return claimed
