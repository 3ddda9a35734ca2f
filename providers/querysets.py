"""Reads of keys and model lists."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Q

if TYPE_CHECKING:
    from providers.models import ApiKey, ModelList  # noqa: F401  (named in the base classes)

AnyUser = AbstractBaseUser | AnonymousUser


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    """Keys."""

    def owned_by(self, user: AnyUser) -> "ApiKeyQuerySet":
        """The user's own, which they may change."""
        return self.filter(user=user.pk).exclude(user=None)

    def usable_by(self, user: AnyUser) -> "ApiKeyQuerySet":
        """Active ones that the user may call: their own first, then the site's."""
        visible = self.filter(Q(user=user.pk) | Q(user=None), is_active=True)
        return visible.order_by(F("user_id").asc(nulls_last=True), "created_at")


class ModelListQuerySet(models.QuerySet["ModelList"]):
    """What connections offer."""

    def for_environment(self, slugs: list[str]) -> dict[str, Any]:
        """Those of connections from the environment, by slug."""
        return {row.environment or "": row for row in self.filter(environment__in=slugs)}
