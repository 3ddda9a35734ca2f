"""The embedded demo: needs no key and no network, and says that it is no AI.

It streams a Markdown answer word by word. What it says comes from `demo_replies`, by plain rules.
"""

import asyncio
import re
from collections.abc import AsyncGenerator
from dataclasses import replace
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from providers.adapters import demo_replies
from providers.contract import Adapter
from providers.errors import NotFoundError
from providers.types import (
    AdapterEvent,
    CompletionRequest,
    Finish,
    Image,
    ModelInfo,
    Part,
    Text,
    TextDelta,
    Usage,
)

MODEL = "demo"
DEFAULT_DELAY = 0.03
CHARACTERS_PER_TOKEN = 4
_DOCUMENT = re.compile(r"<document [^>]*>\n.*?\n</document>", re.DOTALL)
"""A file in a prompt: `chats.enclosures`."""


class DemoAdapter(Adapter):
    """Answers by rules. Seconds between words: `settings.PROVIDER_DEMO_DELAY`."""

    kind = "demo"
    label = gettext_lazy("Demo")
    needs_key = False
    needs_refresh = False
    preferred_models = (MODEL,)
    fixed_models = (
        ModelInfo(id=MODEL, accepts_images=True, input_price=Decimal(0), output_price=Decimal(0)),
    )

    async def stream(self, request: CompletionRequest) -> AsyncGenerator[AdapterEvent, None]:
        """Word by word; honours `max_tokens`, at four characters a token."""
        if request.model != MODEL:
            raise NotFoundError(_("The demo has one model, “demo”."))
        delay: float = getattr(settings, "PROVIDER_DEMO_DELAY", DEFAULT_DELAY)
        question, images, files = _last_question(request)
        reply = demo_replies.compose(question, images=images, files=files)
        limit = request.parameters.max_tokens
        shown = reply if limit is None else reply[: limit * CHARACTERS_PER_TOKEN]
        for word in re.findall(r"\s*\S+\s*?(?=\s|$)|\s+", shown):
            await asyncio.sleep(delay)
            yield TextDelta(word)
        yield Usage(
            input_tokens=sum(_tokens(_text(message.parts)) for message in request.messages),
            output_tokens=_tokens(shown),
        )
        yield Finish("stop" if shown == reply else "length")

    async def list_models(self) -> list[ModelInfo]:
        """The one."""
        return [replace(model, name=str(_("Demo (no AI)"))) for model in self.fixed_models]


def _last_question(request: CompletionRequest) -> tuple[str, int, int]:
    """The last thing that the user said, and how many images and files came with it."""
    for message in reversed(request.messages):
        if message.role == "user":
            images = sum(isinstance(part, Image) for part in message.parts)
            words, files = _DOCUMENT.subn("", _text(message.parts))
            return words.strip(), images, files
    return "", 0, 0


def _text(parts: tuple[Part, ...]) -> str:
    return "\n".join(part.text for part in parts if isinstance(part, Text))


def _tokens(text: str) -> int:
    """A count that looks like one; the demo has no tokens."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)
