"""What one message makes the site send to the provider."""

import json
from collections.abc import Iterator
from typing import Any

from benchmarks.figures import Figure
from benchmarks.processes import running_site
from benchmarks.viewers import watch

CONTENT = "Why is the sky blue? 💙"


def measure() -> Iterator[Figure]:
    """The upstream's own record after one message in a new conversation."""
    with running_site(model="openai/ok", lengths=[0]) as site:
        watch(site, CONTENT, site.conversations)
        asked = [each for each in site.upstream.requests() if each["method"] == "POST"]
    yield Figure("upstream requests for one message", len(asked), bar=1)
    body = asked[0]["body"]
    text = sum(len(_text(message).encode()) for message in body["messages"])
    yield Figure("text in the prompt over the user's", text - len(CONTENT.encode()), "bytes", bar=0)
    yield Figure("messages in the prompt", len(body["messages"]), bar=1)
    rest = len(json.dumps(body, ensure_ascii=False).encode()) - len(CONTENT.encode())
    yield Figure("protocol around it", rest, "bytes", note="model, role, stream options")


def _text(message: dict[str, Any]) -> str:
    content = message["content"]
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)
