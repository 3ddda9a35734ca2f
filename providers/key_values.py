"""What a person enters for a key: how it is tidied, and what it must be."""

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext as _

from providers import guard, registry
from providers.connections import environment
from providers.contract import Adapter
from providers.errors import AddressRefusedError
from providers.models import ApiKey
from providers.option_fields import PREFIX
from providers.options import clean_options

MAX_KEYS = 50
"""Of one user, and of the site."""
MAX_KEY_LENGTH = 1000
# What an HTTP header can hold; a space or line end means that more than the key was copied.
_KEY = re.compile(rf"[!-~]{{1,{MAX_KEY_LENGTH}}}")
# Line ends, spaces, and what web pages put around a text without showing it.
_INVISIBLE = "\ufeff\u200b\u2060"


def trimmed_key(key: str) -> str:
    """A pasted key without what stands around it."""
    return key.strip().strip(_INVISIBLE).strip()


def set_values(row: ApiKey, *, key_name: str, key: str, base_url: str) -> None:
    """Check and set what a connection is called, its key and its address.

    Raises `ValidationError` with a sentence per field: key_name, key, base_url.
    """
    adapter = registry.adapter_class(row.provider)
    key, base_url = trimmed_key(key), base_url.strip()
    errors: dict[str, Any] = {}
    if key and not _KEY.fullmatch(key):
        errors["key"] = _(
            "A key has no spaces, line ends or accented letters, and at most %(count)d characters."
        ) % {"count": MAX_KEY_LENGTH}
    if adapter.needs_key and not key:
        errors["key"] = _("Enter the key that the provider gave you.")
    if adapter.needs_base_url and not base_url:
        errors["base_url"] = _("Enter the server's address.")
    if base_url:
        try:
            base_url = guard.checked_url(base_url)
        except AddressRefusedError as error:
            errors["base_url"] = error.detail
    row.base_url = base_url
    row.encrypted_key, row.last_four = key, key[-4:] if len(key) >= 12 else ""
    try:
        set_name(row, key_name)
    except ValidationError as error:
        errors |= error.error_dict
    if errors:
        raise ValidationError(errors)


def set_name(row: ApiKey, key_name: str) -> None:
    """Check and set. Raises `ValidationError` for key_name."""
    row.key_name = key_name.strip()
    row.clean_fields(exclude={field.name for field in row._meta.fields} - {"key_name"})
    try:
        # The constraints of slugs and defaults are this package's own to keep.
        row.validate_constraints(exclude={"slug", "provider"})
    except ValidationError as error:
        taken = _("There is a key of this name already. Choose another name.")
        raise ValidationError({"key_name": taken}) from error


def set_options(row: ApiKey, options: Mapping[str, object]) -> None:
    """Check and set the adapter's own options.

    Raises `ValidationError` with a sentence per option, by the name of its form field.
    """
    adapter = registry.adapter_class(row.provider)
    try:
        row.options = clean_options(adapter.options, options)
    except ValidationError as error:
        prefixed = {PREFIX + name: errors for name, errors in error.error_dict.items()}
        raise ValidationError(prefixed) from error


def free_slug(row: ApiKey) -> str:
    """The kind's name for the first connection to a provider, else one made from the key's."""
    taken = set(ApiKey.objects.of_user_and_site(row.user_id).values_list("slug", flat=True))
    taken |= set(environment()) | (set(registry.kinds()) - {row.provider})
    from_name = slugify(row.key_name)[:40] or row.provider.replace("_", "-")
    adapter = registry.adapter_class(row.provider)
    wanted = [from_name] if adapter.needs_base_url else [row.provider, from_name]
    wanted += [f"{from_name}-{number}" for number in range(2, MAX_KEYS + len(taken) + 3)]
    return next(slug for slug in wanted if slug not in taken)


def host_of(adapter: type[Adapter], base_url: str) -> tuple[str, str, int]:
    """Scheme, host and port that a key with this address goes to; the address was checked."""
    return guard.host_of(base_url or adapter.default_base_url or adapter.usual_base_url)
