"""Reads of keys and model lists."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, Group
from django.db import models
from django.db.models import F, Func, Q

if TYPE_CHECKING:
    from providers.models import ApiKey, ModelList  # noqa: F401  (named in the base classes)

AnyUser = AbstractBaseUser | AnonymousUser


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    """Keys. Who may call which is decided here and nowhere else."""

    def changeable_by(self, user: AnyUser) -> "ApiKeyQuerySet":
        """The user's own; for administrators the site's too."""
        own = self.exclude(user=None).filter(user=user.pk)
        return own | self.filter(user=None) if getattr(user, "is_superuser", False) else own

    def usable_by(self, user: AnyUser) -> "ApiKeyQuerySet":
        """Active ones that the user may call: their own first, then the site's."""
        usable = self.filter(self._own_or_shared(user), is_active=True)
        return usable.order_by(F("user_id").asc(nulls_last=True), "created_at")

    def visible_to(self, user: AnyUser) -> "ApiKeyQuerySet":
        """Active or not: what the user may call and what they may change."""
        visible = self._own_or_shared(user)
        if getattr(user, "is_superuser", False):
            visible |= Q(user=None)
        return self.filter(visible)

    def of_user_and_site(self, user_id: Any) -> "ApiKeyQuerySet":
        """The user's and all of the site's, whoever these are shared with."""
        return self.filter(Q(user=user_id) | Q(user=None))

    def _own_or_shared(self, user: AnyUser) -> Q:
        """Keys of the user, and those of the site for all or for a group of the user's.

        Nobody without an account has any: the site's keys have no user either.
        """
        if user.pk is None:
            return Q(pk__in=[])
        members = Group.objects.filter(user=user.pk)
        with_group = self.model.groups.through.objects.filter(group__in=members)
        shared = Q(for_everyone=True) | Q(pk__in=with_group.values("apikey_id"))
        return Q(user=user.pk) | (Q(user=None) & shared)

    def with_model_counts(self) -> "ApiKeyQuerySet":
        """Adds `model_count`, so that nobody has to read long lists to count them."""
        return self.annotate(model_count=_ArrayLength("model_list__offered"))


class _ArrayLength(Func):
    """Elements of a JSON array."""

    function = "JSON_ARRAY_LENGTH"
    output_field = models.IntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """JSON is stored as `jsonb` there."""
        return self.as_sql(compiler, connection, function="JSONB_ARRAY_LENGTH", **extra)


class ModelListQuerySet(models.QuerySet["ModelList"]):
    """What connections offer."""

    def for_environment(self, slugs: list[str]) -> dict[str, Any]:
        """Those of connections from the environment, by slug."""
        return {row.environment or "": row for row in self.filter(environment__in=slugs)}
