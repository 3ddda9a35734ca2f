"""Who asked for how much in a conversation, at its owner's expense.

Sums of their own and not of messages: what was paid for stays paid for when the reply is deleted,
or the account of whoever asked. Copies and imports, which nobody paid for here, are never added.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import F

from chats.models import Conversation, Message, Spending
from providers.types import Usage


@dataclass(frozen=True, slots=True)
class Spent:
    """What one person asked for; `cost_micros`, millionths of a US dollar, of `priced` replies."""

    name: str
    is_owner: bool
    replies: int
    priced: int
    input_tokens: int
    output_tokens: int
    cost_micros: int


def add_run(*, message_id: UUID, usage: Usage, cost_micros: int | None) -> None:
    """Count what making a reply, or more of one, used; a cost of None is not known.

    For whoever asked for it last, which need not be its author. Two queries, four the first time.
    """
    conversation_id, owner_id, owner, asker_id, asker = (
        Message.objects.filter(id=message_id)
        .values_list(
            "conversation_id",
            "conversation__owner_id",
            "conversation__owner__username",
            "asked_by_id",
            "asked_by__username",
        )
        .get()
    )
    row = Spending(
        conversation_id=conversation_id, person_id=asker_id or owner_id, name=asker or owner
    )
    mine = Spending.objects.filter(conversation_id=row.conversation_id, person_id=row.person_id)
    sums = {
        "replies": F("replies") + 1,
        "priced": F("priced") + int(cost_micros is not None),
        "input_tokens": F("input_tokens") + usage.input_tokens,
        "output_tokens": F("output_tokens") + usage.output_tokens,
        "cost_micros": F("cost_micros") + (cost_micros or 0),
    }
    if not mine.update(name=row.name, **sums):
        # Another process may be first.
        Spending.objects.bulk_create([row], ignore_conflicts=True)
        mine.update(**sums)


def spending_of(conversation: Conversation) -> list[Spent]:
    """Who asked for how much, the dearest first. One query."""
    rows = Spending.objects.filter(conversation=conversation).select_related("person")
    spent = [
        Spent(
            name=row.person.username if row.person else row.name,
            is_owner=row.person_id == conversation.owner_id,
            replies=row.replies,
            priced=row.priced,
            input_tokens=row.input_tokens,
            output_tokens=row.output_tokens,
            cost_micros=row.cost_micros,
        )
        for row in rows
    ]
    return sorted(spent, key=lambda each: (-each.cost_micros, -each.output_tokens, each.name))
