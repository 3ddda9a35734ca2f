"""Users and what they are told. Own fields and constraints; know no chats and no providers."""

from accounts.models.notices import Announcement, Notification
from accounts.models.users import (
    EMAIL_TAKEN,
    USERNAME_TAKEN,
    AccountManager,
    FirstAdministrator,
    User,
    validate_model_name,
    validate_username,
)

__all__ = [
    "EMAIL_TAKEN",
    "USERNAME_TAKEN",
    "AccountManager",
    "Announcement",
    "FirstAdministrator",
    "Notification",
    "User",
    "validate_model_name",
    "validate_username",
]
