"""What Ollama is sent: https://github.com/ollama/ollama/blob/main/docs/api.md. No I/O.

Ollama reserves memory for a context of `num_ctx` tokens, prompt and reply together, and by itself
cuts the oldest part of what is longer, silently; the usual default is 4,096. So each request says
how much it needs: an estimate of the prompt, on the high side, with room for the reply, rounded up
to a power of two, because another size loads the model anew. Ollama lowers it to what the model
can. What still does not fit is refused instead of cut: `truncate` and `shift` are off.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from providers.options import Option
from providers.types import CompletionRequest, Image, OptionValue, PromptMessage, Text

SMALLEST_CONTEXT = 8_192
LARGEST_CONTEXT = 1_048_576
ROOM_FOR_REPLY = 4_096
LEAST_ROOM = 1_024
TOKENS_PER_MESSAGE = 16
TOKENS_PER_IMAGE = 2_000
_WORDS = re.compile(r"[A-Za-z ]+")

_THINK: dict[object, OptionValue] = {"off": False, "on": True}
_KEEP_ALIVE: dict[object, OptionValue] = {"0": 0, "forever": -1}
_SAMPLING = ("seed", "top_k", "min_p", "repeat_penalty", "presence_penalty", "frequency_penalty")

OPTIONS = (
    Option(
        name="think",
        label=_("Thinking"),
        type="choice",
        help=_("For models that think. Some know levels only."),
        choices=(
            ("off", _("Off")),
            ("on", _("On")),
            ("low", _("Low")),
            ("medium", _("Medium")),
            ("high", _("High")),
            ("max", _("Highest")),
        ),
    ),
    Option(
        name="num_ctx",
        label=_("Context"),
        type="integer",
        help=_("Tokens. Empty: as many as the chat needs. 0: the server's own setting."),
        minimum=0,
        maximum=LARGEST_CONTEXT,
    ),
    Option(name="seed", label=_("Seed"), type="integer", minimum=0, maximum=2**31 - 1),
    Option(name="top_k", label=_("Top k"), type="integer", minimum=1, maximum=1_000),
    Option(name="min_p", label=_("Min p"), type="number", minimum=0, maximum=1),
    Option(name="repeat_penalty", label=_("Repeat penalty"), type="number", minimum=0, maximum=2),
    Option(
        name="presence_penalty", label=_("Presence penalty"), type="number", minimum=-2, maximum=2
    ),
    Option(
        name="frequency_penalty", label=_("Frequency penalty"), type="number", minimum=-2, maximum=2
    ),
    Option(
        name="keep_alive",
        label=_("Keep the model loaded for"),
        type="choice",
        choices=(
            ("0", _("Not at all")),
            ("5m", _("5 minutes")),
            ("30m", _("30 minutes")),
            ("2h", _("2 hours")),
            ("24h", _("24 hours")),
            ("forever", _("Until the server stops")),
        ),
        per_chat=False,
    ),
)


def request_body(request: CompletionRequest) -> dict[str, Any]:
    """The JSON of a streamed `/api/chat`."""
    messages = [_message(message) for message in request.messages]
    if request.system.strip():
        messages.insert(0, {"role": "system", "content": request.system})
    body: dict[str, Any] = {
        "model": request.model,
        "messages": messages,
        "stream": True,
        "truncate": False,
        "shift": False,
    }
    if options := _options(request):
        body["options"] = options
    chosen = request.options
    if "think" in chosen:
        body["think"] = _THINK.get(chosen["think"], chosen["think"])
    if "keep_alive" in chosen:
        body["keep_alive"] = _KEEP_ALIVE.get(chosen["keep_alive"], chosen["keep_alive"])
    return body


def runs_elsewhere(model: str) -> bool:
    """Whether Ollama passes the model on to its cloud: `gpt-oss:120b-cloud`, `glm-4.6:cloud`."""
    return model.endswith((":cloud", "-cloud"))


def _options(request: CompletionRequest) -> dict[str, OptionValue]:
    values = request.parameters
    found: dict[str, OptionValue | None] = {
        "temperature": values.temperature,
        "top_p": values.top_p,
        "num_predict": values.max_tokens,
        "num_ctx": _context(request, request.options),
        **{name: request.options.get(name) for name in _SAMPLING},
    }
    return {name: value for name, value in found.items() if value is not None}


def _context(request: CompletionRequest, options: Mapping[str, OptionValue]) -> OptionValue | None:
    """None leaves it to the server, which gives models in the cloud all that they have."""
    if "num_ctx" in options:
        return options["num_ctx"] or None
    if runs_elsewhere(request.model):
        return None
    room = max(request.parameters.max_tokens or ROOM_FOR_REPLY, LEAST_ROOM)
    needed = min(_most_tokens(request) + room, LARGEST_CONTEXT)
    return max(SMALLEST_CONTEXT, 1 << (needed - 1).bit_length())


def _most_tokens(request: CompletionRequest) -> int:
    """As many as the prompt may have with a frugal tokenizer: digits and signs are one each."""
    total = _text_tokens(request.system)
    for message in request.messages:
        total += TOKENS_PER_MESSAGE
        for part in message.parts:
            if isinstance(part, Image):
                total += TOKENS_PER_IMAGE
            elif isinstance(part, Text):
                total += _text_tokens(part.text)
    return total


def _text_tokens(text: str) -> int:
    rest = _WORDS.sub("", text)
    others = 0 if rest.isascii() else len(rest.encode(errors="replace")) - len(rest)
    return (len(text) - len(rest)) // 3 + len(rest) + others // 4


def _message(message: PromptMessage) -> dict[str, Any]:
    texts = [part.text for part in message.parts if isinstance(part, Text) and part.text]
    images = [part.data for part in message.parts if isinstance(part, Image)]
    sent: dict[str, Any] = {"role": message.role, "content": "\n\n".join(texts)}
    if images:
        sent["images"] = [base64.b64encode(image).decode() for image in images]
    return sent
