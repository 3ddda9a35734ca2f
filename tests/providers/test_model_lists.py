"""Lists of models: of every shape that servers send, odd ones and hostile ones."""

from collections.abc import Callable
from typing import Any

import pytest

from providers import errors
from providers.adapters.model_lists import MOST_MODELS, compatible_model, read_models
from providers.contract import Adapter
from providers.types import ModelInfo
from tests.upstream import Upstream

MakeAdapter = Callable[..., Adapter]


def info_of(**row: Any) -> ModelInfo:
    """What a row of a list says."""
    [found] = read_models({"data": [{"id": "m", **row}]}, compatible_model)
    return found


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        ({"data": [{"id": "a"}, {"id": "b"}]}, ["a", "b"]),
        ({"data": ["a", "b"]}, ["a", "b"]),
        ({"models": [{"name": "a"}, {"model": "b"}]}, ["a", "b"]),
        ([{"id": "a"}, "b"], ["a", "b"]),
        ({"data": []}, []),
        ({"data": [{"id": "a"}, {"id": "b"}, {"id": "a"}]}, ["a", "b"]),
        ({"data": [None, 7, {"name": 7}, {}, {"id": ""}, {"id": "a"}]}, ["a"]),
        ({"data": [{"id": "x" * 201}, {"id": "y" * 200}]}, ["y" * 200]),
        ({"data": [{"id": "a\x00\x1b[31m\nb\u202e\ud83d"}]}, ["a [31m b \ufffd"]),
        ({"data": [{"id": "e", "type": "embeddings"}, {"id": "a", "type": "llm"}]}, ["a"]),
        ({"data": [{"id": "e", "capabilities": {"completion_chat": False}}, {"id": "a"}]}, ["a"]),
        ({"data": ["text-embedding-3-small", "whisper-1", "qwen2.5-7b-instruct"]}, None),
    ],
)
async def test_shapes(
    body: object, ids: list[str] | None, adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    upstream.listing = body

    models = await adapter_for("openai_compatible").list_models()

    assert [model.id for model in models] == (ids if ids is not None else ["qwen2.5-7b-instruct"])


@pytest.mark.parametrize("kind", ["openai", "openai_compatible", "openrouter"])
@pytest.mark.parametrize(
    "body",
    [{"data": "many"}, {"object": "list"}, "models", 7, {"data": [1, 2, {"id": 3}]}, {"data": {}}],
)
async def test_nonsense(
    kind: str, body: object, adapter_for: MakeAdapter, upstream: Upstream
) -> None:
    upstream.listing = body

    with pytest.raises(errors.MalformedStreamError):
        await adapter_for(kind).list_models()


async def test_more_models_than_anybody_lists(adapter_for: MakeAdapter, upstream: Upstream) -> None:
    upstream.listing = {"data": [f"m{number}" for number in range(MOST_MODELS + 5)]}

    models = await adapter_for("openai_compatible").list_models()

    assert [model.id for model in models] == [f"m{number}" for number in range(MOST_MODELS)]


async def test_a_list_without_end_is_given_up(adapter_for: MakeAdapter, upstream: Upstream) -> None:
    upstream.listing = {"data": ["x" * 1024 * 1024] * 17}

    with pytest.raises(errors.MalformedStreamError, match="larger than"):
        await adapter_for("openai_compatible").list_models()


async def test_openai_offers_what_can_chat(adapter_for: MakeAdapter, upstream: Upstream) -> None:
    upstream.listing = {
        "data": [
            {"id": name}
            for name in (
                "gpt-5.5",
                "o3-pro",
                "o3-deep-research-2025-06-26",
                "computer-use-preview",
                "gpt-4o-audio-preview",
                "gpt-3.5-turbo-instruct",
                "dall-e-3",
                "text-embedding-3-large",
                "ft:gpt-4o-mini:example::abc",
            )
        ]
    }

    models = await adapter_for("openai").list_models()

    assert [model.id for model in models] == ["gpt-5.5", "o3-pro", "ft:gpt-4o-mini:example::abc"]


def test_names() -> None:
    assert info_of(name="A \x07 name").name == "A name"
    assert info_of(display_name="A name", name="other").name == "A name"
    assert info_of(name="m").name == "", "it says no more than the id"
    assert info_of(name=["A"]).name == ""
    assert len(info_of(name="n" * 300).name) == 200


def test_of_two_with_one_id_the_first_is_meant() -> None:
    rows = [{"id": "m", "name": "First"}, {"id": "m", "name": "Second"}]

    assert read_models(rows, compatible_model) == [ModelInfo(id="m", name="First")]


@pytest.mark.parametrize(
    ("row", "known"),
    [
        ({"max_model_len": 8192}, {"context_window": 8192}),  # vLLM
        ({"meta": {"n_ctx_train": 32768}}, {"context_window": 32768}),  # llama.cpp
        ({"meta": {"n_ctx": 4096, "n_ctx_train": 32768}}, {"context_window": 4096}),
        ({"capabilities": ["completion", "multimodal"]}, {"accepts_images": True}),
        (  # LM Studio
            {"type": "vlm", "max_context_length": 131072, "capabilities": ["tool_use"]},
            {"accepts_images": True, "context_window": 131072, "supports_tools": True},
        ),
        (
            {"type": "llm", "max_context_length": 131072, "loaded_context_length": 4096},
            {"accepts_images": False, "context_window": 4096},
        ),
        (  # Groq
            {"context_window": 131072, "max_completion_tokens": 32768},
            {"context_window": 131072, "max_output": 32768},
        ),
        (  # Mistral
            {
                "max_context_length": 128000,
                "capabilities": {
                    "completion_chat": True,
                    "vision": True,
                    "function_calling": False,
                    "reasoning": True,
                },
            },
            {
                "context_window": 128000,
                "accepts_images": True,
                "supports_tools": False,
                "reasons": True,
            },
        ),
        ({"context_length": 4096, "type": "chat"}, {"context_window": 4096}),  # Together
        # What is of another type says nothing.
        ({"max_model_len": "8192", "meta": "n_ctx", "capabilities": "vision"}, {}),
        ({"max_model_len": True, "context_window": 0, "context_length": -1}, {}),
        ({"max_model_len": 10**15, "context_window": 1e9, "type": ["vlm"]}, {}),
        ({"capabilities": {"vision": "yes", "function_calling": 1}}, {}),
        ({"capabilities": [["vision"], {"vision": True}]}, {}),
    ],
)
def test_what_servers_say_of_their_models(row: dict[str, Any], known: dict[str, Any]) -> None:
    assert info_of(**row) == ModelInfo(id="m", **known)


def test_the_two_lists_of_llama_cpp() -> None:
    body = {
        "models": [{"name": "m.gguf", "capabilities": ["completion", "multimodal"]}],
        "data": [{"id": "m.gguf", "meta": {"n_ctx_train": 8192}}],
    }

    assert read_models(body, compatible_model) == [
        ModelInfo(id="m.gguf", context_window=8192, accepts_images=True)
    ]
