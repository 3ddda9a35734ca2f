"""The adapters against a server that speaks the real protocols over HTTP."""

import asyncio
import base64
import time
from collections.abc import Callable
from contextlib import aclosing

import pytest

from providers import errors
from providers.contract import Adapter
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
from tests.providers.conftest import KEY, collect, reasoning_of, request_for, text_of
from tests.upstream import Upstream
from tests.upstream_modes import ANSWER, SEPARATORS_ANSWER, THOUGHTS, UNICODE_ANSWER

MakeAdapter = Callable[..., Adapter]
every = pytest.mark.parametrize("kind", ["openai", "responses", "anthropic", "openrouter"])


@every
async def test_streams_text_usage_and_end(kind: str, adapter_for: MakeAdapter) -> None:
    events = await collect(adapter_for(kind).stream(request_for("ok")))

    assert text_of(events) == ANSWER
    assert events[-1] == Finish("stop")
    usage = [event for event in events if isinstance(event, Usage)][-1]
    assert (usage.input_tokens, usage.cached_tokens) == (11, 4)
    assert usage.output_tokens == sum(isinstance(event, TextDelta) for event in events)


@every
async def test_one_message_makes_one_request(
    kind: str, adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    await collect(adapter_for(kind).stream(request_for("ok")))

    assert [entry["method"] for entry in upstream.requests] == ["POST"]


@every
@pytest.mark.parametrize(
    ("model", "text"),
    [("byte-by-byte", UNICODE_ANSWER), ("u2028", SEPARATORS_ANSWER), ("empty", "")],
)
async def test_reads_every_way_of_sending(
    kind: str, model: str, text: str, adapter_for: MakeAdapter
) -> None:
    events = await collect(adapter_for(kind).stream(request_for(model)))

    assert text_of(events) == text
    assert events[-1] == Finish("stop")


@every
async def test_echo_gives_back_exactly(kind: str, adapter_for: MakeAdapter) -> None:
    payload = "<script>alert(1)</script>\u2028\r\n\t“”👩‍👩‍👧 \\u0000 &amp;"

    events = await collect(adapter_for(kind).stream(request_for("echo", payload)))

    assert text_of(events) == payload


@every
async def test_reasoning_is_told_apart_from_text(kind: str, adapter_for: MakeAdapter) -> None:
    events = await collect(adapter_for(kind).stream(request_for("reasoning")))

    assert reasoning_of(events) == THOUGHTS
    assert text_of(events) == ANSWER


@every
@pytest.mark.parametrize(("model", "reason"), [("length", "length"), ("refuse", "content_filter")])
async def test_says_why_the_reply_ended(
    kind: str, model: str, reason: str, adapter_for: MakeAdapter
) -> None:
    events = await collect(adapter_for(kind).stream(request_for(model)))

    assert events[-1] == Finish(reason)  # type: ignore[arg-type]


@every
@pytest.mark.parametrize(
    ("model", "error", "words"),
    [
        ("error-400", errors.BadRequestError, "This is what 400 sounds like."),
        ("error-401", errors.AuthenticationError, "This is what 401 sounds like."),
        ("error-402", errors.QuotaExhaustedError, "This is what 402 sounds like."),
        ("error-403", errors.PermissionDeniedError, "This is what 403 sounds like."),
        ("error-404", errors.NotFoundError, "This is what 404 sounds like."),
        ("error-413", errors.ContextTooLongError, "This is what 413 sounds like."),
        ("error-422", errors.BadRequestError, "This is what 422 sounds like."),
        ("error-429", errors.RateLimitedError, "Too many requests."),
        ("error-500", errors.OverloadedError, "This is what 500 sounds like."),
        ("error-503", errors.OverloadedError, "This is what 503 sounds like."),
        ("error-529", errors.OverloadedError, "This is what 529 sounds like."),
        ("error-context", errors.ContextTooLongError, "prompt is too long"),
        ("error-filter", errors.ContentRefusedError, "Rejected by the content policy."),
        ("redirect", errors.AddressRefusedError, "302 /_redirected"),
        ("html", errors.MalformedStreamError, "text/html"),
        ("malformed", errors.MalformedStreamError, '"'),
        ("huge-line", errors.MalformedStreamError, "larger than"),
        ("error-event", errors.OverloadedError, "The model fell over."),
        ("cut-once", errors.NetworkError, ""),
        ("cut-after-5", errors.CutStreamError, ""),
        ("end-after-5", errors.CutStreamError, ""),
    ],
)
async def test_faults_become_errors_in_the_providers_words(
    kind: str,
    model: str,
    error: type[errors.ProviderError],
    words: str,
    adapter_for: MakeAdapter,
) -> None:
    with pytest.raises(errors.ProviderError) as caught:
        await collect(adapter_for(kind).stream(request_for(model)))

    assert type(caught.value) is error
    assert words in caught.value.detail


@every
@pytest.mark.parametrize("model", ["error-500", "error-429", "redirect", "cut-after-0"])
async def test_an_adapter_neither_retries_nor_follows(
    kind: str, model: str, adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    with pytest.raises(errors.ProviderError):
        await collect(adapter_for(kind).stream(request_for(model)))

    assert len(upstream.requests) == 1


@every
async def test_the_text_before_a_cut_arrives(kind: str, adapter_for: MakeAdapter) -> None:
    events: list[Event] = []
    with pytest.raises(errors.CutStreamError):
        await collect(adapter_for(kind).stream(request_for("cut-after-5")), events)

    assert text_of(events) == "the quick brown fox jumps "


@every
async def test_huge_line_is_given_up_early(kind: str, adapter_for: MakeAdapter) -> None:
    began = time.monotonic()
    with pytest.raises(errors.MalformedStreamError):
        await collect(adapter_for(kind).stream(request_for("huge-line")))

    assert time.monotonic() - began < 2


@every
async def test_wrong_key(kind: str, adapter_for: MakeAdapter) -> None:
    adapter = adapter_for(kind, key="wrong")

    with pytest.raises(errors.AuthenticationError, match="Incorrect API key"):
        await collect(adapter.stream(request_for("ok")))
    with pytest.raises(errors.AuthenticationError, match="Incorrect API key"):
        await adapter.check_key()


@every
async def test_an_echoed_key_is_taken_out(kind: str, adapter_for: MakeAdapter) -> None:
    with pytest.raises(errors.BadRequestError) as caught:
        await collect(adapter_for(kind).stream(request_for("error-key")))

    assert KEY not in repr(caught.value) + str(caught.value.as_dict())
    assert "Something about the key … is odd." in caught.value.detail
    assert caught.value.__cause__ is None, "the SDK's exception holds the key"
    assert caught.value.__suppress_context__, "and a traceback in the log would show it"


@every
@pytest.mark.parametrize(
    ("model", "least", "most"),
    [("error-429", 7, 7), ("error-429-date", 2, 6), ("error-429-long", 3600, 3600)],
)
async def test_retry_after(
    kind: str, model: str, least: float, most: float, adapter_for: MakeAdapter
) -> None:
    with pytest.raises(errors.RateLimitedError) as caught:
        await collect(adapter_for(kind).stream(request_for(model)))

    assert least <= (caught.value.retry_after or 0) <= most


@every
async def test_nobody_listens(kind: str, adapter_for: MakeAdapter) -> None:
    for host in ("127.0.0.1", "localhost"):
        adapter = adapter_for(kind, base_url=f"http://{host}:9")
        with pytest.raises(errors.NetworkError) as caught:
            await collect(adapter.stream(request_for("ok")))
        assert caught.value.detail == "Connection refused"


@every
async def test_closing_closes_the_connection(
    kind: str, adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    async with aclosing(adapter_for(kind).stream(request_for("hang-after-2"))) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break

    await _until(lambda: upstream.timeline[1]["end"] == "closed by client")


@every
async def test_cancelling_closes_the_connection(
    kind: str, adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    task = asyncio.create_task(collect(adapter_for(kind).stream(request_for("hang"))))
    await _until(lambda: bool(upstream.timeline))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await _until(lambda: upstream.timeline[1]["end"] == "closed by client")


@every
async def test_stopping_one_while_the_client_is_made_stops_no_other(
    kind: str, adapter_for: MakeAdapter
) -> None:
    first = asyncio.create_task(collect(adapter_for(kind).stream(request_for("ok"))))
    second = asyncio.create_task(collect(adapter_for(kind).stream(request_for("ok"))))
    await asyncio.sleep(0)
    first.cancel()

    assert text_of(await second) == ANSWER
    assert first.cancelled()


@every
async def test_lists_models(kind: str, adapter_for: MakeAdapter) -> None:
    models = await adapter_for(kind).list_models()

    assert models[0].id == "ok"
    assert {"echo", "hang"} < {model.id for model in models}


async def test_openai_prompt(adapter_for: MakeAdapter, upstream: Upstream) -> None:
    await collect(adapter_for("openai").stream(_full_request()))

    [body] = upstream.completions
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,UE5H"}}
    assert body == {
        "model": "ok",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "One"},
            {"role": "assistant", "content": "Two"},
            {"role": "user", "content": [{"type": "text", "text": "Three"}, image]},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
        "top_p": 0.25,
        "max_tokens": 99,
    }


async def test_anthropic_prompt(adapter_for: MakeAdapter, upstream: Upstream) -> None:
    await collect(adapter_for("anthropic").stream(_full_request()))

    [body] = upstream.completions
    data = base64.b64encode(b"PNG").decode()
    source = {"type": "base64", "media_type": "image/png", "data": data}
    assert body == {
        "model": "ok",
        "system": [{"type": "text", "text": "Be brief."}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "One"}]},
            {"role": "assistant", "content": [{"type": "text", "text": "Two"}]},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Three"},
                    {"type": "image", "source": source, "cache_control": {"type": "ephemeral"}},
                ],
            },
        ],
        "stream": True,
        "temperature": 0.5,
        "top_p": 0.25,
        "max_tokens": 99,
    }


async def test_nothing_is_added_to_a_plain_prompt(
    adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    for kind in ("openai", "anthropic"):
        await collect(adapter_for(kind).stream(request_for("ok", "Hi")))

    first, second = upstream.completions
    assert first["messages"] == [{"role": "user", "content": "Hi"}]
    assert set(first) == {"model", "messages", "stream", "stream_options"}
    assert set(second) == {"model", "messages", "stream", "max_tokens"}


@every
async def test_connections_are_used_again(
    kind: str, adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    for _ in range(3):
        await collect(adapter_for(kind).stream(request_for("ok")))

    assert upstream.connections_made == 1


@pytest.mark.parametrize("kind", ["openai", "openai_compatible"])
async def test_a_server_without_a_key_gets_none(
    kind: str, adapter_for: MakeAdapter, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-site-00000000")

    await collect(adapter_for(kind, key="").stream(request_for("ok")))

    assert "authorization" not in upstream.requests[0]["headers"]


@pytest.mark.parametrize("kind", ["openai", "anthropic", "openai_compatible"])
async def test_what_the_environment_holds_stays_from_users_connections(
    kind: str,
    adapter_for: MakeAdapter,
    upstream: Upstream,
    monkeypatch: pytest.MonkeyPatch,
    settings: object,
) -> None:
    settings.PROVIDER_ALLOW_PRIVATE = True  # type: ignore[attr-defined]
    custom = "X-Site-Secret: hush\nAuthorization: Bearer hush\nX-Api-Key: hush"
    for name in ("OPENAI", "ANTHROPIC"):
        monkeypatch.setenv(f"{name}_CUSTOM_HEADERS", custom)
        monkeypatch.setenv(f"{name}_API_KEY", "hush")
        monkeypatch.setenv(f"{name}_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_ORG_ID", "hush")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "hush")

    await collect(adapter_for(kind, trusted=False).stream(request_for("ok")))

    assert "hush" not in str(upstream.requests[0]["headers"])
    assert KEY in str(upstream.requests[0]["headers"])
    assert "x-stainless-os" not in upstream.requests[0]["headers"]


def _full_request() -> CompletionRequest:
    return CompletionRequest(
        model="ok",
        system="Be brief.",
        messages=(
            PromptMessage("user", (Text("One"),)),
            PromptMessage("assistant", (Text("Two"),)),
            PromptMessage("user", (Text("Three"), Image(b"PNG", "image/png"))),
        ),
        parameters=Parameters(temperature=0.5, top_p=0.25, max_tokens=99),
    )


async def _until(condition: Callable[[], bool]) -> None:
    """The upstream runs in another thread and has no event to wait for."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
