"""What the Ollama adapter makes of a server's models, and how it has them fetched."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from providers import errors
from providers.adapters import ollama as module
from providers.adapters.ollama import OllamaAdapter
from providers.contract import DownloadProgress
from providers.types import ModelInfo
from tests.ollama_upstream import OllamaUpstream

MakeAdapter = Callable[..., OllamaAdapter]


async def test_an_answer_that_is_read_whole_is_bounded(
    ollama_adapter: MakeAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("providers.adapters.ollama_client.MAX_BYTES", 500)

    with pytest.raises(errors.MalformedStreamError, match="over 500 bytes"):
        await ollama_adapter().list_models()


def by_name(models: list[ModelInfo]) -> dict[str, ModelInfo]:
    return {model.id: model for model in models}


@pytest.mark.parametrize("is_old", [False, True])
async def test_models_with_what_they_can(
    is_old: bool, ollama_adapter: MakeAdapter, ollama: OllamaUpstream
) -> None:
    ollama.is_old = is_old
    models = by_name(await ollama_adapter().list_models())

    assert models["ok"] == ModelInfo(
        id="ok",
        context_window=131_072,
        accepts_images=True,
        accepts_files=False,
        supports_tools=True,
        reasons=True,
        input_price=Decimal(0),
        output_price=Decimal(0),
    )
    plain = models["plain:1b"]
    assert (plain.accepts_images, plain.supports_tools, plain.reasons) == (False, False, False)
    assert "embedder" not in models, "it cannot chat"
    assert models["far:120b-cloud"].input_price is None, "what the cloud costs is not known"
    assert bool(ollama.asked("/api/show")) is is_old, "asked only about what the list left out"


@pytest.mark.parametrize("show", ["fails", "hangs"])
async def test_what_cannot_be_asked_stays_unknown(
    show: str, ollama_adapter: MakeAdapter, ollama: OllamaUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHOW_LIMIT", 0.3)
    ollama.is_old, ollama.show = True, show
    models = by_name(await ollama_adapter().list_models())

    assert models["ok"] == ModelInfo(
        id="ok", accepts_files=False, input_price=Decimal(0), output_price=Decimal(0)
    )
    assert models["far:120b-cloud"].input_price is None


async def test_a_bounded_number_of_models_is_asked_about(
    ollama_adapter: MakeAdapter, ollama: OllamaUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_SHOWN", 3)
    ollama.is_old = True
    await ollama_adapter().list_models()

    assert len(ollama.asked("/api/show")) == 3


async def fetched(adapter: OllamaAdapter, model: str) -> list[DownloadProgress]:
    return [progress async for progress in adapter.download(model)]


async def test_download_adds_up_the_files(
    ollama_adapter: MakeAdapter, ollama: OllamaUpstream
) -> None:
    progress = await fetched(ollama_adapter(), "llama3.2:1b")

    assert progress[0] == DownloadProgress("pulling manifest")
    assert progress[1] == DownloadProgress("pulling aa", 1_000, 4_000)
    assert progress[-1] == DownloadProgress("success", 5_000, 5_000)
    assert ollama.asked("/api/pull") == [{"model": "llama3.2:1b", "stream": True}]
    assert "llama3.2:1b" in by_name(await ollama_adapter().list_models())


@pytest.mark.parametrize(
    ("model", "error", "words"),
    [
        ("fails", module.DownloadFailedError, "pull model manifest: file does not exist"),
        ("cut", errors.CutStreamError, ""),
        ("malformed", errors.MalformedStreamError, '{"status": "pull'),
    ],
)
async def test_downloads_that_fail(
    model: str, error: type[errors.ProviderError], words: str, ollama_adapter: MakeAdapter
) -> None:
    with pytest.raises(error) as caught:
        await fetched(ollama_adapter(), model)

    assert words in caught.value.detail
