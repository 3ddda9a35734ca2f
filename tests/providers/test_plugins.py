"""Plug-ins: which are used, which are left out and why, and that none does harm."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from chats import conversations
from chats.models import Message
from chats.pacing import Pacer
from chats.run import Run
from providers import catalogue, connections, keys, refresh, registry
from providers.contract import DownloadingAdapter, DownloadProgress
from providers.errors import CutStreamError, PluginFailedError, RateLimitedError
from providers.models import ApiKey, ModelList
from providers.plugins import PluginProblem, Plugins
from providers.types import Connection, Finish, ModelInfo, TextDelta, Usage
from tests.providers.conftest import collect, request_for
from tests.providers.packages import WORKING, Package

CONNECTION = Connection(slug="parrot", api_key="squawk-1234567890", base_url="https://parrot.test")
Install = Callable[..., Package]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs packages; the registry knows those of this test only."""
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins = Plugins(reserved=frozenset(registry.BUILT_IN), path=[str(tmp_path)])
    monkeypatch.setattr(registry, "plugins", plugins)
    modules = set(sys.modules)
    yield lambda *args, **options: Package(tmp_path, *args, **options)
    for name in set(sys.modules) - modules:
        if name.startswith("plugin_"):
            del sys.modules[name]


def with_change(old: str, new: str) -> str:
    """The working plug-in, spoilt."""
    assert old in WORKING
    return WORKING.replace(old, new)


def why(reason: str) -> tuple[PluginProblem, ...]:
    """The one problem there is."""
    return (PluginProblem("parrot", "parley-provider-parrot", reason),)


async def test_a_plugin_is_a_kind_like_the_others(install: Install) -> None:
    install()

    assert registry.kinds() == (*registry.BUILT_IN, "parrot")
    assert registry.problems() == ()
    adapter = registry.make_adapter("parrot", CONNECTION)
    assert (adapter.kind, adapter.label) == ("parrot", "Parrot")
    events = await collect(adapter.stream(request_for("polly", "Hello")))
    assert events == [
        TextDelta("Polly says: "), TextDelta("Hello"), Usage(3, 4), Finish("stop"),
    ]  # fmt: skip
    assert await adapter.list_models() == [ModelInfo(id="polly", name="Polly")]


def test_a_plugin_is_imported_when_it_is_asked_for(install: Install) -> None:
    parrot = install()
    other = install(name="other", entry_points={"other": "Plugin"})

    assert registry.adapter_class("openai").kind == "openai"
    assert not registry.is_known("nobody")
    assert parrot.module not in sys.modules
    assert registry.is_known("parrot")
    assert parrot.module in sys.modules
    assert other.module not in sys.modules


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise RuntimeError('no such bird')", "RuntimeError: no such bird"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("import no_such_module", "No module named 'no_such_module'"),
        ("def broken(:", "SyntaxError"),
        ("Other = 1", "has no attribute 'Plugin'"),
        ("Plugin = dict", "no subclass of providers.contract.Adapter"),
        ("def Plugin(): pass", "no subclass of providers.contract.Adapter"),
        (with_change("async def stream", "async def stroam"), "It lacks stream."),
        (with_change('"parrot"', '"cockatoo"'), "Its `kind` is 'cockatoo'."),
        (with_change('    kind = "parrot"\n', ""), "`kind` must be small letters"),
        (with_change('"Parrot"', '""'), "`label` must be words"),
        (with_change('"Parrot"', "None"), "`label` must be words"),
        (with_change('    label = "Parrot"\n', ""), "`label` must be words"),
        (with_change("needs_key = False", "needs_key = 'no'"), "`needs_key` must be"),
        (
            with_change("needs_key = False", "default_base_url = 'file:///x'"),
            "`default_base_url` must be",
        ),
        (with_change("needs_key = False", "preferred_models = 'polly'"), "`preferred_models`"),
        (with_change("needs_key = False", "options = 'loud'"), "`options` must be"),
        (
            with_change("needs_key = False", "options = (Option('loud', 'Loud', 'boolean'),) * 2"),
            "There are 2 options named 'loud'.",
        ),
        (
            with_change(
                "needs_key = False",
                "options = (Option('loud', 'Loud', 'integer', maximum=3, default=4),)",
            ),
            "Option 'loud': its default is not valid",
        ),
        (
            with_change("needs_key = False", "options = (Option('loud', 'Loud', 'choice'),)"),
            "Option 'loud': choices belong to the type choice",
        ),
        (
            with_change("needs_key = False", "options = (Option('loud', 'Loud', 'voice'),)"),
            "Option 'loud': its type must be one of",
        ),
    ],
)
def test_a_broken_plugin_is_named_once_and_left_out(
    install: Install, caplog: pytest.LogCaptureFixture, source: str, reason: str
) -> None:
    install(source)
    install(with_change('"parrot"', '"budgie"'), name="good", entry_points={"budgie": "Plugin"})

    assert registry.kinds() == (*registry.BUILT_IN, "budgie")
    assert not registry.is_known("parrot")
    with pytest.raises(KeyError):
        registry.adapter_class("parrot")
    (problem,) = registry.problems()
    assert (problem.kind, problem.distribution) == ("parrot", "parley-provider-parrot")
    assert reason in problem.reason
    (record,) = [r for r in caplog.records if "left out" in r.message]
    assert record.levelname == "ERROR"
    assert record.exc_info is None
    assert problem.distribution in record.message
    assert problem.reason in record.message


def test_a_reason_holds_no_key(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    install("raise ValueError('bad key sk-0123456789abcdef')")

    (problem,) = registry.problems()
    assert problem.reason == "It cannot be imported: ValueError: bad key sk-…"
    assert "0123456789abcdef" not in caplog.text


@pytest.mark.parametrize("kind", ["Parrot", "par-rot", "1parrot", "p" * 41, "papageien.ä"])
def test_a_name_that_is_no_slug_is_left_out_without_an_import(install: Install, kind: str) -> None:
    package = install(entry_points={kind: "Plugin"})

    (problem,) = registry.problems()
    assert "small letters" in problem.reason
    assert registry.kinds() == tuple(registry.BUILT_IN)
    assert package.module not in sys.modules


def test_a_plugin_does_not_replace_what_is_built_in(install: Install) -> None:
    package = install(with_change('"parrot"', '"openai"'), entry_points={"openai": "Plugin"})

    (problem,) = registry.problems()
    assert problem.reason == "Parley has a provider of this name."
    assert registry.adapter_class("openai").__module__ == "providers.adapters.openai"
    assert registry.kinds() == tuple(registry.BUILT_IN)
    assert package.module not in sys.modules


def test_of_two_with_one_name_none_is_used(install: Install) -> None:
    packages = [install(name="first"), install(name="second")]

    assert [problem.distribution for problem in registry.problems()] == ["first", "second"]
    assert not registry.is_known("parrot")
    assert not [package for package in packages if package.module in sys.modules]


def test_entry_points_that_cannot_be_read_are_named(install: Install, tmp_path: Path) -> None:
    install(name="good")
    broken = tmp_path / "broken-1.dist-info"
    broken.mkdir()
    broken.joinpath("METADATA").write_text("Name: broken\nVersion: 1\n")
    broken.joinpath("entry_points.txt").write_text("[parley.providers]\nno sign of equality\n")

    assert registry.is_known("parrot")
    (problem,) = registry.problems()
    assert (problem.kind, problem.distribution) == ("", "broken")
    assert "cannot be read" in problem.reason


def test_faults_of_a_running_plugin_are_provider_errors(
    install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    fault = "raise ValueError(f'bad header {self.connection.api_key}')"
    source = with_change('yield TextDelta("Polly says: ")', fault)
    install(source.replace('return [ModelInfo(id="polly", name="Polly")]', fault))
    adapter = registry.make_adapter("parrot", CONNECTION)

    for call in (
        lambda: collect(adapter.stream(request_for("polly"))),
        adapter.list_models,
        adapter.check_key,
    ):
        with pytest.raises(PluginFailedError) as caught:
            asyncio.run(call())
        assert caught.value.detail == "ValueError: bad header …"
    assert caplog.text.count("The plug-in parrot failed at ") == 3
    assert "ValueError: bad header …" in caplog.text
    assert CONNECTION.api_key not in caplog.text


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
        await collect(registry.make_adapter("parrot", CONNECTION).stream(request_for("polly")))


async def test_what_a_plugin_says_can_be_stored(install: Install) -> None:
    source = with_change(
        'yield TextDelta("Polly says: ")', r'yield TextDelta(""); yield TextDelta("a\0b\ud83d")'
    )
    source = source.replace("output_tokens=4", "output_tokens='many', cost_micros=-1")
    source = source.replace('Finish("stop")', 'Finish(None)\n        yield TextDelta("more")')
    install(source)

    events = await collect(registry.make_adapter("parrot", CONNECTION).stream(request_for("m")))
    assert events == [TextDelta("ab�"), TextDelta("Hello"), Usage(3, 0), Finish("other")]


async def test_a_plugins_own_provider_errors_stay_but_hold_no_key(install: Install) -> None:
    source = with_change(
        'yield TextDelta("Polly says: ")',
        "raise RateLimitedError(self.connection.api_key, retry_after=float('nan'))",
    )
    install(source)

    with pytest.raises(RateLimitedError) as caught:
        await collect(registry.make_adapter("parrot", CONNECTION).stream(request_for("m")))
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

    assert await registry.make_adapter("parrot", CONNECTION).list_models() == expected


@pytest.mark.parametrize("models", ["None", "['polly']", "7"])
async def test_what_is_no_list_of_models_is_a_fault(install: Install, models: str) -> None:
    install(with_change('[ModelInfo(id="polly", name="Polly")]', models))

    with pytest.raises(PluginFailedError):
        await registry.make_adapter("parrot", CONNECTION).list_models()


def test_a_plugin_whose_making_fails_is_a_provider_error(install: Install) -> None:
    install(WORKING + "\n    def __init__(self, connection):\n        raise ValueError('no perch')")

    with pytest.raises(PluginFailedError, match="no perch"):
        registry.make_adapter("parrot", CONNECTION)


async def test_faults_of_a_download_stay_inside_the_plugin(install: Install) -> None:
    source = with_change("class Plugin(Adapter)", "class Plugin(DownloadingAdapter)")
    source = source.replace("import Adapter\n", "import DownloadingAdapter, DownloadProgress\n")
    install(
        source + "\n    async def download(self, model):\n"
        "        yield DownloadProgress('half \\ud83d', 1, 2)\n"
        "        raise SystemExit\n"
    )
    adapter = registry.make_adapter("parrot", CONNECTION)
    assert isinstance(adapter, DownloadingAdapter)

    steps = adapter.download("polly")
    assert await anext(steps) == DownloadProgress("half �", 1, 2)
    with pytest.raises(PluginFailedError):
        await anext(steps)


@pytest.fixture
def parrot_key(owner: User, settings: Any) -> Callable[[], ApiKey]:
    """Adds a key for the plug-in that is installed by then."""
    settings.PROVIDER_ALLOW_PRIVATE = True
    return lambda: keys.add_key(
        user=owner, provider="parrot", key_name="Bird", key="", base_url="https://parrot.test"
    )


@pytest.mark.django_db(transaction=True)
def test_a_refresh_stores_why_a_plugin_failed(
    install: Install, parrot_key: Callable[[], ApiKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "_start", lambda source: None)
    install(
        with_change('return [ModelInfo(id="polly", name="Polly")]', "raise ValueError('moult')")
    )
    key = parrot_key()

    assert keys.check_key(key=key) == "The plug-in failed. ValueError: moult"
    assert ModelList.objects.get(api_key=key).error == "The plug-in failed. ValueError: moult"


@pytest.mark.django_db(transaction=True)
async def test_a_reply_says_that_the_plugin_failed(
    install: Install, owner: User, owner_client: Client, parrot_key: Callable[[], ApiKey]
) -> None:
    install(with_change("yield Usage(input_tokens=3, output_tokens=4)", "1 / 0"))
    await asyncio.to_thread(parrot_key)

    def ask() -> Message:
        posted = conversations.start_conversation(user=owner, content="Hi", model="parrot/polly")
        return posted.reply

    reply = await asyncio.to_thread(ask)
    await Run(reply.id, runner_id="here", pacer=Pacer()).execute()
    ended = await Message.objects.aget(id=reply.id)
    assert ended.status == Message.Status.FAILED
    assert ended.content == "Polly says: Hi"
    assert ended.error is not None
    assert ended.error["kind"] == "plugin_failed"
    assert ended.error["message"] == "The plug-in failed."
    assert ended.error["detail"] == "ZeroDivisionError: division by zero"


def test_pages_live_on_when_a_plugin_was_removed(
    install: Install,
    owner: User,
    owner_client: Client,
    parrot_key: Callable[[], ApiKey],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(refresh, "_start", lambda source: None)
    install()
    key = parrot_key()
    model = f"{key.slug}/polly"
    posted = conversations.start_conversation(user=owner, content="Hi", model=model)
    monkeypatch.setattr(registry, "plugins", Plugins(reserved=(), path=[]))

    assert key.slug not in [source.slug for source in connections.sources_for(owner)]
    assert catalogue.models_for(owner)
    assert connections.find_source(key.slug, user=owner) is None
    for page in ("/", f"/c/{posted.question.conversation_id}/", "/settings/providers/"):
        assert owner_client.get(page).status_code == 200, page
    assert keys.check_key(key=key) == "The plug-in failed. It is not installed."
