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

    def changeable_by(self, user: AnyUser) -> "ApiKeyQuerySet":
        """The user's own; for administrators the site's too."""
        own = self.exclude(user=None).filter(user=user.pk)
        return own | self.filter(user=None) if getattr(user, "is_superuser", False) else own

    def usable_by(self, user: AnyUser) -> "ApiKeyQuerySet":
        """Active ones that the user may call: their own first, then the site's."""
        visible = self.of_user_and_site(user.pk).filter(is_active=True)
        return visible.order_by(F("user_id").asc(nulls_last=True), "created_at")

    def of_user_and_site(self, user_id: Any) -> "ApiKeyQuerySet":
        """The user's and the site's, active or not."""
        return self.filter(Q(user=user_id) | Q(user=None))


class ModelListQuerySet(models.QuerySet["ModelList"]):
    """What connections offer."""

    def for_environment(self, slugs: list[str]) -> dict[str, Any]:
        """Those of connections from the environment, by slug."""
        return {row.environment or "": row for row in self.filter(environment__in=slugs)}
