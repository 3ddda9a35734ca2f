"""Keeps templates for the person of a benchmark: run by `benchmarks.inside`."""

from collections.abc import Sequence

from accounts.models import User
from benchmarks.rows import NAME
from chats.models import PromptTemplate

WORDS = ("Letter", "Summary", "Übersetzung", "Code review", "Weekly report")
TEXT = "Dear {{name}}, {{notes:long}}\n" * 60


def main(arguments: Sequence[str]) -> object:
    """Arguments: how many of one's own, and how many that somebody else shares."""
    own, shared = map(int, arguments)
    mine = User.objects.get(username=f"{NAME}0")
    other = User.objects.create_user(username="sharing", email="sharing@example.org")
    PromptTemplate.objects.bulk_create(
        [_template(mine, number) for number in range(own)]
        + [_template(other, number, is_shared=True) for number in range(shared)]
    )
    return PromptTemplate.objects.count()


def _template(owner: User, number: int, *, is_shared: bool = False) -> PromptTemplate:
    name = f"{WORDS[number % len(WORDS)]} {number}"
    return PromptTemplate(owner=owner, name=name, content=TEXT, is_shared=is_shared)
