"""Somebody who uses the site as a browser does: cookies, forms and sockets, but no script.

async with Person(server.url) as ann:
    await ann.sign_up()
    reply = await ann.start_chat("Hello", model="openai/ok")
    async with ann.watch(reply) as viewer:
        await viewer.ended()
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Any, Final, Self
from uuid import uuid4

import httpx2
from websockets.asyncio.client import ClientConnection, connect

from tests.conftest import PASSWORD
from tests.markup import Element, parse
from tests.viewer import Viewer

CANARY: Final = "yaffingale"
"""Starts every person's own word. It stands in everything they write, and so in no log."""
_numbers = count(1)


@dataclass(frozen=True)
class Reply:
    """A reply that was asked for."""

    id: str
    conversation_id: str
    question_id: str = ""


class Article:
    """One message as its partial shows it."""

    def __init__(self, html: str) -> None:
        self.element = parse(html).by_tag("article")[0]
        self.status = self.element.attributes["data-status"]
        bodies = self.element.by_class("message-body")
        self.body = bodies[0].inner if bodies else ""
        self.text = bodies[0].text if bodies else ""
        self.reasoning = "".join(e.text for e in self.element.by_class("reasoning-text"))

    @property
    def footer(self) -> str:
        """What stands below the text, as words on one line."""
        return " ".join(" ".join(e.text for e in self.element.by_tag("footer")).split())

    @property
    def buttons(self) -> set[str]:
        """The words on its buttons, or their labels."""
        return {
            button.attributes.get("aria-label") or button.text.strip()
            for button in self.element.by_tag("button")
        }


class Person:
    """One browser profile. Use a second one with the same `name` for another device."""

    def __init__(self, url: str, name: str = "") -> None:
        number = next(_numbers)
        self.url = url
        self.word = f"{CANARY}{uuid4().hex[:12]}"
        self.name = name or f"person-{uuid4().hex[:12]}"
        self.password = PASSWORD
        # Limits count by address: many people must not look like one.
        self.address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        self.http = httpx2.AsyncClient(
            base_url=url,
            headers={"X-Forwarded-For": self.address, "Origin": url},
            timeout=30,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.http.aclose()

    # --- Accounts -----------------------------------------------------------------------------

    async def sign_up(self) -> Self:
        """Make an account; signed in afterwards."""
        body = {
            "username": self.name,
            "email": f"{self.name}@example.org",
            "password1": self.password,
        }
        await self._enter("/accounts/signup/", body)
        return self

    async def sign_in(self) -> Self:
        """With the name and the password."""
        await self._enter("/accounts/login/", {"login": self.name, "password": self.password})
        return self

    async def sign_out(self) -> None:
        """By the form."""
        answer = await self.submit("/accounts/logout/", {})
        assert answer.status_code == 302, answer.text

    async def change_password(self, new: str) -> None:
        """By the form; this browser stays signed in."""
        body = {"oldpassword": self.password, "password1": new}
        answer = await self.submit("/accounts/password/change/", body)
        assert answer.status_code == 302, answer.text
        self.password = new

    async def _enter(self, path: str, body: dict[str, str]) -> None:
        assert (await self.get(path)).status_code == 200
        answer = await self.submit(path, body)
        assert answer.status_code == 302, answer.text
        assert "sessionid" in self.http.cookies

    # --- Requests -----------------------------------------------------------------------------

    async def get(self, path: str, *, htmx: bool = False) -> httpx2.Response:
        """A page, or with `htmx` the part of it that a script asks for."""
        return await self.http.get(path, headers={"HX-Request": "true"} if htmx else {})

    async def submit(
        self, path: str, body: dict[str, Any], *, htmx: bool = False, files: Any = None
    ) -> httpx2.Response:
        """Send a form with the token that the browser holds."""
        headers = {"X-CSRFToken": self.http.cookies.get("csrftoken") or ""}
        if htmx:
            headers["HX-Request"] = "true"
        return await self.http.post(path, data=body, files=files, headers=headers)

    # --- Chats --------------------------------------------------------------------------------

    def own(self, text: str) -> str:
        """`text` with this person's word at its end."""
        return f"{text} {self.word}"

    async def start_chat(self, text: str, *, model: str, attachments: Sequence[str] = ()) -> Reply:
        """Send the first message."""
        body = {"content": text, "model": model, "attachment": list(attachments)}
        return reply_in(await self.submit("/c/", body, htmx=True))

    async def post(self, conversation_id: str, text: str, **fields: Any) -> Reply:
        """Send a further message."""
        path = f"/c/{conversation_id}/messages/"
        answer = await self.submit(path, {"content": text, **fields}, htmx=True)
        return reply_in(answer, conversation_id)

    async def stop(self, reply: Reply) -> None:
        """Press Stop."""
        answer = await self.submit(f"/m/{reply.id}/stop/", {}, htmx=True)
        assert answer.status_code == 204, answer.text

    async def act(self, verb: str, message_id: str, conversation_id: str, **fields: str) -> Reply:
        """Press `retry`, `regenerate`, `continue` or `edit`; the reply that is made then."""
        answer = await self.submit(f"/m/{message_id}/{verb}/", fields, htmx=True)
        return reply_in(answer, conversation_id)

    async def upload(self, name: str, data: bytes) -> str:
        """Attach a file to the composer; its id."""
        answer = await self.submit("/attachments/", {}, htmx=True, files={"file": (name, data)})
        assert answer.status_code == 200, answer.text
        inputs = parse(answer.text).all(lambda e: e.attributes.get("name") == "attachment")
        return inputs[0].attributes["value"]

    async def article(self, message_id: str) -> Article:
        """A message as polling shows it."""
        answer = await self.get(f"/m/{message_id}/", htmx=True)
        assert answer.status_code == 200, answer.text
        return Article(answer.text)

    async def ended(self, reply: Reply, *, limit: float = 30) -> Article:
        """Poll, as a page without a socket does, until the reply has ended."""
        async with asyncio.timeout(limit):
            while True:
                article = await self.article(reply.id)
                if article.status not in {"pending", "streaming"}:
                    return article
                await asyncio.sleep(0.05)

    # --- Sockets ------------------------------------------------------------------------------

    @property
    def cookie(self) -> str:
        """The header that a browser sends along."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.http.cookies.jar)

    @asynccontextmanager
    async def socket(
        self,
        conversation_id: str = "",
        *,
        origin: str | None = "",
        cookie: str | None = None,
        **options: Any,
    ) -> AsyncIterator[ClientConnection]:
        """A conversation's socket, or that of a page without one.

        `origin` and `cookie` as given; None sends no Origin.
        """
        place = f"c/{conversation_id}" if conversation_id else "user"
        headers = {"Cookie": self.cookie if cookie is None else cookie}
        async with connect(
            f"{self.url.replace('http', 'ws', 1)}/ws/{place}/",
            origin=self.url if origin == "" else origin,  # type: ignore[arg-type]
            additional_headers=headers if headers["Cookie"] else None,
            proxy=None,
            **options,
        ) as connection:
            yield connection

    @asynccontextmanager
    async def watch(self, reply: Reply) -> AsyncIterator[Viewer]:
        """Open a page that shows the reply and listens to its socket."""
        async with self.socket(reply.conversation_id) as connection:
            viewer = Viewer(connection, reply.id)
            reading = asyncio.create_task(viewer.read())
            try:
                await viewer.ask()
                yield viewer
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)


def reply_in(answer: httpx2.Response, conversation_id: str = "") -> Reply:
    """The reply that an answer of the site shows last."""
    assert answer.status_code == 200, f"{answer.status_code}: {answer.text}"
    # Not those that scripts keep in store.
    articles = parse(answer.text).all(lambda e: "data-role" in e.attributes)
    last = articles[-1].attributes
    assert last["data-role"] == "assistant"
    return Reply(
        id=last["data-message"],
        conversation_id=conversation_id or answer.headers["HX-Push-Url"].split("/")[2],
        question_id=_question(articles),
    )


def _question(articles: list[Element]) -> str:
    users = [a.attributes["data-message"] for a in articles if a.attributes["data-role"] == "user"]
    return users[-1] if users else ""
