"""What providers say when they refuse, as it is shown to whoever may use the connection."""

import pytest

from providers.adapters.failures import own_words

KEY = "sk-proj-abcdefgh-ijklmnop-wxyz"


@pytest.mark.parametrize(
    "quoted",
    [
        KEY,
        "sk-other-0123456789-wxyz",
        "sk-proj-********************wxyz",
        "sk-pr*******wxyz",
        "gsk_ab***wxyz",
        "AIza***wxyz",
        "***wxyz",
        "sk-pr...wxyz",
        "sk-proj-…wxyz",
    ],
)
def test_a_quoted_key_shows_nothing_of_itself_masked_or_not(quoted: str) -> None:
    said = own_words(f"Incorrect API key provided: {quoted}. See the docs.", key=KEY)

    assert said.startswith("Incorrect API key provided: ")
    assert said.endswith("…. See the docs.")
    assert "wxyz" not in said
    assert "abcdefgh" not in said


@pytest.mark.parametrize("said", ["Use **bold** words.", "Wait ... then sk-8 it.", "2*3 = 6"])
def test_other_words_stay(said: str) -> None:
    assert own_words(said, key=KEY) == said
