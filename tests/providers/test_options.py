"""Chosen values of an adapter's options: whatever a form or a program gives is answered."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from providers.models import ApiKey
from providers.options import Option, OptionType, clean_options, known_options

PAGE = "/settings/providers/"


@pytest.mark.parametrize("type_", ["integer", "number"])
@pytest.mark.parametrize("value", [10**400, -(10**400), float("inf"), float("nan"), True, "7"])
def test_what_is_no_usable_number(value: object, type_: OptionType) -> None:
    for option in (Option("n", "N", type_), Option("n", "N", type_, minimum=0, maximum=9)):
        with pytest.raises(ValidationError) as caught:
            clean_options([option], {"n": value})
        assert list(caught.value.message_dict) == ["n"]
        assert known_options([option], {"n": value}) == {}


@pytest.mark.parametrize(
    "value",
    ['{"a": "\\u0000"}', '{"\\u0000": 1}', '["half \\ud83d"]', {"a": "\0"}, ["half \ud83d"]],
)
def test_json_that_no_database_or_request_can_hold(value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        clean_options([Option("j", "J", "json")], {"j": value})
    assert list(caught.value.message_dict) == ["j"]


@pytest.mark.parametrize("value", ['{"a": "\\ud83d\\ude00"}', {"a": "\\u0000 as it is written"}])
def test_json_with_unusual_text(value: object) -> None:
    assert clean_options([Option("j", "J", "json")], {"j": value})


@pytest.mark.parametrize("value", ['["top_k"]', ["top_k"], "7", '"text"', 7])
def test_json_is_an_object(value: object) -> None:
    option = Option("j", "J", "json")
    with pytest.raises(ValidationError, match="Enter a JSON object"):
        clean_options([option], {"j": value})
    assert known_options([option], {"j": value}) == {}


def test_the_page_says_what_is_wrong(owner_client: Client) -> None:
    values = {"key_name": "Mine", "base_url": "http://192.0.2.1"}
    huge = {"provider": "ollama", "option_num_ctx": "1" * 400}
    half = {"provider": "openai_compatible", "option_extra_body": '{"a": "\\ud83d"}'}
    listed = {"provider": "openrouter", "key": "sk-any", "option_provider": '["anthropic"]'}
    for wrong in (huge, half, listed):
        assert owner_client.post(PAGE, values | wrong).status_code == 422
    assert not ApiKey.objects.exists()
