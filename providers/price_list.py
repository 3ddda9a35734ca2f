"""Prices and context windows from the kept list of the package `genai-prices`.

The list takes about 30 MB, so it is read by a process of its own that ends at once:
`python -m providers.price_list` reads lines `{"provider", "model"}` and answers each with a line of
what it knows, or `null`. This file imports no Django, and nothing here uses the network: the list
is as new as the installed package.

A connection's models are looked up only when its address is exactly that of a provider on the
list. A server of one's own that serves a model of a famous name stays without prices. What is not
known stays `None`. Of prices that rise with the length of the prompt the lowest are taken, with the
length up to which they hold; of prices that change with the time of day, the standard ones. Models
that are also charged by the request or by kinds of output get no prices: they would be too low.
"""

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from providers.types import ModelInfo

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo as ListedModel
    from genai_prices.types import ModelPrice

HOSTS: Final = {
    "api.anthropic.com": "anthropic",
    "api.cerebras.ai": "cerebras",
    "api.cohere.ai": "cohere",
    "api.cohere.com": "cohere",
    "api.deepseek.com": "deepseek",
    "api.fireworks.ai": "fireworks",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral",
    "api.moonshot.ai": "moonshotai",
    "api.novita.ai": "novita",
    "api.openai.com": "openai",
    "api.perplexity.ai": "perplexity",
    "api.together.ai": "together",
    "api.together.xyz": "together",
    "api.x.ai": "x-ai",
    "api.z.ai": "zai",
    "generativelanguage.googleapis.com": "google",
    "openrouter.ai": "openrouter",
}
TIME_LIMIT: Final = 20.0
KEPT_FOR: Final = 6 * 3600
"""Seconds that an answer is remembered: a new price may begin on a new day."""
MAX_KEPT: Final = 10_000

_PRICES: Final = {
    "input_price": "input_mtok",
    "output_price": "output_mtok",
    "cached_input_price": "cache_read_mtok",
    "cache_write_price": "cache_write_mtok",
}
_CHARGED_OTHERWISE: Final = ("requests_kcount", "output_reasoning_mtok", "output_citation_mtok")
_ENVIRONMENT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH")
"""What the process needs; keys in the environment stay here."""

logger = logging.getLogger(__name__)
_lock = threading.Lock()
_kept: dict[tuple[str, str], dict[str, Any]] = {}
_kept_since = 0.0


def provider_at(address: str) -> str:
    """Whose API is at this base URL, as the list names it; empty when it is nobody's."""
    try:
        parts = urlsplit(address)
        usual_port = parts.port in (None, 443)
    except ValueError:
        return ""
    known = HOSTS.get(parts.hostname or "", "")
    return known if parts.scheme == "https" and usual_port else ""


def filled(models: Iterable[ModelInfo], address: str) -> list[ModelInfo]:
    """The models with what the list knows where they say nothing themselves.

    Blocks for up to `TIME_LIMIT` seconds, usually a quarter of one. When the list cannot be read,
    that is logged and the models stay as they are.
    """
    models, provider = list(models), provider_at(address)
    if not provider:
        return models
    try:
        known = _look_up(provider, [model.id for model in models])
    except (OSError, subprocess.SubprocessError, ValueError):
        logger.warning("The list of prices could not be read.", exc_info=True)
        return models
    return [_completed(model, known.get(model.id, {})) for model in models]


def _completed(model: ModelInfo, known: dict[str, Any]) -> ModelInfo:
    """What the provider says wins. Its own prices are not mixed with the list's."""
    own_prices = any(getattr(model, name) is not None for name in _PRICES)
    missing: dict[str, Any] = {
        name: Decimal(value) if name in _PRICES else value
        for name, value in known.items()
        if getattr(model, name) is None
        and not (own_prices and (name in _PRICES or name == "priced_up_to"))
    }
    return replace(model, **missing)


def _look_up(provider: str, models: list[str]) -> dict[str, dict[str, Any]]:
    """By model; one process at a time. What was asked lately is not asked again."""
    global _kept_since  # noqa: PLW0603
    with _lock:
        if time.monotonic() - _kept_since > KEPT_FOR or len(_kept) > MAX_KEPT:
            _kept.clear()
            _kept_since = time.monotonic()
        new = [model for model in models if (provider, model) not in _kept]
        if new:
            answers = _ask(provider, new)
            _kept.update({(provider, m): a for m, a in zip(new, answers, strict=True)})
        return {model: _kept[provider, model] for model in models}


def _ask(provider: str, models: list[str]) -> list[dict[str, Any]]:
    if not sys.executable:
        raise FileNotFoundError("Python does not know its own program.")
    questions = [json.dumps({"provider": provider, "model": model}) for model in models]
    done = subprocess.run(
        [sys.executable, "-m", "providers.price_list"],
        input="\n".join(questions),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=TIME_LIMIT,
        check=True,
        cwd=Path(__file__).resolve().parent.parent,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
    )
    answers = [json.loads(line) or {} for line in done.stdout.splitlines()]
    if len(answers) != len(models):
        raise ValueError(done.stderr[-500:])
    return answers


def _answer(provider: str, model: str) -> dict[str, Any] | None:
    """What the list says of a model, as JSON values; prices as decimal text."""
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415 - only in its process

    try:
        _provider, listed = get_snapshot().find_provider_model(model, None, provider, None)
    except LookupError:
        return None
    known: dict[str, Any] = _prices(listed)
    if listed.context_window:
        known["context_window"] = listed.context_window
    return known


def _prices(listed: "ListedModel") -> dict[str, Any]:
    from genai_prices.types import TieredPrices  # noqa: PLC0415 - only in its process

    prices = _standard(listed)
    if prices is None or any(getattr(prices, name) is not None for name in _CHARGED_OTHERWISE):
        return {}
    known: dict[str, Any] = {}
    limits: list[int] = []
    for name, unit in _PRICES.items():
        price = getattr(prices, unit)
        if isinstance(price, TieredPrices):
            limits += [tier.start for tier in price.tiers[:1]]
            price = price.base
        if price is not None:
            known[name] = format(price, "f")
    return known | ({"priced_up_to": min(limits)} if limits else {})


def _standard(listed: "ListedModel") -> "ModelPrice | None":
    """The prices of today that hold at any hour."""
    from genai_prices.types import TimeOfDateConstraint  # noqa: PLC0415 - only in its process

    if not isinstance(listed.prices, list):
        return listed.prices
    prices = [p for p in listed.prices if not isinstance(p.constraint, TimeOfDateConstraint)]
    return replace(listed, prices=prices).get_prices(datetime.now(tz=UTC)) if prices else None


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(_answer(**json.loads(line))))  # noqa: T201
