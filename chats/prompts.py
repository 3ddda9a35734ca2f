"""A conversation as a model gets it: the path up to the reply, as much of it as fits.

Synchronous; called on the runner's database threads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.conf import settings

from chats import context, enclosures
from chats.conversations import NO_MODEL
from chats.enclosures import Links
from chats.generation import Job
from chats.models import Message
from providers import routing
from providers.errors import (
    ImagesNotAcceptedError,
    MessageTooLongError,
    ProviderError,
)
from providers.routing import Route
from providers.types import CompletionRequest, Parameters, Part, PromptMessage, Role, Text

CONTINUE_PROMPT: Final = (
    "Continue your last reply exactly where it stopped. Do not repeat anything and do not comment."
)
"""Sent after the partial reply when a person chooses Continue, and only then. Not translated: it
is for the model."""

MAX_IMAGE_BYTES: Final = 20_000_000
"""Of all images and documents in one prompt, as files. Encoded they grow by a third; Anthropic
takes 32 MB, OpenAI 50 (https://developers.openai.com/api/docs/guides/file-inputs)."""

_HOPELESS: Final = 2
"""An estimate may be off by half. What is more than so many times the window cannot fit."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request, and what was decided on the way to it."""

    route: Route
    request: CompletionRequest
    estimate: int
    """Tokens of what is sent, by the rules of thumb of `chats.context`."""
    left_out: int = 0
    """How many of the oldest messages did not fit."""
    images_left_out: int = 0
    """How many images of earlier messages the model does not take."""
    files_unread: tuple[str, ...] = ()
    """Names of the newest question's files of which the model gets nothing."""


def prepare(job: Job, model_name: str) -> Prompt:
    """The way to a model and the prompt for it. Raises ProviderErrors, as `build_prompt` does."""
    return build_prompt(job, routing.resolve(model_name, user=job.user))


def second_model(job: Job) -> str:
    """The model to ask when the reply's own fails before its first word; empty for none.

    The conversation's, else the site's, where the user can reach it at all. A reply that is
    continued has none: it would become half one model's and half another's. At most two queries.
    """
    chosen = job.message.conversation.fallback_model or settings.FALLBACK_MODEL
    if not chosen or chosen in (NO_MODEL, job.model_name) or job.content:
        return ""
    try:
        return routing.resolve(chosen, user=job.user).model_name
    except ProviderError:
        return ""


def build_prompt(job: Job, route: Route) -> Prompt:
    """The prompt of a reply for one model: nothing is added but a line after Continue.

    Where the model's context window is known and the path does not fit, the oldest turns are left
    out (`context.count_left_out`), never the system prompt and the newest question. At most three
    queries. Raises MessageTooLongError when these alone cannot fit, ImagesNotAcceptedError for
    images in the newest question, ImagesTooLargeError; OSError when a file is gone from disk.
    """
    conversation = job.message.conversation
    path = Message.objects.path_to(job.message.parent_id) if job.message.parent_id else []
    links = enclosures.links_of(conversation, among={message.id for message in path})
    images_left_out = _leave_images_out(route, path, links)
    native = enclosures.sent_natively(links, path, route, most_bytes=MAX_IMAGE_BYTES)
    tokens = {id_: enclosures.tokens_of(files, native) for id_, files in links.items()}
    left_out, estimate = _fit(job, route, path, tokens)
    kept = path[left_out:]
    files = enclosures.read(links, of=kept, native=native, most_bytes=MAX_IMAGE_BYTES)
    messages: list[PromptMessage] = []
    for message in kept:
        text = (Text(message.content),) if message.content else ()
        _add_turn(messages, message.role, (*files.get(message.id, ()), *text))
    if job.content:
        _add_turn(messages, Message.Role.ASSISTANT, (Text(job.content),))
        _add_turn(messages, Message.Role.USER, (Text(CONTINUE_PROMPT),))
    request = CompletionRequest(
        model=route.model,
        messages=tuple(messages),
        system=conversation.system_prompt,
        parameters=Parameters(
            temperature=conversation.temperature,
            top_p=conversation.top_p,
            max_tokens=conversation.max_tokens,
        ),
        options=route.options_with(conversation.options),
    )
    question = _newest_question(path)
    unread = tuple(
        each.name
        for each in (links.get(question, ()) if question else ())
        if enclosures.is_unread(each) and each.id not in native
    )
    return Prompt(route, request, estimate, left_out, images_left_out, unread)


def _newest_question(path: Sequence[Message]) -> UUID | None:
    questions = (message.id for message in reversed(path) if message.role == Message.Role.USER)
    return next(questions, None)


def _fit(
    job: Job, route: Route, path: Sequence[Message], tokens: Mapping[UUID, int]
) -> tuple[int, int]:
    """How many of the path's oldest messages are left out, and the estimate of what is sent."""
    conversation, window = job.message.conversation, route.info.context_window
    sizes = [
        context.Size(
            _speaker(message.role),
            context.message_tokens(message.content) + tokens.get(message.id, 0),
        )
        for message in path
    ]
    always = context.message_tokens(conversation.system_prompt)
    if job.content:
        always += context.message_tokens(job.content) + context.message_tokens(CONTINUE_PROMPT)
    if window is None:
        return 0, always + sum(size.tokens for size in sizes)
    factor = _correction(path, route.model_name)
    reserved = context.reserved_output(
        window=window, max_output=route.info.max_output, max_tokens=conversation.max_tokens
    )
    left_out = context.count_left_out(sizes, room=int((window - reserved) / factor) - always)
    estimate = always + sum(size.tokens for size in sizes[left_out:])
    if estimate * factor > _HOPELESS * window:
        raise MessageTooLongError(tokens=int(estimate * factor), window=window)
    return left_out, estimate


def _correction(path: Sequence[Message], model_name: str) -> float:
    """How the model's own last count in this conversation compares to our estimate of it."""
    for message in reversed(path):
        sent = message.metadata.get("context", {})
        if "counted" in sent and message.model_name == model_name:
            return context.correction(counted=sent["counted"], estimated=sent["estimated"])
    return 1.0


def _speaker(role: str) -> Role:
    return "assistant" if role == Message.Role.ASSISTANT else "user"


def _add_turn(messages: list[PromptMessage], role: str, parts: tuple[Part, ...]) -> None:
    """Append a turn; to the last one when nobody answered in between.

    Templates of some local models refuse two turns of one speaker in a row.
    """
    if not parts:
        return
    speaker = _speaker(role)
    if messages and messages[-1].role == speaker:
        messages[-1] = PromptMessage(speaker, (*messages[-1].parts, *parts))
    else:
        messages.append(PromptMessage(speaker, parts))


def _leave_images_out(route: Route, path: Sequence[Message], links: Links) -> int:
    """Take images out of `links` that the model is known not to take; how many these were.

    Those of the newest question are what it asks about: without them it is not asked.
    """
    if route.info.accepts_images is not False:
        return 0
    newest, count = _newest_question(path), 0
    for id_, attachments in links.items():
        documents = [each for each in attachments if not enclosures.is_looked_at(each)]
        if id_ == newest and len(documents) < len(attachments):
            raise ImagesNotAcceptedError
        count += len(attachments) - len(documents)
        links[id_] = documents
    return count
