"""One reply's life: claim, stream, one final status. What pages see of it: `chats.broadcast`."""

import asyncio
import enum
import logging
import time
from contextlib import aclosing
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from chats import awaiting, generation, prompts
from chats.broadcast import Broadcast
from chats.database import in_database
from chats.generation import Job, Outcome, Progress
from chats.models import Message
from chats.pacing import Pacer
from chats.parts import Parts
from chats.tally import Tally
from chats.thoughts import Thoughts
from providers import completion
from providers.completion import Plan
from providers.errors import NetworkError, ProviderError, ProviderTimeoutError
from providers.routing import Route
from providers.types import (
    CompletionRequest,
    Event,
    FellBack,
    Finish,
    ReasoningDelta,
    Retrying,
    Source,
    TextDelta,
    ToolCall,
    Usage,
)

logger = logging.getLogger(__name__)

_SAVE_PAUSES: Final = (0.2, 1.0, 2.0)
"""Seconds between attempts to save the end; with them it stays within a stop's patience."""
_NOT_STORABLE: Final = (DataError, IntegrityError, OverflowError, TypeError, ValueError)

Status = Message.Status


class Ending(enum.Enum):
    """Why a run is ended before its provider ends it."""

    STOP = "stop"
    TIMEOUT = "timeout"
    SHUTDOWN = "shutdown"


class Run:
    """Makes one reply. All methods run on the server's event loop."""

    def __init__(self, message_id: UUID, *, runner_id: str, pacer: Pacer) -> None:
        self.message_id = message_id
        self.task: asyncio.Task[None] | None = None
        self.completed: Job | None = None
        self.ended_as = ""
        """The final status, once it is saved."""
        self.was_seen = False
        """Whether a visible page has shown the end to all who take part."""
        self.seen_by: set[UUID] = set()
        """To whom one has."""
        self._runner_id = runner_id
        self._job: Job | None = None
        self._tally = Tally()
        self._second = ""
        self._made = 0
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._thoughts = Thoughts()
        self._parts = Parts()
        self._begun = False
        self._finish_reason = ""
        self._first_token_at: datetime | None = None
        self._unsaved = False
        self._ending: Ending | None = None
        self._finishing = False
        self._quiet_since = time.monotonic()
        self._said_waiting = False
        self.broadcast = Broadcast(
            message_id, text=self._text, reasoning=self._reasoning, pacer=pacer
        )

    @property
    def claimed(self) -> bool:
        """Whether the reply is this process's and not yet being ended."""
        return self._job is not None and not self._finishing

    async def execute(self) -> None:
        """Make the reply. Always ends in exactly one final status, if it could be claimed."""
        self._job = job = await in_database(
            generation.claim, self.message_id, runner=self._runner_id
        )
        if job is None:
            return
        self._go_on_from(job)
        try:
            outcome = self._ended_early() if self._ending else await self._stream(job)
        except asyncio.CancelledError:
            outcome = self._ended_early()
        except ProviderError as error:
            outcome = self._failed(error)
        except Exception:
            logger.exception("Making reply %s failed", self.message_id)
            outcome = Outcome(Status.FAILED, error=_internal_error())
        self._finishing = True
        await asyncio.shield(self._finish(job, outcome))

    def end_early(self, ending: Ending) -> None:
        """Have the run save what there is and end. The first reason counts."""
        if self._ending is None and not self._finishing:
            self._ending = ending
            # A claim that is under way is let through: it must not be left without a maker.
            if self._job is not None and self.task is not None:
                self.task.cancel()

    def take_progress(self) -> Progress:
        """What there is to save now. Cost grows with the reply, so once a second at most."""
        changed, self._unsaved = self._unsaved, False
        return self._progress(changed=changed)

    def save_again(self) -> None:
        """What `take_progress` gave last could not be saved."""
        self._unsaved = True

    async def check_patience(self) -> None:
        """Say after REPLY_WAITING_NOTICE that nothing came yet; give up after the time limits."""
        quiet = time.monotonic() - self._quiet_since
        begun = self._begun
        limit = settings.REPLY_IDLE_TIMEOUT if begun else settings.REPLY_FIRST_TOKEN_TIMEOUT
        # Where a second model waits, `completion` goes on to it after this time.
        if quiet > limit and (begun or not self._second):
            self.end_early(Ending.TIMEOUT)
        elif quiet > settings.REPLY_WAITING_NOTICE and not self._said_waiting:
            self._said_waiting = True
            text = _("Still waiting for the provider. You can stop at any time.")
            await self.broadcast.notify("waiting", text)

    def _go_on_from(self, job: Job) -> None:
        """Begin with what a continued reply holds; a viewer may have come before the claim."""
        self._tally.go_on_from(job)
        self.broadcast.conversation_id = job.conversation_id
        self._text.append(job.content)
        self._reasoning.append(job.reasoning)
        self._parts = Parts(job.message.parts)
        self._thoughts = Thoughts(job.message.reasoning_ms)
        self.broadcast.feed(job.content)
        self.broadcast.feed_reasoning(job.reasoning)
        if job.message.reasoning_ms is not None:
            self.broadcast.reasoned(job.message.reasoning_ms)

    async def _stream(self, job: Job) -> Outcome:
        await awaiting.files_read(job, self.broadcast, on_wait=self._be_patient)
        if job.message.conversation.fallback_model or settings.FALLBACK_MODEL:
            self._second = await in_database(prompts.second_model, job)
        events_of_reply = completion.stream_with_fallback(
            self._plan(job, job.model_name),
            self._plan(job, self._second) if self._second else None,
            first_token_timeout=settings.REPLY_FIRST_TOKEN_TIMEOUT,
        )
        async with aclosing(events_of_reply) as stream:
            async for event in stream:
                self._take(event)
                if isinstance(event, Retrying):
                    await self.broadcast.notify("retrying", event.reason, event.delay)
                elif isinstance(event, FellBack):
                    await self._fall_back(event)
                elif self._made > settings.MAX_REPLY_LENGTH:
                    # A provider that never ends would fill the memory; one can Continue.
                    self._finish_reason = "length"
                    break
        return Outcome(Status.COMPLETE)

    def _plan(self, job: Job, model_name: str) -> Plan:
        async def prepare() -> tuple[Route, CompletionRequest]:
            prompt = await in_database(prompts.prepare, job, model_name)
            self._tally.prompt = prompt
            return prompt.route, prompt.request

        return Plan(model_name, prepare)

    async def _fall_back(self, event: FellBack) -> None:
        """Go over to the second model, with all the patience of a first one."""
        self._second = ""
        self._be_patient()
        self._tally.fall_back(event)
        await in_database(
            generation.fall_back,
            self.message_id,
            model_name=event.model,
            metadata=self._tally.story,
            runner=self._runner_id,
        )
        text = _("%(failed)s failed: %(reason)s Asking %(model)s instead.")
        names = {"failed": event.failed_model, "reason": event.reason, "model": event.model}
        await self.broadcast.notify("fallback", text % names)

    def _take(self, event: Event) -> None:
        """Add one event of the provider to the reply. On the hot path: no I/O, no await."""
        if isinstance(event, TextDelta):
            self._note_token(event.text)
            if self._thoughts.end():
                self.broadcast.reasoned(self._thoughts.milliseconds or 0)
            self._text.append(event.text)
            self.broadcast.feed(event.text)
        elif isinstance(event, ReasoningDelta):
            self._note_token(event.text)
            self._thoughts.go_on()
            self._reasoning.append(event.text)
            self.broadcast.feed_reasoning(event.text)
        elif isinstance(event, Source | ToolCall):
            self._be_patient()
            self._begun = True
            self._unsaved = self._parts.add(event) or self._unsaved
        elif isinstance(event, Usage):
            self._tally.usage = event
        elif isinstance(event, Finish):
            self._finish_reason = event.reason
        elif isinstance(event, Retrying):
            self._quiet_since = time.monotonic() + event.delay

    def _note_token(self, text: str) -> None:
        # Only words and parts count: a provider that sends nothing but counters is silent, too.
        self._be_patient()
        self._made += len(text)
        self._unsaved = self._begun = True
        if self._first_token_at is None:
            self._first_token_at = timezone.now()

    def _be_patient(self) -> None:
        """There was a sign of life: whoever waits is patient anew."""
        self._quiet_since = time.monotonic()
        self._said_waiting = False

    def _ended_early(self) -> Outcome:
        match self._ending:
            case Ending.STOP:
                return Outcome(Status.STOPPED)
            case Ending.TIMEOUT:
                return self._failed(ProviderTimeoutError())
            case _:
                return Outcome(Status.INTERRUPTED)

    def _failed(self, error: ProviderError) -> Outcome:
        """A reply that broke off can be continued; one that never began can be tried again."""
        broke_off = isinstance(error, NetworkError | ProviderTimeoutError) and any(self._text)
        status = Status.INTERRUPTED if broke_off else Status.FAILED
        both = self._tally.fallback is not None and self._first_token_at is None
        first = {"first": self._tally.fallback} if both else {}
        return Outcome(status, error={**error.as_dict(), **first})

    async def _finish(self, job: Job, outcome: Outcome) -> None:
        """Save the end first, then tell: who asks in between finds it in the database."""
        outcome.finish_reason = self._finish_reason
        if self._thoughts.end():
            self.broadcast.reasoned(self._thoughts.milliseconds or 0)
        self._tally.settle(outcome, written=self._made if self._first_token_at else None)
        saved = await self._save_end(outcome)
        self.ended_as = outcome.status if saved else ""
        if saved and outcome.status == Status.COMPLETE:
            self.completed = job
        await self.broadcast.end(outcome.status, saved=saved)

    async def _save_end(self, outcome: Outcome) -> bool:
        """Write the final status; a database that is away for a moment costs no text.

        Nor does something about the reply that cannot be stored: it is left out.
        """
        progress = self._progress(changed=True)
        for pause in _SAVE_PAUSES:
            try:
                return await self._save(progress, outcome)
            except _NOT_STORABLE:
                logger.exception("The end of reply %s cannot be saved as it is", self.message_id)
                error = _internal_error() if outcome.error else None
                outcome = Outcome(outcome.status, error=error, metadata=self._tally.story)
            except DatabaseError:
                logger.warning("The end of reply %s is saved later", self.message_id, exc_info=True)
                await asyncio.sleep(pause)
        return await self._save(progress, outcome)

    async def _save(self, progress: Progress, outcome: Outcome) -> bool:
        return await in_database(generation.finish, progress, outcome, runner=self._runner_id)

    def _progress(self, *, changed: bool) -> Progress:
        return Progress(
            message_id=self.message_id,
            content="".join(self._text) if changed else "",
            reasoning="".join(self._reasoning) if changed else "",
            first_token_at=self._first_token_at,
            changed=changed,
            reasoning_ms=self._thoughts.milliseconds,
            parts=self._parts.as_json() if changed else [],
        )


def _internal_error() -> dict[str, Any]:
    return {
        "kind": "internal",
        "message": _("Something went wrong inside Parley while making this reply."),
        "hint": _("Try again. The administrator finds the details in the log."),
        "detail": "",
        "retryable": True,
        "retry_after": None,
    }
