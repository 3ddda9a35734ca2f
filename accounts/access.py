"""Letting people in and out: sessions, activation, addresses. Takes users, never a request."""

from allauth.account.models import EmailAddress
from django.db.models import F, QuerySet

from accounts.models import User


def end_sessions(*, user: User) -> None:
    """Sign `user` out everywhere. `user` then carries the new epoch."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])


def activate_users(*, users: QuerySet[User]) -> int:
    """Let them sign in again; how many could not before."""
    return users.filter(is_active=False).update(is_active=True)


def deactivate_users(*, users: QuerySet[User], by: User) -> int:
    """Lock them out and end their sessions for good; how many. Never `by`, who does it."""
    return (
        users.filter(is_active=True)
        .exclude(pk=by.pk)
        .update(is_active=False, session_epoch=F("session_epoch") + 1)
    )


def forget_old_addresses(*, user: User) -> None:
    """Drop addresses other than the current one, which could still receive a reset link."""
    EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
