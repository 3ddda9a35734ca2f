"""What one run of a reply was made with and what it used, for the reply's row."""

from typing import Any

from chats import context
from chats.generation import Job, Outcome
from chats.picker import visible
from chats.prompts import Prompt
from providers.prices import cost_micros
from providers.types import FellBack, Usage


class Tally:
    """Kept while a reply is made, entered into its outcome at the end."""

    def __init__(self) -> None:
        self.prompt: Prompt | None = None
        """Of the model that is being asked."""
        self.usage: Usage | None = None
        """As last told by the provider."""
        self.fallback: dict[str, Any] | None = None
        """Which model failed in this run, before the one that is being asked now."""
        self._earlier: dict[str, Any] = {}
        self._paid: int | None = 0

    def go_on_from(self, job: Job) -> None:
        """A continued reply stays the one that another model stood in for, and costs more."""
        if job.message.output_tokens is not None:
            self._paid = job.message.cost_micros
        story = job.message.metadata.get("fallback")
        self._earlier = {"fallback": story} if story and job.content else {}

    def fall_back(self, event: FellBack) -> None:
        """Another model is asked; what the first one counted was not this one's."""
        self.usage = None
        self.fallback = {
            "from": event.failed_model,
            "kind": event.kind,
            "reason": event.reason,
            "detail": event.detail,
        }

    @property
    def story(self) -> dict[str, Any]:
        """What the reply's metadata say of who answered."""
        return {"fallback": self.fallback} if self.fallback else self._earlier

    def settle(self, outcome: Outcome, *, written: int | None) -> None:
        """Enter usage and metadata. `written` characters came in this run; None: no word came."""
        outcome.metadata |= self.story
        outcome.usage = self.usage
        prompt = self.prompt
        if prompt is None:
            return
        if called := visible(prompt.route.info.name):
            outcome.metadata["model_label"] = called
        for name in ("left_out", "images_left_out"):
            if count := getattr(prompt, name):
                outcome.metadata[name] = count
        if prompt.files_unread:
            outcome.metadata["files_unread"] = list(prompt.files_unread)
        if prompt.left_out:
            outcome.metadata["window"] = prompt.route.info.context_window
        counted = outcome.usage is not None
        if outcome.usage is None and written is not None:
            outcome.usage = _estimate(prompt, written)
            outcome.metadata["usage_estimated"] = True
        if outcome.usage is not None:
            outcome.metadata["context"] = _context(prompt, outcome.usage, counted=counted)
            cost = outcome.run_cost_micros = cost_micros(prompt.route.info, outcome.usage)
            if cost is not None and self._paid is not None:
                outcome.cost_micros = self._paid + cost


def _estimate(prompt: Prompt, written: int) -> Usage:
    """For a reply that ended before its provider said what it used."""
    return Usage(
        input_tokens=prompt.estimate,
        output_tokens=-(-written // context.BYTES_A_TOKEN),
    )


def _context(prompt: Prompt, usage: Usage, *, counted: bool) -> dict[str, int]:
    """What a next prompt would begin with, and how our estimate compares to the count.

    Reasoning is not sent back. Of this call alone: the row adds up all calls of the reply.
    """
    sent, estimated = usage.input_tokens, prompt.estimate
    spoken = max(usage.output_tokens - usage.reasoning_tokens, 0)
    if not context.is_credible(counted=sent, estimated=estimated):
        return {"tokens": estimated + spoken, "estimated": estimated}
    known = {"tokens": sent + spoken, "estimated": estimated}
    return known | {"counted": sent} if counted else known
