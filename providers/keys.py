"""Adding, changing, testing and removing keys. Keys go in and never come out again."""

import re
from typing import Any

from asgiref.sync import async_to_sync
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from providers import guard, refresh, registry
from providers.connections import Source, environment
from providers.contract import Adapter
from providers.errors import AddressRefusedError
from providers.models import ApiKey, ModelList
from providers.querysets import AnyUser

MAX_KEYS = 50
MAX_KEY_LENGTH = 1000
# What an HTTP header can hold; a space or line end means that more than the key was copied.
_KEY = re.compile(rf"[!-~]{{1,{MAX_KEY_LENGTH}}}")


@transaction.atomic
def add_key(
    *, user: AnyUser | None, provider: str, key_name: str, key: str, base_url: str = ""
) -> ApiKey:
    """Store a key for the user, or without one for the whole site.

    Raises `ValidationError` with a sentence per field: provider, key_name, key, base_url.
    """
    if provider not in addable_kinds():
        raise ValidationError({"provider": _("This kind of provider is not known.")})
    owner_id = None if user is None else user.pk
    if ApiKey.objects.filter(user=owner_id).count() >= MAX_KEYS:
        raise ValidationError(_("There are %(count)d keys already.") % {"count": MAX_KEYS})
    row = ApiKey(user_id=owner_id, provider=provider)
    _set(row, key_name=key_name, key=key, base_url=base_url)
    row.slug = _free_slug(row)
    row.save(force_insert=True)
    return row


@transaction.atomic
def update_key(
    *, key: ApiKey, key_name: str, new_key: str = "", base_url: str = "", is_active: bool = True
) -> ApiKey:
    """Change a connection. Without `new_key` the stored one stays, but only for the same host.

    Raises `ValidationError`. Its slug stays, so that conversations find it again.
    """
    row = ApiKey.objects.select_for_update().get(pk=key.pk)
    adapter = registry.adapter_class(row.provider)
    former = _host(adapter, row.base_url)
    if not new_key and row.encrypted_key and _host(adapter, base_url.strip()) != former:
        raise ValidationError(
            {
                "key": _(
                    "The address has changed: enter the key again, so that it goes nowhere else."
                )
            }
        )
    _set(row, key_name=key_name, key=new_key or row.encrypted_key, base_url=base_url)
    row.is_active = is_active
    row.last_checked_at, row.last_error = None, ""
    row.save(force_update=True)
    ModelList.objects.filter(api_key=row).delete()
    return row


def delete_key(*, key: ApiKey) -> None:
    """Remove a key and what is known of its models."""
    key.delete()


def check_key(*, key: ApiKey) -> str:
    """Ask the provider for its models now. Its complaint, or an empty text when all is well.

    Takes at most `refresh.TIME_LIMIT` seconds; the outcome is stored with the key.
    """
    return async_to_sync(refresh.refresh_models)(source_of(key))


def addable_kinds() -> dict[str, type[Adapter]]:
    """Kinds of provider to which a key or an address can be given."""
    adapters = {kind: registry.adapter_class(kind) for kind in registry.kinds()}
    return {k: a for k, a in adapters.items() if a.needs_key or a.needs_base_url}


def source_of(key: ApiKey) -> Source:
    """The key as a connection."""
    return Source(slug=key.slug, kind=key.provider, label=key.key_name, key=key)


def _set(row: ApiKey, *, key_name: str, key: str, base_url: str) -> None:
    """Check and set what a person enters, except the slug."""
    adapter = registry.adapter_class(row.provider)
    key, base_url = key.strip(), base_url.strip()
    errors: dict[str, Any] = {}
    if key and not _KEY.fullmatch(key):
        errors["key"] = _("A key has no spaces and at most %(count)d characters.") % {
            "count": MAX_KEY_LENGTH
        }
    if adapter.needs_key and not key:
        errors["key"] = _("Enter the key that the provider gave you.")
    if adapter.needs_base_url and not base_url:
        errors["base_url"] = _("Enter the server's address.")
    if base_url:
        try:
            base_url = guard.checked_url(base_url)
        except AddressRefusedError as error:
            errors["base_url"] = error.detail
    row.key_name, row.base_url = key_name.strip(), base_url
    row.encrypted_key, row.last_four = key, key[-4:] if len(key) >= 12 else ""
    try:
        row.clean_fields(exclude=["user", "slug", "encrypted_key", "base_url"])
        row.validate_constraints(exclude=["slug"])
    except ValidationError as error:
        errors.update(_by_field(error))
    if errors:
        raise ValidationError(errors)


def _by_field(error: ValidationError) -> dict[str, Any]:
    """The one constraint that a person can break is that of the name."""
    if hasattr(error, "error_dict") and "__all__" not in error.error_dict:
        return dict(error.error_dict)
    return {"key_name": _("There is a key of this name already.")}


def _free_slug(row: ApiKey) -> str:
    """The kind's name for the first connection to a provider, else one made from the key's."""
    taken = set(ApiKey.objects.of_user_and_site(row.user_id).values_list("slug", flat=True))
    taken |= set(environment()) | (set(registry.kinds()) - {row.provider})
    from_name = slugify(row.key_name)[:40] or row.provider.replace("_", "-")
    adapter = registry.adapter_class(row.provider)
    wanted = [from_name] if adapter.needs_base_url else [row.provider, from_name]
    wanted += [f"{from_name}-{number}" for number in range(2, MAX_KEYS + len(taken) + 3)]
    return next(slug for slug in wanted if slug not in taken)


def _host(adapter: type[Adapter], base_url: str) -> tuple[str, str, int]:
    try:
        return guard.host_of(guard.checked_url(base_url or adapter.default_base_url))
    except AddressRefusedError:
        return "", "", 0  # No host; `_set` says what is wrong with the address.
