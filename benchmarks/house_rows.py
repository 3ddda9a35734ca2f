"""Fills a site as a big house: one person with very many chats among others with some.

Run by `benchmarks.inside`. Words are as unevenly used as in real texts, and come from a seed.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import accumulate, islice
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from benchmarks.rows import NAME, fill
from benchmarks.words import word
from chats.indexing import index_conversations
from chats.models import Conversation, Folder, Message, Tag

MODEL = "demo/demo"
LENGTH = 20
"""Messages of one conversation."""
OTHERS, THEIR_CHATS = 49, 20
WORDS, LONG = 5_000, 40
"""How many different words there are, and how many stand in a message."""
BATCH = 250


def main(arguments: Sequence[str]) -> object:
    """Argument: how many conversations the one person has. See `Filled`."""
    sessions = fill(MODEL, 1 + OTHERS, [0] * (1 + OTHERS))
    owner = User.objects.get(username=f"{NAME}0")
    rng = random.Random(f"house {arguments[0]}")
    for number in range(1, 1 + OTHERS):
        someone = User.objects.get(username=f"{NAME}{number}")
        _add(someone, THEIR_CHATS, rng)
    ids = _add(owner, int(arguments[0]), rng)
    return {"session": next(iter(sessions.values())), "conversation": str(ids[len(ids) // 2])}


def _add(owner: User, count: int, rng: random.Random) -> list[UUID]:
    """Conversations with questions and answers by turns, in folders and with tags, and indexed."""
    tags = [Tag.objects.create(owner=owner, name=f"tag{n}") for n in range(10)]
    folders = [Folder.objects.create(owner=owner, name=f"Folder {n}") for n in range(10)]
    texts = _texts(rng)
    ids: list[UUID] = []
    now = timezone.now()
    for start in range(0, count, BATCH):
        batch = []
        for number in range(start, min(start + BATCH, count)):
            moment = now - timedelta(minutes=37 * (count - number))
            batch.append(
                Conversation(
                    owner=owner,
                    title=" ".join(next(texts).split()[:6]),
                    provider="demo",
                    model="demo",
                    folder=folders[number % 20] if number % 20 < 10 else None,
                    created_at=moment,
                    updated_at=moment,
                )
            )
        Conversation.objects.bulk_create(batch)
        _add_messages(batch, texts)
        for number, tag in enumerate(tags):
            tag.conversations.add(*batch[number :: len(tags)])
        index_conversations([each.id for each in batch])
        ids += [each.id for each in batch]
    return ids


def _add_messages(conversations: Sequence[Conversation], texts: Iterator[str]) -> None:
    messages = []
    for conversation in conversations:
        last = None
        for number in range(LENGTH):
            asked = number % 2 == 0
            last = Message(
                conversation=conversation,
                parent=last,
                role=Message.Role.USER if asked else Message.Role.ASSISTANT,
                content=next(texts),
                provider="" if asked else "demo",
                model="" if asked else "demo",
                created_at=conversation.created_at + timedelta(seconds=number),
            )
            messages.append(last)
        conversation.current_leaf = last
    Message.objects.bulk_create(messages, batch_size=1000)
    Conversation.objects.bulk_update(conversations, ["current_leaf"], batch_size=BATCH)


def _texts(rng: random.Random) -> Iterator[str]:
    """Messages without end; the n-th word stands in them with a chance of one by n."""
    words = [word(n) for n in range(WORDS)]
    weights = list(accumulate(1 / (n + 1) for n in range(WORDS)))
    while True:
        drawn = iter(rng.choices(words, cum_weights=weights, k=LONG * 1000))
        while text := " ".join(islice(drawn, LONG)):
            yield f"{text}."
