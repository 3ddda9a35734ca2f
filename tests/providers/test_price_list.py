"""The kept list of prices, read by a process of its own."""

import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest

from providers import price_list
from providers.price_list import filled, provider_at
from providers.types import ModelInfo

OPENAI = "https://api.openai.com/v1"


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(price_list, "_kept", {})


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was run."""
    run, calls = subprocess.run, []

    def counted(*arguments: Any, **options: Any) -> Any:
        calls.append((arguments, options))
        return run(*arguments, **options)

    monkeypatch.setattr(subprocess, "run", counted)
    return calls


def test_known_models_get_prices_and_a_context_window() -> None:
    known, unknown = filled([ModelInfo(id="gpt-4o"), ModelInfo(id="my-own")], OPENAI)

    assert (known.input_price, known.output_price) == (Decimal("2.5"), Decimal(10))
    assert known.cached_input_price == Decimal("1.25")
    assert known.context_window == 128_000
    assert (known.name, known.accepts_images, known.max_output) == ("", None, None)
    assert unknown == ModelInfo(id="my-own"), "unknown is not zero"


def test_what_the_provider_says_wins() -> None:
    [told] = filled([ModelInfo(id="gpt-4o", context_window=1, input_price=Decimal(7))], OPENAI)

    assert (told.context_window, told.input_price) == (1, Decimal(7))
    assert (told.output_price, told.cached_input_price) == (None, None), "not mixed with others'"


def test_prices_that_rise_with_the_length_hold_up_to_it() -> None:
    [model] = filled([ModelInfo(id="claude-sonnet-4-5")], "https://api.anthropic.com")

    assert (model.input_price, model.output_price) == (Decimal(3), Decimal(15))
    assert model.priced_up_to == 200_000
    assert model.cache_write_price == Decimal("3.75")


def test_models_charged_by_the_request_have_no_prices() -> None:
    [model] = filled([ModelInfo(id="sonar-pro")], "https://api.perplexity.ai")

    assert model.input_price is None


def test_it_is_asked_once(processes: list[Any]) -> None:
    many = [ModelInfo(id=f"gpt-{number}") for number in range(500)]
    filled([*many, ModelInfo(id="gpt-4o")], OPENAI)
    assert filled([ModelInfo(id="gpt-4o")], OPENAI)[0].input_price
    assert len(processes) == 1

    filled([ModelInfo(id="gpt-4o-mini")], OPENAI)
    assert len(processes) == 2


def test_its_process_is_told_no_secrets(
    processes: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    filled([ModelInfo(id="gpt-4o")], OPENAI)

    [(_arguments, options)] = processes
    assert "sk-planted" not in str(options)


@pytest.mark.parametrize(
    ("address", "provider"),
    [
        (OPENAI, "openai"),
        ("https://api.groq.com/openai/v1", "groq"),
        ("https://API.Mistral.ai:443/v1", "mistral"),
        ("https://openrouter.ai/api/v1", "openrouter"),
        ("http://api.openai.com/v1", ""),
        ("https://api.openai.com:8080/v1", ""),
        ("https://api.openai.com.example.org/v1", ""),
        ("https://example.org/api.openai.com", ""),
        ("https://api.openai.com@example.org/", ""),
        ("http://127.0.0.1:11434", ""),
        ("http://[::1", ""),
        ("https://host:port/", ""),
        ("", ""),
    ],
)
def test_only_the_exact_host_counts(address: str, provider: str) -> None:
    assert provider_at(address) == provider


def test_a_server_of_ones_own_stays_unknown(processes: list[Any]) -> None:
    model = ModelInfo(id="gpt-4o")

    assert filled([model], "http://192.168.1.5:8000/v1") == [model]
    assert not processes


@pytest.mark.parametrize("name", ["", "\n", '{"a": 1}', "half \ud83d", "x" * 100_000, "\u2028"])
def test_hostile_names(name: str) -> None:
    hostile, known = filled([ModelInfo(id=name), ModelInfo(id="gpt-4o")], OPENAI)

    assert hostile == ModelInfo(id=name)
    assert known.input_price


@pytest.mark.parametrize("fault", ["ends", "hangs", "babbles", "is absent"])
def test_without_the_list_models_stay_as_they_are(
    fault: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Any
) -> None:
    program = tmp_path / "python"
    act = {"ends": "exit 3", "hangs": "exec sleep 30", "babbles": "echo nonsense"}.get(fault)
    if act:
        program.write_text(f"#!/bin/sh\n{act}\n")
        program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(price_list, "TIME_LIMIT", 0.3)

    assert filled([ModelInfo(id="gpt-4o")], OPENAI) == [ModelInfo(id="gpt-4o")]
    assert "list of prices could not be read" in caplog.text


@pytest.mark.parametrize("unknown", [None, ""])
def test_an_interpreter_that_does_not_know_where_it_is(
    unknown: str | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Such as one inside another program: https://docs.python.org/3/library/sys.html."""
    monkeypatch.setattr(sys, "executable", unknown)

    assert filled([ModelInfo(id="gpt-4o")], OPENAI) == [ModelInfo(id="gpt-4o")]
    assert "list of prices could not be read" in caplog.text


def test_the_list_is_not_loaded_here() -> None:
    code = (
        "import sys; from providers.types import ModelInfo;"
        "from providers.price_list import filled;"
        f"print(filled([ModelInfo(id='gpt-4o')], {OPENAI!r})[0].input_price,"
        " [name for name in ('genai_prices', 'pydantic', 'django') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "2.5 []\n"
