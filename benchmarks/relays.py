"""What relaying a token costs in this process: run by `benchmarks.inside`."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any

import anthropic
import openai

from providers import registry
from providers.types import CompletionRequest, Connection, PromptMessage, Text, TextDelta

KEY = "sk-bench"
QUESTION = [{"role": "user", "content": "Hello"}]

Relay = Callable[[str], Awaitable[int]]
"""Relays one reply in a mode of the upstream; the number of its tokens."""


def main(arguments: Sequence[str]) -> object:
    """Arguments: a protocol, the upstream's address, rounds, tokens, and rates a second.

    CPU seconds a token, by rate and by who relayed (`ours`, `sdk`), in turns, after one round that
    does not count.
    """
    protocol, url, rounds, tokens, *rates = arguments
    return asyncio.run(_compare(protocol, url, int(rounds), int(tokens), rates))


async def _compare(
    protocol: str, url: str, rounds: int, tokens: int, rates: Sequence[str]
) -> dict[str, dict[str, list[float]]]:
    relays = {"ours": _adapter(protocol, url)}
    if protocol != "ollama":
        relays["sdk"] = _sdk(protocol, url)
    found: dict[str, dict[str, list[float]]] = {}
    for rate in rates:
        found[rate] = {who: [] for who in relays}
        for number in range(rounds + 1):
            for who, relay in relays.items():
                seconds = await _cost(relay, f"fast-{tokens}@{rate}", tokens)
                if number:
                    found[rate][who].append(seconds)
    return found


async def _cost(relay: Relay, mode: str, expected: int) -> float:
    """CPU seconds a token."""
    begun = time.process_time()
    tokens = await relay(mode)
    used = time.process_time() - begun
    if tokens != expected:
        raise RuntimeError(f"{tokens} tokens came instead of {expected}.")
    return used / tokens


def _adapter(protocol: str, url: str) -> Relay:
    kind = {"messages": "anthropic", "ollama": "ollama"}.get(protocol, "openai")
    base_url = f"{url}/v1" if kind == "openai" else url
    connection = Connection(kind, api_key=KEY, base_url=base_url, trusted=True)
    adapter = registry.make_adapter(kind, connection)
    options = {"api_style": protocol} if kind == "openai" else {}

    async def relay(mode: str) -> int:
        message = PromptMessage("user", (Text("Hello"),))
        request = CompletionRequest(mode, (message,), options=options)
        tokens = 0
        async with aclosing(adapter.stream(request)) as events:
            async for event in events:
                tokens += isinstance(event, TextDelta)
        return tokens

    return relay


def _sdk(protocol: str, url: str) -> Relay:
    # Types of the SDKs say that a stream may be a whole answer.
    claude: Any = anthropic.AsyncAnthropic(api_key=KEY, base_url=url, max_retries=0)
    client: Any = openai.AsyncOpenAI(api_key=KEY, base_url=f"{url}/v1", max_retries=0)

    async def chat(mode: str) -> int:
        options = {"stream_options": {"include_usage": True}}
        stream: AsyncIterator[Any] = await client.chat.completions.create(
            model=mode, messages=QUESTION, stream=True, **options
        )
        tokens = 0
        async for chunk in stream:
            tokens += bool(chunk.choices and chunk.choices[0].delta.content)
        return tokens

    async def responses(mode: str) -> int:
        stream = await client.responses.create(model=mode, input=QUESTION, stream=True)
        tokens = 0
        async for event in stream:
            tokens += event.type == "response.output_text.delta"
        return tokens

    async def messages(mode: str) -> int:
        stream = await claude.messages.create(
            model=mode, messages=QUESTION, max_tokens=4096, stream=True
        )
        tokens = 0
        async for event in stream:
            tokens += event.type == "content_block_delta"
        return tokens

    return {"chat": chat, "responses": responses, "messages": messages}[protocol]
