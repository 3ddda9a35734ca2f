"""Adding, changing, switching and removing keys. Keys go in and never come out again.

Each user has one default key for each provider while any of theirs is active, and so has the
site: the connection that new chats start with, and the one that a kind's name stands for in the
name of a model (`providers.connections`). The first key becomes it by itself; when it is switched
off or removed, the oldest other active one does.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import ParamSpec, TypeVar

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from providers import refresh, registry
from providers.cipher import DecryptionError
from providers.connections import Source
from providers.contract import Adapter
from providers.key_values import (
    MAX_KEYS,
    free_slug,
    host_of,
    set_name,
    set_options,
    set_values,
    trimmed_key,
)
from providers.models import ApiKey, ModelList, ModelStatus
from providers.querysets import AnyUser, ApiKeyQuerySet

ATTEMPTS = 5

P = ParamSpec("P")
R = TypeVar("R")


def _atomic(function: Callable[P, R]) -> Callable[P, R]:
    """Run in a transaction; once more when another one took the name, slug or default meanwhile.

    The second look then sees what the other one wrote, and can say what is wrong.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for _attempt in range(ATTEMPTS):
            try:
                with transaction.atomic():
                    return function(*args, **kwargs)
            except IntegrityError:
                continue
        raise ValidationError(_("Somebody else is changing these keys now. Try again."))

    return run


@_atomic
def add_key(
    *,
    user: AnyUser | None,
    provider: str,
    key_name: str,
    key: str,
    base_url: str = "",
    options: Mapping[str, object] | None = None,
    for_everyone: bool = True,
    groups: Iterable[Group] = (),
) -> ApiKey:
    """Store a key for the user, or without one for the site.

    The site's is for everyone, or else for the members of `groups`: nobody when there are none.
    Raises `ValidationError` with a sentence per field: provider, key_name, key, base_url, and
    options by the names of their form fields.
    """
    if provider not in addable_kinds():
        raise ValidationError({"provider": _("This kind of provider is not known.")})
    owner_id = None if user is None else user.pk
    if ApiKey.objects.filter(user=owner_id).count() >= MAX_KEYS:
        raise ValidationError(_("There are %(count)d keys already.") % {"count": MAX_KEYS})
    row = ApiKey(user_id=owner_id, provider=provider)
    set_values(row, key_name=key_name, key=key, base_url=base_url)
    set_options(row, options or {})
    row.slug = free_slug(row)
    row.save(force_insert=True)
    _share(row, for_everyone=for_everyone, groups=groups)
    _settle_default(row)
    row.refresh_from_db(fields=["is_default"])
    return row


@_atomic
def update_key(
    *,
    key: ApiKey,
    key_name: str,
    new_key: str = "",
    base_url: str = "",
    options: Mapping[str, object] | None = None,
    is_active: bool | None = None,
    for_everyone: bool | None = None,
    groups: Iterable[Group] | None = None,
) -> ApiKey:
    """Change a connection. Without `new_key` the stored one stays, but only for the same host.

    An empty `base_url` is the provider's own address; what is None stays as it is. The slug stays
    too, so that conversations find it again. Raises `ValidationError` as `add_key` does.
    """
    row = _locked(key)
    former = ApiKey.objects.get(pk=key.pk)
    new_key = trimmed_key(new_key)
    kept_key = "" if new_key else _readable_key(former)
    set_values(row, key_name=key_name, key=new_key or kept_key, base_url=base_url)
    adapter = registry.adapter_class(row.provider)
    host, former_host = host_of(adapter, row.base_url), host_of(adapter, former.base_url)
    if kept_key and host != former_host:
        text = _("The address has changed: enter the key again, so that it goes nowhere else.")
        raise ValidationError({"key": text})
    if options is not None:
        set_options(row, options)
    if is_active is not None:
        row.is_active = is_active
    if new_key or (row.base_url, row.options) != (former.base_url, former.options):
        row.last_checked_at, row.last_error = None, ""
        ModelList.objects.filter(api_key=row).delete()
        ModelStatus.objects.filter(api_key=row).delete()
    row.save(force_update=True)
    if for_everyone is not None:
        chosen = list(row.groups.all()) if groups is None else groups
        _share(row, for_everyone=for_everyone, groups=chosen)
    _settle_default(row)
    row.refresh_from_db(fields=["is_default"])
    return row


@_atomic
def rename_key(*, key: ApiKey, key_name: str) -> ApiKey:
    """Give it another name. Raises `ValidationError` for key_name."""
    row = _locked(key)
    set_name(row, key_name)
    row.save(update_fields=["key_name", "updated_at"])
    return row


@_atomic
def set_active(*, key: ApiKey, is_active: bool) -> None:
    """Switch it on or off. One that is off is used by nobody and keeps what is known of it."""
    ApiKey.objects.filter(pk=key.pk).update(is_active=is_active)
    _settle_default(key)


@_atomic
def set_default_key(*, key: ApiKey) -> None:
    """Make it the default of its owner and provider: see above for what that means.

    Raises `ValidationError` for one that is switched off.
    """
    siblings = _siblings(key)
    if not siblings.select_for_update().filter(pk=key.pk, is_active=True).exists():
        raise ValidationError(_("Switch the key on first."))
    siblings.filter(is_default=True).exclude(pk=key.pk).update(is_default=False)
    siblings.filter(pk=key.pk).update(is_default=True)


@_atomic
def delete_key(*, key: ApiKey) -> None:
    """Remove a key and what is known of its models."""
    ApiKey.objects.filter(pk=key.pk).delete()
    _settle_default(key)


def check_key(*, key: ApiKey) -> str:
    """Ask the provider now whether it accepts the key, and for its models.

    Its complaint (a sentence and its own words), or an empty text when all is well. Takes at most
    PROVIDER_LIST_TIMEOUT seconds; the outcome is stored with the key.
    """
    return refresh.refresh_now(source_of(key))


def free_name(*, user: AnyUser, name: str) -> str:
    """`name`, or with a number after it where the user has a key of that name. One query."""
    taken = set(ApiKey.objects.filter(user=user.pk).values_list("key_name", flat=True))
    names = [name, *(f"{name} {number}" for number in range(2, MAX_KEYS + 2))]
    return next(each for each in names if each not in taken)


def addable_kinds() -> dict[str, type[Adapter]]:
    """Kinds of provider to which a key or an address can be given."""
    adapters = {kind: registry.adapter_class(kind) for kind in registry.kinds()}
    return {
        kind: adapter
        for kind, adapter in adapters.items()
        if adapter.needs_key or adapter.needs_base_url or adapter.usual_base_url
    }


def source_of(key: ApiKey) -> Source:
    """The key as a connection."""
    return Source(slug=key.slug, kind=key.provider, label=key.key_name, key=key)


def _share(row: ApiKey, *, for_everyone: bool, groups: Iterable[Group]) -> None:
    """Set who may use a key of the site. A user's own is nobody else's, whatever is asked for."""
    if row.user_id is not None:
        return
    ApiKey.objects.filter(pk=row.pk).update(for_everyone=for_everyone)
    row.for_everyone = for_everyone
    row.groups.set(() if for_everyone else groups)


def _locked(key: ApiKey) -> ApiKey:
    row = ApiKey.objects.select_for_update().filter(pk=key.pk).first()
    if row is None:
        raise ValidationError(_("The key was removed meanwhile."))
    return row


def _readable_key(key: ApiKey) -> str:
    try:
        return key.encrypted_key
    except DecryptionError as error:
        text = _("The stored key cannot be read: it was encrypted with another master key.")
        raise ValidationError({"key": f"{text} {_('Enter it again.')}"}) from error


def _siblings(key: ApiKey) -> ApiKeyQuerySet:
    return ApiKey.objects.filter(user=key.user_id, provider=key.provider)


def _settle_default(key: ApiKey) -> None:
    """Among keys of its owner and provider: an active default, where any is active."""
    siblings = _siblings(key)
    siblings.filter(is_default=True, is_active=False).update(is_default=False)
    if not siblings.filter(is_default=True).exists():
        oldest = siblings.filter(is_active=True).order_by("created_at", "pk").first()
        if oldest is not None:
            siblings.filter(pk=oldest.pk).update(is_default=True)
