"""What one reading of a file found: figures and codes, kept as `Transfer.report`.

`sentences` makes words of them when they are looked at, in the reader's language.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from accounts.models import User
from chats.importing import facts
from chats.importing.call import LeftOut, Problem, Summary
from chats.importing.neutral import FoundConversation
from chats.importing.store import is_uuid, origin_of, source_id_of
from chats.models import Conversation

MOST_LISTED: Final = 200
"""Problems, of which more are only counted."""
_TITLES: Final = 10
_MODELS: Final = 12
_BATCH: Final = 200


@dataclass(slots=True)
class Report:
    """Gathers what one reading of a file found."""

    user: User
    source: str = ""
    found: int = 0
    messages: int = 0
    branched: int = 0
    files: int = 0
    missing: int = 0
    known: int = 0
    """Conversations that were imported before, or are here as they are."""
    archived: int = 0
    twice: int = 0
    first: float | None = None
    last: float | None = None
    titles: list[str] = field(default_factory=list)
    models: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)
    problem_count: int = 0
    _ids: set[str] = field(default_factory=set)
    _waiting: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, summary: Summary) -> None:
        """Count one conversation."""
        about = summary.about
        self.source = self.source or summary.product
        source_id = self._source_id(summary)
        if source_id in self._ids:
            self.twice += 1
            return
        self._ids.add(source_id)
        stub = FoundConversation(id=about["id"], source_id=about["source_id"])
        self._waiting.append((source_id, about["id"], origin_of(summary.product, stub)))
        if len(self._waiting) >= _BATCH:
            self._look_up()
        self.found += 1
        self.messages += about["messages"]
        self.branched += about["branches"] > 1
        self.files += about["files"]
        self.missing += about["missing"]
        self.archived += bool(about["is_archived"])
        for moment in filter(None, (about["created_at"], about["updated_at"])):
            self.first = min(self.first or moment, moment)
            self.last = max(self.last or moment, moment)
        if len(self.titles) < _TITLES:
            self.titles.append(facts.line(about["title"] or about["first"], 200))
        for name, count in about["models"].items():
            if name in self.models or len(self.models) < 500:
                self.models[name] = self.models.get(name, 0) + count
        for code, count in about["notes"].items():
            self.notes[code] = self.notes.get(code, 0) + count

    def add_left_out(self, left: LeftOut) -> None:
        """Note what is more than one person can keep."""
        counts = {"folders_over": left.folders, "tags_over": left.tags}
        self.notes |= {code: count for code, count in counts.items() if count}

    def add_problem(self, problem: Problem) -> None:
        """Count one that is not taken."""
        self.problem_count += 1
        if len(self.problems) < MOST_LISTED:
            self.problems.append(listed(problem))

    def as_json(self, passed_over: Mapping[str, int]) -> dict[str, Any]:
        """As `Transfer.report`, before anything is imported."""
        self._look_up()
        models = sorted(self.models.items(), key=lambda pair: -pair[1])[:_MODELS]
        return {
            "found": self.found,
            "messages": self.messages,
            "branched": self.branched,
            "files": self.files,
            "missing": self.missing,
            "known": self.known,
            "archived": self.archived,
            "twice": self.twice,
            "first": self.first,
            "last": self.last,
            "titles": self.titles,
            "models": [facts.line(name, 200) for name, _count in models],
            "notes": self.notes,
            "passed_over": dict(passed_over),
            "problems": self.problems,
            "problem_count": self.problem_count,
        }

    def _source_id(self, summary: Summary) -> str:
        stub = FoundConversation(id=summary.about["id"], title=summary.about["title"])
        if not stub.id:
            return f"#{self.found}"
        return source_id_of(summary.product, stub)

    def _look_up(self) -> None:
        """How many of those that came last are here. Two queries."""
        mine = Conversation.objects.filter(owner=self.user, deleted_at=None)
        names = [
            {source_id, origin, id_ if source_id.startswith("parley:") else ""} - {""}
            for source_id, id_, origin in self._waiting
        ]
        wanted = set[str]().union(*names)
        here = set(mine.filter(source_id__in=wanted).values_list("source_id", flat=True))
        ids = {id_ for each in wanted if is_uuid(id_ := each.removeprefix("parley:"))}
        for own in mine.filter(id__in=ids).values_list("id", flat=True):
            here |= {str(own), f"parley:{own}"}
        self.known += sum(not here.isdisjoint(each) for each in names)
        self._waiting.clear()


def listed(problem: Problem) -> dict[str, Any]:
    """A problem as it is kept."""
    values = {name: value for name, value in problem.values.items() if isinstance(value, int)}
    return {"title": facts.line(problem.title, 200), "code": problem.code, "values": values}
