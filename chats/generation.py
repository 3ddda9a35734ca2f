"""The stored side of making a reply: claiming it, its prompt, its checkpoints, its end.

All functions are synchronous and short; the runner calls them from its database thread. A change
of status is always a conditional update, so that a reply has one maker and one end.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from chats import events
from chats.models import Attachment, Conversation, Message
from providers.errors import ImagesTooLargeError
from providers.types import (
    CompletionRequest,
    Image,
    Parameters,
    Part,
    PromptMessage,
    Role,
    Text,
    Usage,
)

Status = Message.Status

CONTINUE_PROMPT = (
    "Continue your last reply exactly where it stopped. Do not repeat anything and do not comment."
)
"""Sent after the partial reply when a person chooses Continue, and only then. Not translated: it
is for the model."""


MAX_IMAGE_BYTES = 20_000_000
"""Of all images in one prompt, as files. Encoded they grow by a third; Anthropic takes 32 MB."""


@dataclass(frozen=True, slots=True)
class Job:
    """One claimed reply: what it holds already, and whose it is."""

    message: Message
    """With its conversation."""
    conversation_id: UUID
    user: User
    model_name: str
    content: str
    reasoning: str


@dataclass(slots=True)
class Progress:
    """What has been generated so far, to be saved."""

    message_id: UUID
    content: str
    reasoning: str
    first_token_at: datetime | None
    changed: bool


@dataclass(slots=True)
class Outcome:
    """How a reply ended."""

    status: str
    error: dict[str, Any] | None = None
    usage: Usage | None = None
    finish_reason: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)


def claim(message_id: UUID, *, runner: str) -> Job | None:
    """Take a pending reply for `runner`; None when another has it or it was stopped."""
    now = timezone.now()
    claimed = Message.objects.filter(id=message_id, status=Status.PENDING, runner="").update(
        status=Status.STREAMING, runner=runner, heartbeat_at=now, started_at=now
    )
    if not claimed:
        return None
    message = Message.objects.select_related("conversation__owner").get(id=message_id)
    conversation = message.conversation
    return Job(
        message=message,
        conversation_id=conversation.id,
        user=conversation.owner,
        model_name=message.model_name,
        content=message.content,
        reasoning=message.reasoning,
    )


def build_request(job: Job) -> CompletionRequest:
    """The conversation as the model gets it: the path up to the reply, nothing added.

    Only Continue adds a line of ours after the partial reply. At most two queries. Raises OSError
    when an image is gone from the disk.
    """
    reply, conversation = job.message, job.message.conversation
    path = Message.objects.path_to(reply.parent_id) if reply.parent_id else []
    images = _images(conversation, among={message.id for message in path})
    messages: list[PromptMessage] = []
    for message in path:
        text = (Text(message.content),) if message.content else ()
        _add_turn(messages, message.role, (*images.get(message.id, ()), *text))
    if reply.content:
        _add_turn(messages, Message.Role.ASSISTANT, (Text(reply.content),))
        _add_turn(messages, Message.Role.USER, (Text(CONTINUE_PROMPT),))
    return CompletionRequest(
        model=reply.model,
        messages=tuple(messages),
        system=conversation.system_prompt,
        parameters=Parameters(
            temperature=conversation.temperature,
            top_p=conversation.top_p,
            max_tokens=conversation.max_tokens,
        ),
    )


def checkpoint(progresses: Iterable[Progress], *, runner: str) -> set[UUID]:
    """Save all running replies of a process in one transaction and show that it is alive.

    Returns the replies to give up: stopped elsewhere, deleted, or no longer this process's.
    """
    progresses = list(progresses)
    now = timezone.now()
    mine = Message.objects.filter(runner=runner, status=Status.STREAMING)
    with transaction.atomic():
        for progress in progresses:
            if progress.changed:
                mine.filter(id=progress.message_id).update(
                    content=progress.content,
                    reasoning=progress.reasoning,
                    first_token_at=progress.first_token_at,
                    heartbeat_at=now,
                )
        ids = {progress.message_id for progress in progresses}
        mine.filter(id__in=ids).update(heartbeat_at=now)
        going_on = mine.filter(id__in=ids, stop_requested=False).values_list("id", flat=True)
        return ids - set(going_on)


def finish(progress: Progress, outcome: Outcome, *, runner: str) -> bool:
    """Give a reply its one final status. False when it was not this process's any more."""
    usage = outcome.usage
    fields: dict[str, Any] = {}
    if usage is not None:
        # A continued reply took several calls; all of them were paid for.
        fields = {
            name: Coalesce(F(name), 0) + count
            for name, count in (
                ("input_tokens", usage.input_tokens),
                ("output_tokens", usage.output_tokens),
                ("cached_tokens", usage.cached_tokens),
                ("reasoning_tokens", usage.reasoning_tokens),
            )
        }
    updated = Message.objects.filter(
        id=progress.message_id, runner=runner, status=Status.STREAMING
    ).update(
        status=outcome.status,
        content=progress.content,
        reasoning=progress.reasoning,
        first_token_at=progress.first_token_at,
        finished_at=timezone.now(),
        finish_reason=outcome.finish_reason,
        error=outcome.error,
        metadata=outcome.metadata,
        **fields,
    )
    return bool(updated)


def interrupt_orphans(*, silent_for: timedelta, alive: Collection[UUID] = ()) -> list[UUID]:
    """Mark live replies as interrupted whose process has not been heard of for `silent_for`.

    `alive` are spared: a process that could not save for long knows what it is making. With zero,
    all others: right at the start of the only process. Returns their ids.
    """
    limit = timezone.now() - silent_for
    interrupted = []
    for message in Message.objects.live().filter(heartbeat_at__lte=limit).only("conversation_id"):
        if message.id in alive:
            continue
        with transaction.atomic():
            updated = (
                Message.objects.live()
                .filter(id=message.id, heartbeat_at__lte=limit)
                .update(status=Status.INTERRUPTED, finished_at=timezone.now())
            )
            if updated:
                events.reply_ended(message.conversation_id, message.id, Status.INTERRUPTED)
                interrupted.append(message.id)
    return interrupted


def _add_turn(messages: list[PromptMessage], role: str, parts: tuple[Part, ...]) -> None:
    """Append a turn; to the last one when nobody answered in between.

    Templates of some local models refuse two turns of one speaker in a row.
    """
    if not parts:
        return
    speaker: Role = "assistant" if role == Message.Role.ASSISTANT else "user"
    if messages and messages[-1].role == speaker:
        messages[-1] = PromptMessage(speaker, (*messages[-1].parts, *parts))
    else:
        messages.append(PromptMessage(speaker, parts))


def _images(conversation: Conversation, *, among: set[UUID]) -> dict[UUID, tuple[Part, ...]]:
    """Attached images of some messages of a conversation by message, read into memory.

    Raises ImagesTooLargeError over MAX_IMAGE_BYTES.
    """
    links = Attachment.messages.through.objects.filter(message__conversation=conversation)
    parts: dict[UUID, tuple[Part, ...]] = {}
    total = 0
    for link in links.select_related("attachment").order_by("id"):
        # A path may be longer than a query can have parameters, so other branches go here.
        if link.message_id not in among:
            continue
        attachment = link.attachment
        total += attachment.size
        if total > MAX_IMAGE_BYTES:
            raise ImagesTooLargeError
        with attachment.file.open("rb") as file:
            image = Image(data=file.read(), media_type=attachment.media_type)
        parts[link.message_id] = (*parts.get(link.message_id, ()), image)
    return parts
