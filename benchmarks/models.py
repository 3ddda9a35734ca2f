"""Fills a data directory with connections and the models that they offer.

Run by `benchmarks.inside`. The capabilities and prices are as different as real ones are.
"""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from accounts.models import User
from benchmarks.rows import NAME
from providers.models import ApiKey, ModelList


def main(arguments: Sequence[str]) -> object:
    """Arguments: the connections' address, how many connections and how many models in all."""
    base_url, connections, models = arguments
    owner = User.objects.get(username=f"{NAME}0")
    return add_connections(owner, base_url, int(connections), int(models))


def add_connections(owner: User, base_url: str, connections: int, models: int) -> int:
    """Make them; how many models they offer together. No provider is asked."""
    for number in range(connections):
        share = models // connections + (number < models % connections)
        key = ApiKey.objects.create(
            user=owner,
            provider="openai_compatible",
            key_name=f"Connection {number}",
            slug=f"connection-{number}",
            encrypted_key="sk-bench",
            base_url=base_url,
        )
        offered = [offer(number, each) for each in range(share)]
        ModelList.objects.create(api_key=key, offered=offered, fetched_at=timezone.now())
    return models


def offer(connection: int, number: int) -> dict[str, Any]:
    """One model as a provider's list tells it."""
    return {
        "id": f"maker-{number % 17}/model-{connection}-{number}-instruct",
        "name": f"Maker {number % 17}: Model {connection}.{number} Instruct",
        "context_window": (8_192, 32_768, 128_000, 1_048_576)[number % 4],
        "max_output": (4_096, 16_384)[number % 2],
        "accepts_images": number % 3 == 0,
        "accepts_files": number % 5 == 0,
        "supports_tools": number % 2 == 0,
        "reasons": number % 7 == 0,
        **({} if number % 11 == 0 else {"input_price": "0.25", "output_price": "1.50"}),
    }
