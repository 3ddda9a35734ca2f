"""Users. Owns identity and personal preferences; knows no chats and no providers."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A person with an account. The first one to sign up administers the site."""

    class Theme(models.TextChoices):
        """How pages look; `system` follows the browser."""

        SYSTEM = "system", _("As the system")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = models.CharField(
        _("username"),
        max_length=50,
        unique=True,
        validators=[AbstractUser.username_validator],
        error_messages={"unique": _("A user with that username already exists.")},
    )
    email = models.EmailField(_("email address"), max_length=100, unique=True)
    theme = models.CharField(
        _("theme"), max_length=10, choices=Theme.choices, default=Theme.SYSTEM
    )
    default_model = models.CharField(
        _("default model"),
        max_length=200,
        blank=True,
        help_text=_("As provider/model. Empty: the site's default."),
    )

    class Meta(AbstractUser.Meta):
        """Inherits the names; the constraint is what makes the first administrator race-free."""
