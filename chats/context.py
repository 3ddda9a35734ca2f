"""How much of a conversation fits into a model: an estimate of its tokens, and what is left out.

Pure. Tokens are the provider's to count; before a call there are only rules of thumb, written down
here. `static/js/context.js` has the same figures for what is being typed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from providers.types import Role

BYTES_A_TOKEN: Final = 4
"""Of UTF-8. The providers' documentation has four characters of English; a Chinese character, of
three bytes, is about one token, too."""
MESSAGE_TOKENS: Final = 4
"""Around each message, for who speaks: three or four, says OpenAI's "How to count tokens"."""
IMAGE_TOKENS: Final = 1_600
"""An image that Anthropic need not scale down has at most about so many (its guide to vision);
OpenAI's have fewer."""
_LARGEST_RESERVE: Final = 4
"""At most a quarter of the window is kept free for a reply whose length nobody set."""
_CREDIBLE: Final = (0.5, 2.0)
"""Between what was counted and what was estimated. A smaller count leaves something out, such as
what a local server had in its cache; a larger one is believed so far."""


@dataclass(frozen=True, slots=True)
class Size:
    """One message, by its role and its estimated tokens."""

    role: Role
    tokens: int


def text_tokens(text: str) -> int:
    """Estimated tokens of a text."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_A_TOKEN)


def message_tokens(text: str) -> int:
    """Estimated tokens of one message, without its files."""
    return MESSAGE_TOKENS + text_tokens(text)


def reserved_output(*, window: int, max_output: int | None, max_tokens: int | None) -> int:
    """Tokens of the window to keep free for the reply.

    What the chat allows a reply, though at most half of the window; else the longest reply that
    the model can make, though at most a quarter.
    """
    if max_tokens is not None:
        return min(max_tokens, window // 2)
    quarter = window // _LARGEST_RESERVE
    return min(max_output, quarter) if max_output is not None else quarter


def count_left_out(messages: Sequence[Size], *, room: int) -> int:
    """How many of the oldest messages to leave out so that the others take at most `room` tokens.

    Whole turns go, as few as will do: what is kept begins with a question. The newest question
    always stays, whether it fits or not.
    """
    taken = sum(message.tokens for message in messages)
    if taken <= room:
        return 0
    begin, before = 0, ""
    for index, message in enumerate(messages):
        if message.role == "user" and before != "user":
            begin = index
            if taken <= room:
                break
        before = message.role
        taken -= message.tokens
    return begin


def is_credible(*, counted: int, estimated: int) -> bool:
    """Whether a provider's count can be that of the whole prompt."""
    return counted >= estimated * _CREDIBLE[0]


def correction(*, counted: int, estimated: int) -> float:
    """What to multiply estimates by, after a provider counted what had been estimated."""
    if estimated <= 0 or not is_credible(counted=counted, estimated=estimated):
        return 1.0
    return min(counted / estimated, _CREDIBLE[1])
