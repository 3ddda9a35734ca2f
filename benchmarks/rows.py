"""Fills a data directory: one user who is signed in, and conversations of any length."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

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
    """Arguments: a model's name and the conversations' lengths. See `fill`."""
    return fill(arguments[0], [int(length) for length in arguments[1:]])


def fill(model_name: str, lengths: Sequence[int]) -> dict[str, Any]:
    """Make the user where there is none, sign in, and add a conversation for each length.

    The session's key, and the ids of the conversations in the order of `lengths`.
    """
    user, _made = User.objects.get_or_create(username=NAME, email=f"{NAME}@example.org")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    ids = [add_conversation(user, model_name, length) for length in lengths]
    return {"session": session.session_key, "conversations": ids}


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
