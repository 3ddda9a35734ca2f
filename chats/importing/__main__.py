"""The process: gives up what it does not need, then reads standard input.

Answers in lines of JSON, none much longer than `_LINE` characters:

    {"file": key, "data": base64}            a piece of a file, before the conversation that has it
    {"conversation": {…}, "product": …}      without its messages, which follow:
    {"messages": [{…}, …]}
    {"close": true}                          the conversation is whole
    {"summary": {…}, "product": …}           instead of all these, when only asked what there is
    {"problem": code, "title": …, "values": {…}}
    {"folders": [{"path": […], …}, …], "tags": [{…}, …]}  of Parley's own, first; perhaps several
    {"left_out": {"folders": count, "tags": count}}          of these, too many
    {"at": position, "of": size}             now and then
    {"end": true, "passed_over": {…}} or {"failed": code}     the last one
"""

import json
import logging
import os
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any, Final

from chats.extraction.confinement import confine
from chats.importing.neutral import FoundConversation, FoundMessage, as_json
from chats.importing.source import Found, Problem, Source, SourceError

_LINE: Final = 1_000_000
_INTERVAL: Final = 0.5
_CPU_SECONDS: Final = 900
"""For a whole file; `source.STEP` is for a conversation."""


def main() -> None:
    """Read one file. Every fault of the file is an answer, too."""
    job = json.loads(sys.argv[1])
    confine(job["seconds"])
    # Whoever stores what is found takes their time; this process waits without using any.
    # The signal says so; where both limits are one it would be killed like one without memory.
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS + 5))
    logging.disable()
    try:
        _answer(is_summary=job["is_summary"], skip=job["skip"], most=job["max_characters"])
    except SourceError as error:
        _say({"failed": error.code})
    except MemoryError:
        _say({"failed": "memory"})
    except Exception as error:
        # What it says may quote the file, so only its kind is told.
        _say({"failed": "damaged", "cause": type(error).__name__})


def _answer(*, is_summary: bool, skip: int, most: int) -> None:
    source = Source(os.fdopen(0, "rb"), tell=None if is_summary else _tell)
    told, is_begun = 0.0, False
    for number, result in enumerate(source.read()):
        if source.surroundings is not None and not is_begun:
            is_begun = True
            for batch in source.surroundings.batches() if not is_summary else ():
                _say(batch)
            _say({"left_out": source.surroundings.left_out})
        if number >= skip:
            _tell_result(result, is_summary=is_summary, most=most)
        if time.monotonic() - told > _INTERVAL:
            told = time.monotonic()
            _say({"at": source.position, "of": source.size})
    _say({"end": True, "passed_over": source.passed_over})


def _tell_result(result: Found | Problem, *, is_summary: bool, most: int) -> None:
    if isinstance(result, Problem):
        _say({"problem": result.code, "title": result.title, "values": result.values})
        return
    conversation = result.conversation
    longest = _longest(conversation)
    if longest > most:
        values = {"length": longest, "limit": most}
        _say({"problem": "too_long", "title": conversation.title[:200], "values": values})
    elif is_summary:
        _say({"summary": _summary(conversation), "product": result.product})
    else:
        head = as_json(conversation) | {"messages": []}
        _say({"conversation": head, "product": result.product})
        for batch in _batches(conversation.messages):
            _say({"messages": batch})
        _say({"close": True})


def _longest(conversation: FoundConversation) -> int:
    texts = (len(conversation.system_prompt),)
    found = (max(len(each.content), len(each.reasoning)) for each in conversation.messages)
    return max((*texts, *found))


def _summary(conversation: FoundConversation) -> dict[str, Any]:
    models: dict[str, int] = {}
    for message in conversation.messages:
        if message.model:
            models[message.model[:200]] = models.get(message.model[:200], 0) + 1
    files = [file for message in conversation.messages for file in message.files]
    parents = {each.parent for each in conversation.messages}
    return {
        "id": conversation.id,
        "title": conversation.title[:200],
        "first": next((m.content[:200] for m in conversation.messages if m.content), ""),
        "messages": len(conversation.messages),
        "branches": sum(each.id not in parents for each in conversation.messages),
        "models": dict(sorted(models.items(), key=lambda pair: -pair[1])[:10]),
        "files": len(files),
        "missing": sum(not file.path and not file.key for file in files),
        "created_at": conversation.created_at,
        "updated_at": conversation.updated_at,
        "is_archived": conversation.is_archived,
        "notes": conversation.notes,
        "source_id": conversation.source_id,
    }


def _batches(messages: Iterable[FoundMessage]) -> Iterator[list[FoundMessage]]:
    batch: list[FoundMessage] = []
    length = 0
    for message in messages:
        size = len(message.content) + len(message.reasoning) + 2_000
        size += sum(len(text) for part in message.parts for text in part.values())
        size += len(repr(message.facts)) if message.facts else 0
        if batch and length + size > _LINE:
            yield batch
            batch, length = [], 0
        batch.append(message)
        length += size
    yield batch


def _tell(key: str, data: str) -> None:
    for at in range(0, max(len(data), 1), _LINE):
        _say({"file": key, "data": data[at : at + _LINE]})


def _say(line: dict[str, Any]) -> None:
    # In ASCII: files hold halves of characters, which have no bytes of their own.
    data = json.dumps(line, default=as_json).encode() + b"\n"
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]


if __name__ == "__main__":
    main()
