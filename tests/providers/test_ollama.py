"""The Ollama adapter against a server that speaks its protocol over HTTP."""

import asyncio
import base64
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import pytest

from providers import errors
from providers.adapters.ollama import OllamaAdapter
from providers.adapters.ollama_client import NotDownloadedError
from providers.options import clean_options
from providers.types import (
    CompletionRequest,
    Event,
    Finish,
    Image,
    Parameters,
    PromptMessage,
    Text,
    TextDelta,
    Usage,
)
from tests.ollama_upstream import OllamaUpstream
from tests.providers.conftest import KEY, collect, reasoning_of, request_for, text_of
from tests.upstream_modes import ANSWER, SEPARATORS_ANSWER, THOUGHTS, UNICODE_ANSWER

MakeAdapter = Callable[..., OllamaAdapter]


def full_request(**options: Any) -> CompletionRequest:
    return CompletionRequest(
        model="ok",
        system="Be brief.",
        messages=(
            PromptMessage("user", (Text("One"),)),
            PromptMessage("assistant", (Text("Two"),)),
            PromptMessage("user", (Text("Three"), Text("Four"), Image(b"PNG", "image/png"))),
        ),
        parameters=Parameters(temperature=0.5, top_p=0.25, max_tokens=99),
        options=clean_options(OllamaAdapter.options, options),
    )


async def test_streams_text_usage_and_end(ollama_adapter: MakeAdapter) -> None:
    events = await collect(ollama_adapter().stream(request_for("ok")))

    assert text_of(events) == ANSWER
    written = sum(isinstance(event, TextDelta) for event in events)
    assert events[-2:] == [Usage(input_tokens=11, output_tokens=written), Finish("stop")]


@pytest.mark.parametrize(
    ("model", "text"),
    [("byte-by-byte", UNICODE_ANSWER), ("u2028", SEPARATORS_ANSWER), ("empty", "")],
)
async def test_reads_every_way_of_sending(
    model: str, text: str, ollama_adapter: MakeAdapter
) -> None:
    events = await collect(ollama_adapter().stream(request_for(model)))

    assert text_of(events) == text
    assert events[-1] == Finish("stop")


async def test_echo_gives_back_exactly(ollama_adapter: MakeAdapter) -> None:
    payload = "<script>alert(1)</script>\u2028\r\n\t“”👩‍👩‍👧 \\u0000 &amp;"

    assert text_of(await collect(ollama_adapter().stream(request_for("echo", payload)))) == payload


async def test_thinking_is_told_apart_from_text(ollama_adapter: MakeAdapter) -> None:
    events = await collect(ollama_adapter().stream(request_for("reasoning")))

    assert reasoning_of(events) == THOUGHTS
    assert text_of(events) == ANSWER


async def test_says_that_the_limit_was_reached(ollama_adapter: MakeAdapter) -> None:
    assert (await collect(ollama_adapter().stream(request_for("length"))))[-1] == Finish("length")


@pytest.mark.parametrize(
    ("model", "error", "words"),
    [
        ("error-400", errors.BadRequestError, "This is what 400 sounds like."),
        ("error-401", errors.AuthenticationError, "This is what 401 sounds like."),
        ("error-429", errors.RateLimitedError, "Too many requests."),
        ("error-500", errors.OverloadedError, "This is what 500 sounds like."),
        ("error-context", errors.ContextTooLongError, "prompt is too long"),
        ("absent", NotDownloadedError, "model 'absent' not found"),
        ("redirect", errors.AddressRefusedError, "302 /_redirected"),
        ("html", errors.MalformedStreamError, "text/html"),
        ("malformed", errors.MalformedStreamError, '{"model"'),
        ("huge-line", errors.MalformedStreamError, "larger than"),
        ("error-event", errors.OverloadedError, "The model fell over."),
        ("cut-once", errors.NetworkError, ""),
        ("cut-after-5", errors.CutStreamError, ""),
        ("end-after-5", errors.CutStreamError, ""),
    ],
)
async def test_faults_become_errors_in_the_servers_words(
    model: str,
    error: type[errors.ProviderError],
    words: str,
    ollama_adapter: MakeAdapter,
    ollama: OllamaUpstream,
) -> None:
    with pytest.raises(errors.ProviderError) as caught:
        await collect(ollama_adapter().stream(request_for(model)))

    assert type(caught.value) is error
    assert words in caught.value.detail
    assert len(ollama.requests) == 1, "neither retried nor followed"


async def test_a_model_that_is_not_there_tells_what_to_do(ollama_adapter: MakeAdapter) -> None:
    with pytest.raises(errors.NotFoundError) as caught:
        await collect(ollama_adapter().stream(request_for("absent")))

    assert "ollama pull" in str(caught.value.as_dict()["hint"])


async def test_an_address_that_is_no_ollama(
    ollama_adapter: MakeAdapter, ollama: OllamaUpstream
) -> None:
    elsewhere = ollama_adapter(base_url=ollama.url + "/elsewhere")

    with pytest.raises(errors.NotFoundError) as caught:
        await collect(elsewhere.stream(request_for("ok")))
    assert type(caught.value) is errors.NotFoundError


async def test_the_text_before_a_cut_arrives(ollama_adapter: MakeAdapter) -> None:
    events: list[Event] = []
    with pytest.raises(errors.CutStreamError):
        await collect(ollama_adapter().stream(request_for("cut-after-5")), events)

    assert text_of(events) == "the quick brown fox jumps "


async def test_nobody_listens(ollama_adapter: MakeAdapter) -> None:
    silent = ollama_adapter(base_url="http://127.0.0.1:9")

    with pytest.raises(errors.NetworkError) as caught:
        await collect(silent.stream(request_for("ok")))
    assert type(caught.value) is errors.NetworkError
    assert caught.value.detail == "Connection refused"
    with pytest.raises(errors.NetworkError):
        await silent.list_models()


async def test_an_echoed_key_is_taken_out(ollama_adapter: MakeAdapter) -> None:
    with pytest.raises(errors.BadRequestError) as caught:
        await collect(ollama_adapter(key=KEY).stream(request_for("error-key")))

    assert KEY not in repr(caught.value) + str(caught.value.as_dict())
    assert caught.value.__cause__ is None


async def test_the_key_goes_where_it_belongs(
    ollama_adapter: MakeAdapter, ollama: OllamaUpstream
) -> None:
    await collect(ollama_adapter(key=KEY).stream(request_for("ok")))
    await collect(ollama_adapter().stream(request_for("ok")))

    with_key, without = (request["headers"] for request in ollama.requests)
    assert with_key["authorization"] == f"Bearer {KEY}"
    assert "authorization" not in without


async def test_a_wrong_key(ollama_adapter: MakeAdapter) -> None:
    with pytest.raises(errors.AuthenticationError, match="Incorrect API key"):
        await ollama_adapter(key="wrong").check_key()


async def test_the_cloud_is_asked_whose_the_key_is(
    ollama_adapter: MakeAdapter, ollama: OllamaUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ollama_adapter(key=KEY).check_key()
    assert not ollama.asked("/api/me"), "a server of one's own knows nothing of accounts"

    monkeypatch.setattr(OllamaAdapter, "_is_cloud", True)
    await ollama_adapter(key=KEY).check_key()
    assert ollama.asked("/api/me") == [{}]


async def test_closing_closes_the_connection(
    ollama_adapter: MakeAdapter, ollama: OllamaUpstream
) -> None:
    async with aclosing(ollama_adapter().stream(request_for("hang-after-2"))) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break

    async with asyncio.timeout(5):
        while ollama.timeline[1]["end"] != "closed by client":  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_connections_are_used_again(
    ollama_adapter: MakeAdapter, ollama: OllamaUpstream
) -> None:
    for _ in range(3):
        await collect(ollama_adapter().stream(request_for("ok")))

    assert ollama.connections_made == 1


async def test_prompt(ollama_adapter: MakeAdapter, ollama: OllamaUpstream) -> None:
    await collect(ollama_adapter().stream(full_request()))

    assert ollama.asked("/api/chat") == [
        {
            "model": "ok",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "One"},
                {"role": "assistant", "content": "Two"},
                {
                    "role": "user",
                    "content": "Three\n\nFour",
                    "images": [base64.b64encode(b"PNG").decode()],
                },
            ],
            "stream": True,
            "truncate": False,
            "shift": False,
            "options": {"temperature": 0.5, "top_p": 0.25, "num_predict": 99, "num_ctx": 8192},
        }
    ]


async def test_options(ollama_adapter: MakeAdapter, ollama: OllamaUpstream) -> None:
    request = full_request(think="on", keep_alive="forever", seed=7, top_k=40, repeat_penalty=1.1)
    await collect(ollama_adapter().stream(request))
    await collect(ollama_adapter().stream(full_request(think="high", keep_alive="5m")))
    await collect(ollama_adapter().stream(full_request(think="off", keep_alive="0")))

    first, second, third = ollama.asked("/api/chat")
    assert (first["think"], second["think"], third["think"]) == (True, "high", False)
    assert [each["keep_alive"] for each in (first, second, third)] == [-1, "5m", 0]
    chosen = {"seed": 7, "top_k": 40, "repeat_penalty": 1.1}
    assert first["options"].items() >= chosen.items()


@pytest.mark.parametrize(
    ("text", "parameters", "sent"),
    [
        ("Hi", {}, 8_192),
        ("word " * 5_000, {}, 16_384),  # 25,000 letters and 4,096 tokens for the reply
        ("0123456789" * 1_000, {}, 16_384),  # Some tokenizers take each digit for itself.
        ("汉字" * 5_000, {}, 32_768),
        ("Hi", {"max_tokens": 30_000}, 32_768),
        ("0" * 3_000_000, {}, 1_048_576),
    ],
)
async def test_the_context_is_large_enough(
    text: str,
    parameters: dict[str, int],
    sent: int,
    ollama_adapter: MakeAdapter,
    ollama: OllamaUpstream,
) -> None:
    await collect(ollama_adapter().stream(request_for("ok", text, **parameters)))

    assert ollama.asked("/api/chat")[0]["options"]["num_ctx"] == sent


async def test_the_context_can_be_chosen_or_left_to_the_server(
    ollama_adapter: MakeAdapter, ollama: OllamaUpstream
) -> None:
    await collect(ollama_adapter().stream(full_request(num_ctx=4_096)))
    await collect(ollama_adapter().stream(full_request(num_ctx=0)))
    await collect(ollama_adapter().stream(request_for("far:120b-cloud")))

    chosen, left, cloud = ollama.asked("/api/chat")
    assert chosen["options"]["num_ctx"] == 4_096
    assert "num_ctx" not in left["options"]
    assert "options" not in cloud, "a model in the cloud has all its context anyway"


@pytest.mark.parametrize("tail", ["", "/", "/v1", "/api", "/api/"])
async def test_addresses_of_parts_are_understood(
    tail: str, ollama_adapter: MakeAdapter, ollama: OllamaUpstream
) -> None:
    await ollama_adapter(base_url=ollama.url + tail).list_models()

    assert ollama.requests[0]["path"] == "/api/tags"
