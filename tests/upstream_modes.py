"""How the fake upstream answers in each mode: a sequence of steps, in time.

The modes are listed in `tests.upstream`.
"""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from tests.upstream_wire import Part, Prompt

ANSWER = "# Hello\n\nThis is **fine**: a short answer with `code` and a list.\n\n- one\n- two\n"
UNICODE_ANSWER = "Grüße, 世界! 👩‍👩‍👧 e\u0301 and “quotes”."
SEPARATORS_ANSWER = "one\u2028two\u2029three\x85four"
THOUGHTS = "First I count. Then I check. "
WORDS = ("the ", "quick ", "brown ", "fox ", "jumps ", "over ", "a ", "lazy ", "dog. ", "It ")
CODE = ("total ", "= ", "first ", "+ ", "second", "\n", "print(", "total", ")", "\n")
PROSE = """## A walk by the sea

The path begins **behind the old station** and follows the cliffs for two hours. In the morning the
light comes from the land, so that the water is darker than the sky; `bring a hat` all the same.

- Bread, cheese and *two* apples.
- Water: there is none on the way.

> It was further than it looked, and better than we had hoped.

| hour | where |
| --- | --- |
| 9:00 | station |
| 11:30 | lighthouse |

The last bus leaves at six. Whoever misses it walks back by the road, which is shorter, less lovely
and, as far as anybody remembers, quite safe; see [the timetable](https://example.org/bus).

"""
FORECAST = "It will **rain** in the morning."
PAGE = Part(
    url="https://weather.example.org/today",
    title="Today's weather",
    quote="Rain until noon, then bright spells.",
)
SEARCH = Part(
    id="call_1",
    name="web_search",
    arguments={"query": "weather today"},
    result="https://weather.example.org/today",
)
WEATHER = Part(id="call_1", name="get_weather", arguments={"city": "Zürich", "days": [1, 2]})
HUGE = 10 * 1024 * 1024
LISTED = ["ok", "echo", "fast-400@100", "reasoning", "slow", "hang", "cut-after-5", "error-429"]
MODE_LINE = re.compile(r"\A/mode (\S+)\s*(?:\n|\Z)")
TITLE_LINE = re.compile(r"^/title (.+)$", re.MULTILINE)
FIRST_MESSAGE = "First message:"
ODD_PAGES: dict[str, tuple[int, dict[str, str], str]] = {
    "html": (200, {"Content-Type": "text/html"}, "<html><body>Welcome</body></html>"),
    "redirect": (302, {"Location": "/_redirected"}, ""),
}


@dataclass(frozen=True, slots=True)
class Step:
    """`kind` is a method of the wire (text, reasoning, ...), or finish, cut, hang."""

    kind: str
    text: str = ""
    code: str = ""


def prompt_of(body: dict[str, Any]) -> Prompt:
    """What of a request decides the answer."""
    turns = body.get("messages") or body.get("input") or []
    users = [turn for turn in turns if turn.get("role") == "user"]
    content = users[-1]["content"] if users else ""
    if not isinstance(content, str):
        texts = [part for part in content if part.get("type") in ("text", "input_text")]
        content = "".join(part["text"] for part in texts)
    return Prompt(
        str(body.get("model", "")),
        content,
        streamed=bool(body.get("stream")),
        usage=bool((body.get("stream_options") or {}).get("include_usage")),
        has_stream_options="stream_options" in body,
    )


def mode_of(prompt: Prompt) -> str:
    """The model's name, unless the message's first line says otherwise.

    Of a request for a chat's title: what the first line that begins with `/title ` says.
    """
    title = TITLE_LINE.search(prompt.text)
    if title and prompt.text.startswith(FIRST_MESSAGE):
        return title[1]
    line = MODE_LINE.match(prompt.text)
    return line[1] if line and prompt.model != "echo" else prompt.model


def failure(
    mode: str, key: str, context_code: str | None
) -> tuple[int, str, str | None, int | None]:
    """Status, message, code and seconds of Retry-After of an error mode."""
    special: dict[str, tuple[int, str, str | None, int | None]] = {
        "error-429-1": (429, "Too many requests.", "rate_limit_exceeded", 1),
        "error-429-date": (429, "Too many requests.", "rate_limit_exceeded", None),
        "error-429-long": (429, "Quota used up.", "insufficient_quota", 3600),
        "error-429": (429, "Too many requests.", "rate_limit_exceeded", 7),
        "error-context": (400, "prompt is too long: 9 tokens > 8 maximum", context_code, None),
        "error-filter": (400, "Rejected by the content policy.", "content_policy_violation", None),
        "error-half": (400, "half of \ud83d", None, None),
        "error-key": (400, f"Something about the key {key} is odd.", None, None),
    }
    if mode in special:
        return special[mode]
    status = int(mode.removeprefix("error-"))
    return status, f"This is what {status} sounds like.", None, None


async def steps(  # noqa: PLR0912 - one branch a mode
    mode: str, prompt: Prompt
) -> AsyncIterator[Step]:
    """The steps of a stream; an unknown mode answers like ok."""
    name, _dash, value = mode.rpartition("-")
    if name in ("fast", "code", "prose"):
        count, rate = value.split("@")
        async for step in _paced(name, int(count), float(rate)):
            yield step
    elif name in ("cut-after", "end-after", "hang-after"):
        async for step in _paced(name, int(value), 100):
            yield step
        if name != "end-after":
            yield Step(name.removesuffix("-after"))
        return
    elif name == "slow-first":
        await asyncio.sleep(float(value))
        for step in _simple("ok", prompt):
            yield step
    elif name == "thinks":
        begun = time.monotonic()
        while time.monotonic() - begun < float(value):
            yield Step("reasoning", "Hm. ")
            await asyncio.sleep(0.1)
        for step in _simple("ok", prompt):
            yield step
            await asyncio.sleep(0.02)
    elif mode == "echo-chars":
        for character in prompt.text:
            yield Step("text", character)
            await asyncio.sleep(0.001)
    elif mode == "slow":
        async for step in _paced(mode, 10, 2):
            yield step
    elif mode in ("malformed", "huge-line") or mode.startswith("error-event"):
        for step in (Step("text", "Before "), Step("text", "this. "), _broken(mode)):
            yield step
        return
    else:
        for step in _simple(mode, prompt):
            yield step
    reasons = {"length": "length", "refuse": "refuse", "tools": "tools"}
    yield Step("finish", reasons.get(mode, "stop"))


def _simple(mode: str, prompt: Prompt) -> list[Step]:
    """Modes that say something at once."""
    if mode == "echo":
        return _pieces("text", prompt.text)
    if mode == "echo-whole":
        return [Step("text", prompt.text)]
    if mode == "echo-reasoning":
        return [*_pieces("reasoning", prompt.text), Step("text", "Done.")]
    if mode == "reasoning":
        return [*_pieces("reasoning", THOUGHTS), *_pieces("text", ANSWER)]
    if mode in ("parts", "tools", "echo-parts"):
        return _with_parts(mode, prompt)
    if mode == "empty":
        return []
    if mode.startswith("say "):
        return _pieces("text", json.loads(f'"{mode.removeprefix("say ")}"'))
    answers = {"byte-by-byte": UNICODE_ANSWER, "u2028": SEPARATORS_ANSWER}
    return _pieces("text", answers.get(mode, ANSWER))


def _with_parts(mode: str, prompt: Prompt) -> list[Step]:
    """Sources and tool calls, in the places where providers send them."""
    if mode == "tools":
        return [Step("tool", str(WEATHER))]
    if mode == "parts":
        said = _pieces("text", FORECAST)
        return [Step("tool", str(SEARCH)), *said, Step("source", str(PAGE)), Step("text", " Bye.")]
    found = []
    for number, line in enumerate(filter(None, prompt.text.split("\n"))):
        address = f"https://example.org/{number}#{line.replace(' ', '')}"
        page = Part(url=address, title=line, quote=line)
        odd = Part(url=line, title=line, quote=line)
        call = Part(id=f"c{number}", name=line, arguments={line: [line]}, result=line)
        found += [Step("source", str(page)), Step("source", str(odd)), Step("tool", str(call))]
    return [Step("text", "Done."), *found]


def _pieces(kind: str, text: str) -> list[Step]:
    return [Step(kind, text[at : at + 3]) for at in range(0, len(text), 3)]


def _broken(mode: str) -> Step:
    if mode == "huge-line":
        return Step("text", "x" * HUGE)
    if mode.startswith("error-event"):
        code = mode.removeprefix("error-event").lstrip("-")
        return Step("error_event", "The model fell over.", code)
    return Step("malformed")


def texts(name: str, count: int) -> list[str]:
    """The tokens of a paced mode."""
    if name == "prose":
        words = tuple(PROSE[at : at + 5] for at in range(0, len(PROSE), 5))
    else:
        words = CODE if name == "code" else WORDS
    tokens = [words[number % len(words)] for number in range(count)]
    if name == "code":
        tokens[0], tokens[-1] = "```python\n", "\n```\n"
    return tokens


async def _paced(name: str, count: int, rate: float) -> AsyncIterator[Step]:
    """`count` tokens, each at its own due time, so that a late one does not delay the next."""
    tokens = texts(name, count)
    begun = time.monotonic()
    for number, text in enumerate(tokens):
        wait = begun + number / rate - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        yield Step("text", text)
