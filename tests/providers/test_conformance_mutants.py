"""The conformance suite finds adapters out: each mutant fails the test that is named."""

from dataclasses import replace
from typing import Any

import pytest

from providers import errors
from providers.options import Option
from providers.sse import EventParser
from providers.testing import AdapterConformance
from providers.types import (
    Finish,
    ModelInfo,
    Parameters,
    ReasoningDelta,
    TextDelta,
)
from tests.providers.mutants import (
    Chunks,
    Good,
    asking,
    failing,
    following_redirects,
    held_back,
    leaving_open,
    listing,
    listing_nothing,
    mapping,
    not_to_be_stopped,
    refusing,
    retry_after,
    shorter,
    streaming,
    telling_the_key,
    telling_the_log,
    text,
    that,
    twice,
    usage,
    with_a_count_made_up,
    with_an_end_made_up,
    with_key,
    with_part,
    with_two_ends,
    without_end,
    without_files,
    without_images,
    without_parts,
)
from tests.providers.protocols import ChatCompletions

twice_the_option = (Option("a", "A", "boolean"),) * 2
no_end = streaming(without_end)
MUTANTS: list[tuple[type[Good], str, tuple[Any, ...]]] = [
    (that(label=""), "its_description_is_in_order", ()),
    (that(options=twice_the_option), "its_description_is_in_order", ()),
    (that(__module__="httpx2"), "importing_it_loads_no_sdk", ()),
    (no_end, "one_reply", ()),
    (text(lambda _text: ""), "one_reply", ()),
    (listing(lambda models: [*models, ModelInfo(id="")]), "it_lists_models", ()),
    (listing(tuple), "it_lists_models", ()),
    (text(str.strip), "text_arrives_as_it_was_sent", ()),
    (text(lambda text: text.replace("\u2028", "\n")), "text_arrives_as_it_was_sent", ()),
    (that(parser=Chunks), "text_arrives_one_byte_at_a_time", ()),
    (streaming(with_two_ends), "the_end_comes_last_and_once", ()),
    (streaming(held_back), "deltas_come_when_they_are_sent", ()),
    (text(lambda text: text + "\0"), "what_cannot_be_stored_is_left_out_of_the_text", ("\0",)),
    (text(lambda text: text + "\ud83d"), "what_cannot_be_stored_is_left_out_of_the_text", ("",)),
    (no_end, "an_empty_reply_is_one", ()),
    (
        mapping(lambda e: TextDelta(e.text) if isinstance(e, ReasoningDelta) else e),
        "reasoning_is_kept_apart",
        (),
    ),
    (
        mapping(lambda e: Finish("stop") if isinstance(e, Finish) else e),
        "why_a_reply_ended",
        (),
    ),
    (usage(input_tokens=5), "tokens_are_counted", ()),
    (streaming(with_a_count_made_up), "what_is_not_counted_is_not_made_up", ()),
    (usage(output_tokens=-7), "nonsense_for_a_count_breaks_nothing", (-7,)),
    (usage(output_tokens=10**30), "nonsense_for_a_count_breaks_nothing", (10**30,)),
    (usage(output_tokens="12"), "nonsense_for_a_count_breaks_nothing", ("12",)),
    (asking(lambda r: replace(r, model="other")), "it_asks_for_the_model", ()),
    (asking(shorter), "the_history_is_sent", ()),
    (asking(lambda r: replace(r, system="")), "the_system_prompt_is_sent", ()),
    (asking(lambda r: replace(r, parameters=Parameters())), "parameters_are_sent", ()),
    (
        asking(lambda r: replace(r, parameters=Parameters(temperature=1.0))),
        "parameters_that_are_not_chosen_are_not_sent",
        (),
    ),
    (asking(without_images), "images_are_sent", ()),
    (asking(without_files), "files_are_sent", ()),
    (streaming(without_parts), "sources_are_told", ()),
    (streaming(without_parts), "calls_of_tools_are_told", ()),
    (with_part(title="\0"), "odd_sources_break_nothing", ()),
    (with_part(arguments="\ud83d"), "odd_calls_break_nothing", ()),
    (with_part(arguments="{half"), "calls_of_tools_are_told", ()),
    (that(takes_files=False), "it_takes_files_or_not", ()),
    (that(stream=twice), "a_refusal_is_told_by_its_status", (500,)),
    (failing(lambda _a, e: ValueError(e.detail)), "a_refusal_is_told_by_its_status", (400,)),
    (
        failing(lambda _a, e: errors.NetworkError(e.detail)),
        "a_refusal_is_told_by_its_status",
        (401,),
    ),
    (failing(lambda _a, e: type(e)()), "a_refusal_is_told_by_its_status", (403,)),
    (retry_after(None), "a_refusal_says_for_how_long", ()),
    (retry_after(float("nan")), "nonsense_for_how_long_breaks_nothing", ("nan",)),
    (retry_after(-1.0), "nonsense_for_how_long_breaks_nothing", ("-1",)),
    (
        failing(lambda _a, e: errors.OverloadedError("<html>")),
        "a_refusal_in_any_words",
        (b"<html>",),
    ),
    (failing(lambda _a, e: type(e)()), "an_error_inside_the_stream", ()),
    (failing(lambda _a, e: ConnectionError()), "nobody_listens", ()),
    (failing(lambda _a, e: errors.CutStreamError()), "nobody_listens", ()),
    (failing(lambda _a, e: EOFError()), "the_connection_breaks_before_the_answer", ()),
    (streaming(with_an_end_made_up), "the_connection_breaks_in_the_middle", ()),
    (streaming(with_an_end_made_up), "an_end_without_a_sign_of_it", ((),)),
    (streaming(with_an_end_made_up), "half_an_event_at_the_end", ()),
    (failing(lambda _a, e: errors.CutStreamError()), "what_is_no_event", ()),
    (that(content_types=("text/",)), "a_web_page_in_place_of_a_stream", ()),
    (
        that(parser=lambda: EventParser(max_event_bytes=10**9)),
        "an_event_of_any_size_is_not_kept",
        (),
    ),
    (that(stream=leaving_open), "closing_the_iterator_closes_the_connection", ()),
    (asking(telling_the_key), "the_key_is_sent", ()),
    (failing(with_key), "a_refusal_that_repeats_the_key", (400,)),
    (failing(with_key), "an_error_in_the_stream_that_repeats_the_key", ()),
    (that(stream=telling_the_log), "the_key_is_in_no_log", ()),
    (
        that(__repr__=lambda self: f"<{self.connection.api_key}>"),
        "the_key_is_in_no_repr",
        (),
    ),
    (listing(lambda models: models[::-1]), "models_come_in_the_providers_order", ()),
    (listing(lambda models: models or [ModelInfo(id="x")]), "no_models_are_no_error", ()),
    (listing(lambda models: models[:2]), "hostile_names", ()),
    (listing(lambda models: [ModelInfo(id="a\0b")]), "many_models", ()),
    (listing(lambda models: [ModelInfo(id="x")]), "json_of_another_shape", (b"[]",)),
    (that(list_models=listing_nothing), "what_is_no_json", (b"nonsense",)),
    (that(list_models=listing_nothing), "the_connection_breaks", ()),
    (that(list_models=listing_nothing), "redirects_are_not_followed", ()),
    (that(list_models=listing_nothing), "a_check_that_repeats_the_key", ()),
    (that(make_client=following_redirects), "redirects_are_not_followed", ()),
    (that(check_key=refusing), "a_key_that_is_accepted", ()),
    (that(stream=not_to_be_stopped), "stopping_a_silent_stream_closes_the_connection", ()),
]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.testing.server.PATIENCE", 0.5)
    monkeypatch.setattr("providers.testing.faults.NOTICED_WITHIN", 0.5)


@pytest.mark.parametrize(
    ("mutant", "name", "arguments"),
    [pytest.param(*each, id=f"{number}-{each[1]}") for number, each in enumerate(MUTANTS)],
)
def test_a_mutant_is_found_out(
    mutant: type[Good],
    name: str,
    arguments: tuple[Any, ...],
    request: pytest.FixtureRequest,
) -> None:
    class TestGood(AdapterConformance):
        adapter_class = Good
        protocol = ChatCompletions()

    class TestMutant(TestGood):
        adapter_class = mutant

    if name.endswith("_log"):
        arguments = (request.getfixturevalue("caplog"),)
    getattr(TestGood(), f"test_{name}")(*arguments)
    with pytest.raises((Exception, pytest.fail.Exception)):
        getattr(TestMutant(), f"test_{name}")(*arguments)


def test_what_a_protocol_has_no_words_for_is_not_collected() -> None:
    class Mute(ChatCompletions):
        thinks = False
        takes_images = False

    class TestMute(AdapterConformance):
        adapter_class = Good
        protocol = Mute()

    class TestAlone(AdapterConformance):
        adapter_class = Good

    assert TestMute.test_reasoning_is_kept_apart is None
    assert TestMute.test_images_are_sent is None
    assert TestMute.test_tokens_are_counted is not None
    alone = {name for name in dir(TestAlone) if name.startswith("test_")}
    assert {name for name in alone if getattr(TestAlone, name)} == {
        "test_its_description_is_in_order",
        "test_its_chosen_options_are_its_own",
        "test_importing_it_loads_no_sdk",
        "test_making_it_needs_no_event_loop_and_no_network",
        "test_one_reply",
        "test_a_reply_can_be_given_up",
        "test_it_lists_models",
        "test_it_takes_files_or_not",
    }
