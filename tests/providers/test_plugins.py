"""Plug-ins: which are used, which are left out and why."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from providers import plugins, registry
from providers.types import Finish, ModelInfo, TextDelta, Usage
from tests.providers.conftest import collect, request_for
from tests.providers.packages import PARROT, Install, with_change


async def test_a_plugin_is_a_kind_like_the_others(install: Install) -> None:
    install()

    assert registry.kinds() == (*registry.BUILT_IN, "parrot")
    assert registry.problems() == ()
    adapter = registry.make_adapter("parrot", PARROT)
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
        (
            with_change("needs_key = False", "default_base_url = 'https://['"),
            "`default_base_url` must be",
        ),
        (
            with_change("needs_key = False", "usual_base_url = 'http://x:99999'"),
            "`usual_base_url` must be",
        ),
        (
            with_change("needs_key = False", "key_page = 'javascript:alert(1)'"),
            "`key_page` must be",
        ),
        (with_change("needs_key = False", "key_page = 'http://polly.example'"), "`key_page` must"),
        (with_change("needs_key = False", "preferred_models = 'polly'"), "`preferred_models`"),
        (with_change("needs_key = False", "fixed_models = ('polly',)"), "`fixed_models`"),
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


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import threading; threading.Event().wait()", "has not ended after 0.3 seconds"),
        ("raise __import__('asyncio').CancelledError('me')", "CancelledError: me"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    ],
)
def test_one_that_hangs_or_stops_all_is_left_out_too(
    install: Install, monkeypatch: pytest.MonkeyPatch, source: str, reason: str
) -> None:
    monkeypatch.setattr(plugins, "IMPORT_LIMIT", 0.3)
    install(source)
    install(with_change('"parrot"', '"budgie"'), name="good", entry_points={"budgie": "Plugin"})

    assert registry.kinds() == (*registry.BUILT_IN, "budgie")
    (problem,) = registry.problems()
    assert reason in problem.reason


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


def test_threads_that_ask_at_once_get_one_answer(
    install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    install("import time; time.sleep(0.1); raise RuntimeError('slow and broken')")

    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(registry.kinds) for _ in range(8)]
    assert {answer.result() for answer in answers} == {tuple(registry.BUILT_IN)}
    assert caplog.text.count("left out") == 1
