"""Users. Owns identity and personal preferences; knows no chats and no providers."""

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

USERNAME_TAKEN = _("A user with that username already exists.")
EMAIL_TAKEN = _("An account with that email address already exists.")

# No "@": what is typed into the sign-in field is either an address or a name, never both.
validate_username = RegexValidator(
    r"^[\w.+-]+\Z",
    _("Use letters, digits and . + - _ only."),
    code="invalid_username",
)
validate_model_name = RegexValidator(
    r"^[\w.-]+/\S+\Z",
    _("Write it as provider/model, for example demo/demo."),
    code="invalid_model",
)

if TYPE_CHECKING:
    BaseManager = UserManager["User"]
else:
    BaseManager = UserManager


class AccountManager(BaseManager):
    """Django's manager, with addresses kept in lower case as a whole."""

    use_in_migrations = False

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Lower case: people do not tell their address's case apart, so neither does the site."""
        return (email or "").strip().lower()


class User(AbstractUser):
    """A person with an account. The first one to sign up administers the site."""

    class Theme(models.TextChoices):
        """How pages look; `system` follows the browser."""

        SYSTEM = "system", _("As the system")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    class SendKey(models.TextChoices):
        """What sends a message; the other one makes a new line."""

        ENTER = "enter", _("Enter")
        MOD_ENTER = "mod-enter", _("Ctrl+Enter")

    class TextSize(models.TextChoices):
        """Of messages and what is typed."""

        SMALL = "small", _("Small")
        NORMAL = "normal", _("Normal")
        LARGE = "large", _("Large")
        LARGEST = "largest", _("Largest")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = models.CharField(
        _("username"),
        max_length=50,
        unique=True,
        validators=[validate_username],
        error_messages={"unique": USERNAME_TAKEN},
    )
    email = models.EmailField(
        _("email address"), max_length=100, unique=True, error_messages={"unique": EMAIL_TAKEN}
    )
    theme = models.CharField(_("theme"), max_length=10, choices=Theme.choices, default=Theme.SYSTEM)
    default_model = models.CharField(
        _("default model"),
        max_length=200,
        blank=True,
        validators=[validate_model_name],
        help_text=_("As provider/model. Empty: the site's default."),
    )
    makes_titles = models.BooleanField(
        _("let the model name chats"),
        default=True,
        help_text=_("After the first reply, with a short further request. Else the first words."),
    )
    language = models.CharField(
        _("language"), max_length=10, blank=True, help_text=_("Empty: as the browser asks.")
    )
    send_key = models.CharField(
        _("send with"), max_length=9, choices=SendKey.choices, default=SendKey.ENTER
    )
    text_size = models.CharField(
        _("text size"), max_length=7, choices=TextSize.choices, default=TextSize.NORMAL
    )
    # Part of every session's signature: a new number ends all of this user's sessions.
    session_epoch = models.PositiveIntegerField(default=0, editable=False)

    objects: ClassVar[AccountManager] = AccountManager()

    class Meta(AbstractUser.Meta):
        """Names and addresses that differ in case only are the same one."""

        constraints = [
            models.UniqueConstraint(
                Lower("username"), name="username_any_case", violation_error_message=USERNAME_TAKEN
            ),
            models.UniqueConstraint(
                Lower("email"), name="email_any_case", violation_error_message=EMAIL_TAKEN
            ),
        ]

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What Django compares on each request; over the password and the epoch."""
        return salted_hmac(
            "accounts.models.User.session",
            f"{self.password}:{self.session_epoch}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()


class FirstAdministrator(models.Model):
    """The one row that decides who was first: whoever inserts it administers the site.

    It goes with its user, so that a site whose every account was deleted can be set up again.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+")

    class Meta:
        """At most one row, by the database's word."""

        verbose_name = _("first administrator")
        verbose_name_plural = _("first administrator")
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_first_administrator")]

    def __str__(self) -> str:
        return str(self.user)
