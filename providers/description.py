"""Is an adapter's description, its class attributes, such that pages can be made from it?

Asked of every plug-in before it is used, and by the conformance suite. Imports no SDK.
"""

import inspect
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import get_args
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.functional import Promise

from providers.contract import Adapter
from providers.options import Option, OptionType, clean_options
from providers.types import ModelInfo

KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""It stands in addresses, in the names of models and in the database."""
MAX_LABEL = 100
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def faults(adapter: object) -> list[str]:
    """What is wrong, a sentence each, in English: for the log and the adapter's author."""
    if not (isinstance(adapter, type) and issubclass(adapter, Adapter)):
        return ["It is no subclass of providers.contract.Adapter."]
    if inspect.isabstract(adapter):
        missing = ", ".join(sorted(adapter.__abstractmethods__))
        return [f"It lacks {missing}."]
    found = [*_attributes(adapter), *_options(getattr(adapter, "options", ()))]
    return list(dict.fromkeys(found))


def _attributes(adapter: type[Adapter]) -> Iterator[str]:
    kind = getattr(adapter, "kind", None)
    if not isinstance(kind, str) or not KIND.fullmatch(kind):
        yield "`kind` must be small letters, digits and _, at most 40, a letter first."
    label = getattr(adapter, "label", None)
    if not _is_words(label, MAX_LABEL):
        yield f"`label` must be words of at most {MAX_LABEL} characters."
    for name in ("needs_key", "needs_base_url", "needs_refresh", "takes_files"):
        if not isinstance(getattr(adapter, name), bool):
            yield f"`{name}` must be True or False."
    for name in ("default_base_url", "usual_base_url"):
        if not _is_address(getattr(adapter, name)):
            yield f"`{name}` must be an address with http:// or https://, or empty."
    page = adapter.key_page
    if not _is_address(page) or page.startswith("http:"):
        yield "`key_page` must be an address with https://, or empty."
    models = adapter.preferred_models
    if not isinstance(models, tuple | list) or not all(isinstance(m, str) and m for m in models):
        yield "`preferred_models` must be a tuple of names."
    elif not models and not adapter.needs_refresh:
        yield "Without `needs_refresh` there must be `preferred_models`."
    known = adapter.fixed_models
    if not isinstance(known, tuple | list) or not all(isinstance(m, ModelInfo) for m in known):
        yield "`fixed_models` must be a tuple of providers.types.ModelInfo."


def _options(options: object) -> Iterator[str]:
    if not isinstance(options, tuple | list) or not all(isinstance(o, Option) for o in options):
        yield "`options` must be a tuple of providers.options.Option."
        return
    for name, times in Counter(option.name for option in options).items():
        if times > 1:
            yield f"There are {times} options named {name!r}."
    for option in options:
        yield from (f"Option {option.name!r}: {fault}" for fault in _option(option))


def _option(option: Option) -> Iterator[str]:
    if not isinstance(option.name, str) or not _IDENTIFIER.fullmatch(option.name):
        yield "its name must be an identifier."
    if not _is_words(option.label, MAX_LABEL):
        yield f"its label must be words of at most {MAX_LABEL} characters."
    if option.type not in get_args(OptionType):
        yield f"its type must be one of {', '.join(get_args(OptionType))}."
        return
    if (option.type == "choice") != bool(option.choices):
        yield "choices belong to the type choice, and to no other."
    elif not _are_choices(option.choices):
        yield "its choices must be pairs of different values and labels."
    low, high = option.minimum, option.maximum
    if low is not None and high is not None and low > high:
        yield "its minimum is larger than its maximum."
    if option.default is not None:
        try:
            clean_options([option], {option.name: option.default})
        except ValidationError as error:
            yield f"its default is not valid: {' '.join(error.messages)}"


def _is_address(value: object) -> bool:
    """Such that it can be taken apart anywhere; empty is one."""
    if not isinstance(value, str) or not re.fullmatch(r"(https?://[!-~]+)?", value):
        return False
    try:
        parts = urlsplit(value)
        return not value or bool(parts.hostname and parts.port != 0)
    except ValueError:
        return False


def _is_words(value: object, limit: int) -> bool:
    if not isinstance(value, str | Promise):
        return False
    return 0 < len(str(value).strip()) <= limit


def _are_choices(choices: Sequence[object]) -> bool:
    pairs = [choice for choice in choices if isinstance(choice, tuple) and len(choice) == 2]
    values = [value for value, label in pairs if isinstance(value, str) and _is_words(label, 200)]
    return len(values) == len(choices) == len(set(values))
