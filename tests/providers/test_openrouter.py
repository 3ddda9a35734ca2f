"""What is OpenRouter's alone: catalogue, routing, attribution, cost, errors, the check of a key."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from providers import errors
from providers.adapters.openrouter import OpenRouterAdapter
from providers.contract import Adapter
from providers.options import clean_options
from providers.types import (
    CompletionRequest,
    Connection,
    Event,
    File,
    ModelInfo,
    Parameters,
    PromptMessage,
    Text,
    Usage,
)
from tests.providers.conftest import KEY, collect, request_for, text_of
from tests.upstream import Upstream
from tests.upstream_modes import ANSWER
from tests.upstream_openrouter import AUTO, PAINTER

MakeAdapter = Callable[..., Adapter]


async def sent(adapter: Adapter, upstream: Upstream, **options: Any) -> dict[str, Any]:
    """What is sent beside model, messages and stream, with options that the adapter really has."""
    request = CompletionRequest(
        "ok",
        (PromptMessage("user", (Text("Hi"),)),),
        options=clean_options(adapter.options, options),
    )
    await collect(adapter.stream(request))
    body: dict[str, Any] = upstream.completions[-1]
    return {
        name: value for name, value in body.items() if name not in ("model", "messages", "stream")
    }


async def test_catalogue(adapter_for: MakeAdapter) -> None:
    models = {model.id: model for model in await adapter_for("openrouter").list_models()}

    assert models["ok"] == ModelInfo(
        id="ok",
        name="Example: Ok",
        context_window=128_000,
        max_output=16_384,
        accepts_images=True,
        accepts_files=False,
        supports_tools=True,
        reasons=True,
        input_price=Decimal("2.5"),
        output_price=Decimal(10),
        cached_input_price=Decimal("0.25"),
        cache_write_price=Decimal("3.125"),
    )
    assert str(models["ok"].output_price) == "10", "as people write it, not 1E+1"


async def test_what_depends_is_unknown_and_what_only_paints_is_left_out(
    adapter_for: MakeAdapter,
) -> None:
    models = {model.id: model for model in await adapter_for("openrouter").list_models()}

    auto = models[AUTO]
    assert auto.input_price is auto.output_price is auto.cached_input_price is None
    assert PAINTER not in models


@pytest.mark.parametrize(
    ("price", "per_million"),
    [
        ("0", Decimal(0)),
        ("0.00000000", Decimal(0)),
        ("0.000003", Decimal(3)),
        (0.000003, Decimal(3)),
        ("1e-6", Decimal(1)),
        ("-1", None),
        (-1, None),
        ("NaN", None),
        ("Infinity", None),
        ("1e99999999", None),
        ("2", None),
        ("free", None),
        ("", None),
        ("0." + "0" * 4000 + "1", None),
        (True, None),
        (None, None),
        (["0.1"], None),
    ],
)
async def test_prices(
    price: object, per_million: Decimal | None, adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    upstream.listing = {"data": [{"id": "m", "pricing": {"prompt": price}}]}

    [model] = await adapter_for("openrouter").list_models()

    assert model == ModelInfo(id="m", input_price=per_million)


@pytest.mark.parametrize(
    "row",
    [
        {"pricing": "cheap", "architecture": [], "top_provider": 7, "supported_parameters": "all"},
        {"architecture": {"input_modalities": "image", "output_modalities": None}},
        {"top_provider": {"context_length": "128000", "max_completion_tokens": -5}},
        {"context_length": 1.5},
    ],
)
async def test_what_is_of_another_type_says_nothing(
    row: dict[str, Any], adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    upstream.listing = {"data": [{"id": "m", **row}]}

    assert await adapter_for("openrouter").list_models() == [ModelInfo(id="m")]


async def test_the_key_itself_is_asked_for(adapter_for: MakeAdapter, upstream: Upstream) -> None:
    await adapter_for("openrouter").check_key()
    with pytest.raises(errors.AuthenticationError, match="Incorrect API key provided"):
        await adapter_for("openrouter", key="wrong").check_key()

    assert [entry["path"] for entry in upstream.requests] == ["/api/v1/key"] * 2
    assert await adapter_for("openrouter", key="wrong").list_models(), "its list is for anybody"


@pytest.mark.parametrize("trusted", [True, False])
async def test_attribution_goes_to_openrouter_alone(
    trusted: bool,
    adapter_for: MakeAdapter,
    upstream: Upstream,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> None:
    settings.PROVIDER_ALLOW_PRIVATE = True
    settings.ALLOWED_HOSTS = ["chat.private.example.org"]
    await collect(adapter_for("openrouter", trusted=trusted).stream(request_for("ok")))
    monkeypatch.setattr(OpenRouterAdapter, "default_base_url", f"{upstream.url}/api/v1")
    # Another connection: clients are kept for each.
    at_home = adapter_for("openrouter", trusted=trusted, key=KEY + "1")
    await collect(at_home.stream(request_for("ok")))

    away, home = (entry["headers"] for entry in upstream.requests)
    names = ("http-referer", "x-openrouter-title")
    assert not set(names) & set(away)
    assert [home[name] for name in names] == ["https://parley.example", "Parley"]
    assert "private" not in str(home)


def test_where_it_is() -> None:
    adapter = OpenRouterAdapter(Connection(slug="openrouter", api_key=KEY))

    assert adapter.base_url == "https://openrouter.ai/api/v1"
    assert adapter.is_home


async def test_a_plain_request(adapter_for: MakeAdapter, upstream: Upstream) -> None:
    assert await sent(adapter_for("openrouter"), upstream) == {}


async def test_parameters(adapter_for: MakeAdapter, upstream: Upstream) -> None:
    request = CompletionRequest(
        "ok",
        (PromptMessage("user", (Text("Hi"),)),),
        parameters=Parameters(temperature=0.5, top_p=0.25, max_tokens=99),
    )
    await collect(adapter_for("openrouter").stream(request))

    [body] = upstream.completions
    values = {"temperature": 0.5, "top_p": 0.25, "max_tokens": 99}
    assert {name: body[name] for name in values} == values


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ({"reasoning_effort": "high"}, {"reasoning": {"effort": "high"}}),
        ({"reasoning_tokens": 2000}, {"reasoning": {"max_tokens": 2000}}),
        (
            {"reasoning_tokens": 2000, "reasoning_effort": "low"},
            {"reasoning": {"max_tokens": 2000}},
        ),
        (
            {"reasoning": True, "show_reasoning": False},
            {"reasoning": {"enabled": True, "exclude": True}},
        ),
        ({"reasoning": False}, {"reasoning": {"enabled": False}}),
        ({"verbosity": "low"}, {"verbosity": "low"}),
        ({"sort": "throughput"}, {"provider": {"sort": "throughput"}}),
        (
            {
                "provider": {"order": ["anthropic"], "max_price": {"prompt": 1}, "zdr": False},
                "data_collection": "deny",
                "zdr": True,
                "allow_fallbacks": False,
            },
            {
                "provider": {
                    "order": ["anthropic"],
                    "max_price": {"prompt": 1},
                    "zdr": True,
                    "data_collection": "deny",
                    "allow_fallbacks": False,
                }
            },
        ),
        (
            {"context_compression": True},
            {"plugins": [{"id": "context-compression", "enabled": True}]},
        ),
    ],
)
async def test_options(
    options: dict[str, Any], body: dict[str, Any], adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    assert await sent(adapter_for("openrouter"), upstream, **options) == body


def test_a_chat_cannot_undo_what_the_connection_says_of_data() -> None:
    fixed = {option.name for option in OpenRouterAdapter.options if not option.per_chat}

    assert {"data_collection", "zdr", "provider"} <= fixed


async def test_the_cost_is_told(adapter_for: MakeAdapter) -> None:
    events = await collect(adapter_for("openrouter").stream(request_for("ok")))

    usage = [event for event in events if isinstance(event, Usage)][-1]
    assert usage.cost_micros == 140
    assert (usage.input_tokens, usage.cached_tokens, usage.reasoning_tokens) == (11, 4, 2)


@pytest.mark.parametrize(
    ("usage", "micros"),
    [
        ({"cost": 0}, 0),
        ({"cost": 0.1}, 100_000),
        ({"cost": "0.25"}, 250_000),
        ({"cost": 1e-9}, 0),
        ({"cost": -1}, None),
        ({"cost": True}, None),
        ({"cost": float("nan")}, None),
        ({"cost": 1e300}, None),
        ({"cost": {"usd": 1}}, None),
        ({}, None),
        (
            {
                "cost": 0.01,
                "is_byok": True,
                "cost_details": {"upstream_inference_cost": 0.2},
            },
            210_000,
        ),
        ({"cost": 0.01, "is_byok": True, "cost_details": None}, None),
        ({"cost": 0.01, "is_byok": False, "cost_details": {"upstream_inference_cost": 9}}, 10_000),
    ],
)
def test_costs(usage: dict[str, Any], micros: int | None) -> None:
    adapter = OpenRouterAdapter(Connection(slug="openrouter"))
    counted = {"prompt_tokens": 3, "completion_tokens": 4, **usage}

    [found] = adapter.make_decoder(request_for("ok")).feed({"usage": counted})

    assert found == Usage(3, 4, cost_micros=micros)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("400", errors.BadRequestError),
        ("402", errors.QuotaExhaustedError),
        ("408", errors.ProviderTimeoutError),
        ("429", errors.RateLimitedError),
        ("502", errors.OverloadedError),
        ("999", errors.OverloadedError),
    ],
)
async def test_errors_in_the_middle_are_told_by_their_number(
    code: str, error: type[errors.ProviderError], adapter_for: MakeAdapter
) -> None:
    events: list[Event] = []
    stream = adapter_for("openrouter").stream(request_for(f"error-event-{code}"))
    with pytest.raises(errors.ProviderError) as caught:
        await collect(stream, events)

    assert type(caught.value) is error
    assert caught.value.detail == "Provider returned error: The model fell over."
    assert text_of(events) == "Before this. "


async def test_an_end_by_error_without_words_is_an_error() -> None:
    decoder = OpenRouterAdapter(Connection(slug="openrouter")).make_decoder(request_for("ok"))

    with pytest.raises(errors.OverloadedError):
        list(decoder.feed({"choices": [{"delta": {"content": ""}, "finish_reason": "error"}]}))


async def test_comments_are_passed_over(adapter_for: MakeAdapter) -> None:
    events = await collect(adapter_for("openrouter").stream(request_for("byte-by-byte")))

    assert "PROCESSING" not in text_of(events)
    assert text_of(await collect(adapter_for("openrouter").stream(request_for("ok")))) == ANSWER


async def test_a_file_is_read_by_the_model_itself(
    adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    """And not by a service that costs extra."""
    paper = File(b"%PDF-1.4", "application/pdf", "a.pdf")
    await collect(
        adapter_for("openrouter").stream(
            CompletionRequest("ok", (PromptMessage("user", (paper, Text("Hi"))),))
        )
    )

    [body] = upstream.completions
    assert body["plugins"] == [{"id": "file-parser", "pdf": {"engine": "native"}}]
    assert body["messages"][0]["content"][0] == {
        "type": "file",
        "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0xLjQ="},
    }
