"""The stored side of making a reply: claiming it, its checkpoints, its end.

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
from chats import events, indexing, spending, unread
from chats.models import Message
from providers.types import Usage

Status = Message.Status


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
    reasoning_ms: int | None = None
    parts: list[dict[str, str]] = field(default_factory=list)
    """See `chats.parts`."""


@dataclass(slots=True)
class Outcome:
    """How a reply ended."""

    status: str
    error: dict[str, Any] | None = None
    usage: Usage | None = None
    """Of this run alone."""
    cost_micros: int | None = None
    """Of all runs of the reply together; None when that of one is unknown."""
    run_cost_micros: int | None = None
    """Of this run alone; None when it is unknown."""
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


def fall_back(message_id: UUID, *, model_name: str, metadata: dict[str, Any], runner: str) -> None:
    """Write down at once that another model answers: a process may die before the reply's end."""
    provider, _slash, model = model_name.partition("/")
    mine = Message.objects.filter(id=message_id, runner=runner, status=Status.STREAMING)
    mine.update(provider=provider, model=model, metadata=metadata)


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
                mine.filter(id=progress.message_id).update(heartbeat_at=now, **_written(progress))
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
        fields = {"cost_micros": outcome.cost_micros} | {
            name: Coalesce(F(name), 0) + count
            for name, count in (
                ("input_tokens", usage.input_tokens),
                ("output_tokens", usage.output_tokens),
                ("cached_tokens", usage.cached_tokens),
                ("reasoning_tokens", usage.reasoning_tokens),
            )
        }
    mine = Message.objects.filter(id=progress.message_id, runner=runner, status=Status.STREAMING)
    with transaction.atomic():
        updated = mine.update(
            status=outcome.status,
            finished_at=timezone.now(),
            finish_reason=outcome.finish_reason,
            error=outcome.error,
            metadata=outcome.metadata,
            **_written(progress),
            **fields,
        )
        if updated:
            indexing.index_messages([progress.message_id])
        if updated and usage is not None:
            cost = outcome.run_cost_micros
            spending.add_run(message_id=progress.message_id, usage=usage, cost_micros=cost)
    return bool(updated)


def _written(progress: Progress) -> dict[str, Any]:
    return {
        "content": progress.content,
        "reasoning": progress.reasoning,
        "reasoning_ms": progress.reasoning_ms,
        "parts": progress.parts,
        "first_token_at": progress.first_token_at,
    }


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
                indexing.index_messages([message.id])
                unread.mark_unread(message.id)
                events.reply_ended(message.conversation_id, message.id, Status.INTERRUPTED)
                interrupted.append(message.id)
    return interrupted
