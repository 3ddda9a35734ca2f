"""Fills a data directory: people who are signed in, and conversations of any length."""

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from accounts.models import User
from chats.models import Conversation, Message

NAME = "bench"
ANSWER = """Two things matter here:

1. **Measure first**, then change what is slow.
2. Keep the yardstick in the *same run*.

```python
def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
```
"""
BATCH = 1000


def main(arguments: Sequence[str]) -> object:
    """Arguments: a model's name, how many people, and the conversations' lengths. See `fill`."""
    model_name, people, *lengths = arguments
    return fill(model_name, int(people), [int(length) for length in lengths])


def fill(model_name: str, people: int, lengths: Sequence[int]) -> dict[str, str]:
    """Make the people where there are none and deal the new conversations out among them.

    The keys of the sessions of those who own them, by the conversations' ids, in order.
    """
    owners = [_person(number) for number in range(people)]
    sessions = [_sign_in(owner) for owner in owners]
    return {
        add_conversation(owners[number % people], model_name, length): sessions[number % people]
        for number, length in enumerate(lengths)
    }


def _person(number: int) -> User:
    name = f"{NAME}{number}"
    return User.objects.get_or_create(username=name, email=f"{name}@example.org")[0]


def _sign_in(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def add_conversation(owner: User, model_name: str, length: int) -> str:
    """Questions and answers by turns, in one line of descent."""
    provider, _slash, model = model_name.partition("/")
    conversation = Conversation.objects.create(
        owner=owner, title=f"{length} messages", provider=provider, model=model
    )
    begun = timezone.now() - timedelta(seconds=length)
    messages: list[Message] = []
    for number in range(length):
        asked = number % 2 == 0
        messages.append(
            Message(
                conversation=conversation,
                parent=messages[-1] if messages else None,
                role=Message.Role.USER if asked else Message.Role.ASSISTANT,
                content=f"Question {number}?" if asked else f"Answer {number}. {ANSWER}",
                provider="" if asked else provider,
                model="" if asked else model,
                created_at=begun + timedelta(seconds=number),
            )
        )
    Message.objects.bulk_create(messages, batch_size=BATCH)
    if messages:
        Conversation.objects.filter(id=conversation.id).update(current_leaf=messages[-1])
    return str(conversation.id)
