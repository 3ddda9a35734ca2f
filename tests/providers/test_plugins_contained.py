"""What a plug-in does wrong while it runs stays inside it."""

import asyncio
import logging

import pytest

from providers import registry
from providers.contract import DownloadingAdapter, DownloadProgress
from providers.errors import CutStreamError, PluginFailedError, RateLimitedError
from providers.types import Finish, ModelInfo, TextDelta, Usage
from tests.providers.conftest import collect, request_for
from tests.providers.packages import PARROT, WORKING, Install, with_change


def test_faults_of_a_running_plugin_are_provider_errors(
    install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    fault = "raise ValueError(f'bad header {self.connection.api_key}')"
    source = with_change('yield TextDelta("Polly says: ")', fault)
    install(source.replace('return [ModelInfo(id="polly", name="Polly")]', fault))
    adapter = registry.make_adapter("parrot", PARROT)

    for call in (
        lambda: collect(adapter.stream(request_for("polly"))),
        adapter.list_models,
        adapter.check_key,
    ):
        with pytest.raises(PluginFailedError) as caught:
            asyncio.run(call())
        assert caught.value.detail == "ValueError: bad header …"
    told = [r.getMessage() for r in caplog.records if r.levelno > logging.DEBUG]
    faults = [line for line in told if line.startswith("The plug-in parrot failed at ")]
    assert len(faults) == 3
    assert all(line.endswith(": ValueError") for line in faults)
    assert "bad header" not in "".join(told), "its words may quote what was asked"
    assert PARROT.api_key not in caplog.text


@pytest.mark.parametrize(
    "fault",
    [
        "import sys; sys.exit(1)",
        "1 / 0",
        "yield 'text'",
        "yield TextDelta(None)",
        "raise StopAsyncIteration",
        "return",
    ],
)
async def test_whatever_a_stream_does_wrong_is_a_provider_error(
    install: Install, fault: str
) -> None:
    install(with_change('yield TextDelta("Polly says: ")', fault))

    with pytest.raises(CutStreamError if fault == "return" else PluginFailedError):
        await collect(registry.make_adapter("parrot", PARROT).stream(request_for("polly")))


async def test_what_a_plugin_says_can_be_stored(install: Install) -> None:
    source = with_change(
        'yield TextDelta("Polly says: ")', r'yield TextDelta(""); yield TextDelta("a\0b\ud83d")'
    )
    source = source.replace("output_tokens=4", "output_tokens='many', cost_micros=-1")
    source = source.replace('Finish("stop")', 'Finish(None)\n        yield TextDelta("more")')
    install(source)

    events = await collect(registry.make_adapter("parrot", PARROT).stream(request_for("m")))
    assert events == [TextDelta("ab�"), TextDelta("Hello"), Usage(3, 0), Finish("other")]


async def test_a_plugins_own_provider_errors_stay_but_hold_no_key(install: Install) -> None:
    source = with_change(
        'yield TextDelta("Polly says: ")',
        "raise RateLimitedError(self.connection.api_key, retry_after=float('nan'))",
    )
    install(source)

    with pytest.raises(RateLimitedError) as caught:
        await collect(registry.make_adapter("parrot", PARROT).stream(request_for("m")))
    assert caught.value.args == ("…",)
    assert caught.value.as_dict()["detail"] == "…"
    assert caught.value.as_dict()["retry_after"] is None


@pytest.mark.parametrize(
    ("models", "expected"),
    [
        (
            "[ModelInfo(id='a', context_window=-1, accepts_images='yes', input_price=1.5)]",
            [ModelInfo(id="a")],
        ),
        (
            "[ModelInfo(id='a'), ModelInfo(id='a'), ModelInfo(id=''), ModelInfo(id='x' * 201)]",
            [ModelInfo(id="a")],
        ),
        (r"(ModelInfo(id='a\0', name='\ud83d') for _ in '1')", [ModelInfo(id="a", name="�")]),
    ],
)
async def test_models_that_a_plugin_lists_can_be_stored(
    install: Install, models: str, expected: list[ModelInfo]
) -> None:
    install(with_change('[ModelInfo(id="polly", name="Polly")]', models))

    assert await registry.make_adapter("parrot", PARROT).list_models() == expected


@pytest.mark.parametrize("models", ["None", "['polly']", "7"])
async def test_what_is_no_list_of_models_is_a_fault(install: Install, models: str) -> None:
    install(with_change('[ModelInfo(id="polly", name="Polly")]', models))

    with pytest.raises(PluginFailedError):
        await registry.make_adapter("parrot", PARROT).list_models()


def test_a_plugin_whose_making_fails_is_a_provider_error(install: Install) -> None:
    install(WORKING + "\n    def __init__(self, connection):\n        raise ValueError('no perch')")

    with pytest.raises(PluginFailedError, match="no perch"):
        registry.make_adapter("parrot", PARROT)


async def test_faults_of_a_download_stay_inside_the_plugin(install: Install) -> None:
    source = with_change("class Plugin(Adapter)", "class Plugin(DownloadingAdapter)")
    source = source.replace("import Adapter\n", "import DownloadingAdapter, DownloadProgress\n")
    install(
        source + "\n    async def download(self, model):\n"
        "        yield DownloadProgress('half \\ud83d', 1, 2)\n"
        "        raise SystemExit\n"
    )
    adapter = registry.make_adapter("parrot", PARROT)
    assert isinstance(adapter, DownloadingAdapter)

    steps = adapter.download("polly")
    assert await anext(steps) == DownloadProgress("half �", 1, 2)
    with pytest.raises(PluginFailedError):
        await anext(steps)
